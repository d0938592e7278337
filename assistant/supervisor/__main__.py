"""`make run`: start all that a desk needs, keep it running, end it with one Ctrl-C.

No Django here: the supervisor must be able to say what is wrong when nothing else can start.
"""

import asyncio
import http.client
import json
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import Any

from assistant.supervisor.children import Child, Part, Warden
from assistant.supervisor.folder import Folder, FolderTakenError
from assistant.supervisor.parts import Plan, loopback_of, preparations, redis_part, sandbox_wanted, servers
from assistant.supervisor.redis_server import NoRedisError, find_redis
from common.env import Env, EnvError, process_environment, read_data_dir, read_env

STARTS_BEFORE_READY = 5  # a program that dies this often before the desk was ever ready will not stay up
READY_POLL_S = 0.25
SLOWEST_POLL_S = 3.0  # a desk that lacks a provider may wait for hours, and each question stands in its log
SLOW_AFTER_S = 30.0  # ready is expected within ten; from here on say what is missing


class CannotStartError(RuntimeError):
    """The desk cannot start; the message says why in one sentence."""


def say(name: str, line: str) -> None:
    """Print one line of the merged log; empty ones only take room."""
    if not line.strip():
        return
    try:
        print(f"{name:<8} | {line}" if name else line, flush=True)
    except BrokenPipeError:
        # Who read the log is gone; the desk goes on without one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Return whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def require_port(host: str, port: int, variable: str) -> None:
    """Raise CannotStartError when `port` cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStartError(
                f"Port {port} on {host} cannot be used ({os.strerror(error.errno or 0).lower()}): "
                f"stop what holds it, or run {variable}={port + 1 if port < 65535 else 8000} make run."
            ) from error


def require_two_ports(env: Env) -> None:
    """Raise CannotStartError when the desk and the sandbox it needs are to share a port."""
    if sandbox_wanted(env) and env.port == env.sandbox_port:
        raise CannotStartError(
            f"PORT and SANDBOX_PORT are both {env.port}, and the sandbox needs a port of its own: "
            "give one of them another number."
        )


def make_plan(folder: Folder, base: dict[str, str]) -> Plan:
    """Read the environment and check what the machine has; raise in plain words when it lacks something."""
    defaults = {"DEBUG": "1", "SECRET_KEY": folder.secret_key()}
    env: Env = read_env(base, defaults=defaults)
    require_two_ports(env)
    program = "" if env.redis_url else find_redis()
    plan = Plan(env=env, base=base, redis_program=program, redis_port=free_port() if program else 0)
    require_port(env.host, env.port, "PORT")
    if plan.sandbox_wanted:
        require_port("127.0.0.1", env.sandbox_port, "SANDBOX_PORT")
    return plan


def ask_ready(plan: Plan) -> str | None:
    """Return None when a visitor can ask, else what `/readyz` or the connection says."""
    if plan.sandbox_wanted and not listens(plan.env.sandbox_port):
        return "the sandbox does not listen yet"
    host = plan.env.allowed_hosts[0].lstrip(".") if plan.env.allowed_hosts else plan.env.host
    connection = http.client.HTTPConnection(loopback_of(plan.env.host), plan.env.port, timeout=3)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace").strip()
        return None if answer.status == http.client.OK else missing_in(answer.status, body)
    except (OSError, http.client.HTTPException) as error:
        return f"no answer yet ({error})"
    finally:
        connection.close()


def missing_in(status: int, body: str) -> str:
    """Return in words what `/readyz` found wrong; what it said as it is where that is no answer of ours."""
    try:
        checks: dict[str, dict[str, Any]] = json.loads(body)["checks"]
        red = [
            f"{name}: {check.get('detail', 'not well')}" for name, check in checks.items() if not check["ok"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{status} {body}"
    return "; ".join(red) + " (make doctor says what mends it)"


class Desk:
    """One run: its programs, and whether they are still wanted."""

    def __init__(self, plan: Plan, password: str, warden: Warden) -> None:
        self.plan = plan
        self.password = password
        self.failure = ""
        self._warden = warden
        self._children: list[Child] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._over = asyncio.Event()

    def interrupt(self) -> None:
        """Begin to stop; asked a second time, stop at once."""
        if self._over.is_set():
            for child in self._children:
                child.kill()
        self._over.set()

    def _fail(self, sentence: str) -> None:
        self.failure = self.failure or sentence
        self._over.set()

    def _child(self, part: Part) -> Child:
        child = Child(part, self._warden, say)
        self._children.append(child)
        return child

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._look_at_end)
        self._tasks.append(task)
        return task

    def _look_at_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._fail(f"The desk cannot go on: {error!r}.")

    async def run(self) -> None:
        """Run the desk until it is interrupted or cannot go on."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.interrupt)
        if self.plan.redis_program:
            self._start(self._child(redis_part(self.plan)).keep())
        story = self._start(self._story())
        await self._over.wait()
        story.cancel()
        await self._stop()

    async def _story(self) -> None:
        for part in preparations(self.plan, self.password):
            code = await self._child(part).run_once()
            if code != 0:
                self._fail(f"The step '{part.name}' failed (exit {code}); its lines above say why.")
                return
        for part in servers(self.plan):
            self._start(self._child(part).keep())
        await self._wait_until_ready()
        self._greet()

    async def _wait_until_ready(self) -> None:
        clock = asyncio.get_running_loop().time
        begun, told, pause = clock(), SLOW_AFTER_S, READY_POLL_S
        while missing := await asyncio.to_thread(ask_ready, self.plan):
            for child in self._children:
                if child.starts >= STARTS_BEFORE_READY:
                    self._fail(f"{child.part.name} does not stay up; its lines above say why.")
            if clock() - begun >= told:
                say("desk", f"not ready after {told:.0f} s: {missing}")
                self._tell_staff()  # who has to mend it must be able to sign in
                told *= 4
            await asyncio.sleep(pause)
            pause = min(pause * 1.1, SLOWEST_POLL_S)

    def _greet(self) -> None:
        if self.plan.sandbox_wanted:
            say("", "No provider key is set: the built-in sandbox plays the models.")
        say("", f"ready: {self.plan.url}")
        self._tell_staff()

    def _tell_staff(self) -> None:
        say("", f"staff: {self.plan.url}admin/  accounts: admin, support, manager")
        if self.plan.env.debug:
            say("", f"password: {self.password}")
        else:  # logs are kept, and read by more people than may sign in
            given = (
                "ADMIN_PASSWORD"
                if self.plan.env.admin_password
                else f"in {self.plan.env.data_dir}/admin-password"
            )
            say("", f"first password of new accounts: {given}")

    async def _stop(self) -> None:
        say("desk", "stopping")
        # Web and worker first: they finish what they are doing with Redis and the sandbox still there.
        last = {"redis", "sandbox"}
        await asyncio.gather(*(child.stop() for child in self._children if child.part.name not in last))
        await asyncio.gather(*(child.stop() for child in self._children if child.part.name in last))
        # One that was being started just now ends by itself; the warden sees to it if it does not.
        _, late = await asyncio.wait(self._tasks, timeout=2)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def run_desk(plan: Plan, password: str, warden: Warden) -> str:
    """Run one desk to its end; return why it could not go on, or nothing."""
    desk = Desk(plan, password, warden)
    await desk.run()
    return desk.failure


def main() -> int:
    base = process_environment()
    folder = Folder(read_data_dir(base))
    try:
        folder.take()
        plan = make_plan(folder, base)
    except (FolderTakenError, NoRedisError, CannotStartError, EnvError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    password = plan.env.admin_password or folder.admin_password()
    folder.write_run(plan.ports, plan.urls, plan.shared)
    warden = Warden()
    try:
        failure = asyncio.run(run_desk(plan, password, warden))
    finally:
        warden.close()
        folder.release()
    if failure:
        print(failure, file=sys.stderr)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
