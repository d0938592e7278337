"""Real servers for tests: each private, on a free port, in a folder of its own, ended by its pid.

A missing program is a skip on a developer's machine and a failure where REQUIRE_SERVERS is set.
"""

import atexit
import contextlib
import functools
import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

from assistant.supervisor.children import Warden
from assistant.supervisor.redis_server import NoRedisError, find_redis, redis_command
from common.env import read_data_dir
from faq.embedder import load_embedder
from tests import warm
from tests.environment import ROOT, free_port, made_once

# Generous, because it bounds a failure: nothing that works takes nearly as long, also on a busy machine.
START_TIMEOUT_S = 150.0


def missing(what: str) -> NoReturn:
    """Skip the test for want of a program, or fail it where every program must be there."""
    sentence = f"{what} is not installed on this machine."
    if os.environ.get("REQUIRE_SERVERS") or os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def wait_until(done: Callable[[], bool], process: "Server | None" = None, what: str = "the server") -> None:
    """Wait for a condition; fail with the log of `process` when it dies or never gets there."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not done():
        if process is not None and process.popen.poll() is not None:
            raise AssertionError(f"{what} ended with {process.popen.returncode}:\n{process.log()}")
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not get there:\n{process.log() if process else ''}")
        time.sleep(0.03)


def listens(port: int) -> bool:
    """Return whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def lives(pid: int) -> bool:
    """Return whether a process runs; one that has ended and was not collected yet does not."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def http_status(port: int, path: str) -> int:
    """Return the status of a GET on a loopback port, 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@dataclass
class Server:
    """A program that was started for a test; it leads its own process group."""

    popen: "subprocess.Popen[bytes] | warm.Program"
    log_file: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")[-6000:]

    def kill(self) -> None:
        """End the program and all that it started at once, as a power cut would."""
        # Also when the program itself has ended: its pool may live on in its group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()
        warden().forget(self.pid)

    def stop(self, grace_s: float = 15) -> None:
        """Ask the program to end; what is left of its group afterwards is killed."""
        if self.popen.poll() is None:
            self.popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(grace_s)
        self.kill()


@functools.cache
def warden() -> Warden:
    """Return what ends this process's servers when a test run is killed and no `finally` is reached."""
    made = Warden()
    atexit.register(made.close)
    return made


def start(
    command: Sequence[str],
    log_file: Path,
    env: Mapping[str, str] | None = None,
    user: str = "",
    cwd: Path = ROOT,
) -> Server:
    """Start a program in a session of its own, its output in `log_file`."""
    with log_file.open("ab") as log:
        popen = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=_environment(env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user or None,
        )
    warden().watch(popen.pid)
    return Server(popen, log_file)


def start_warm(arguments: Sequence[str], log_file: Path, env: Mapping[str, str] | None = None) -> Server:
    """Start what Python would run with these arguments, from a process that has its modules loaded."""
    with log_file.open("ab") as log, open(os.devnull) as none:
        program = warm.nest().start(arguments, _environment(env), ROOT, (none, log, log))
    warden().watch(program.pid)
    return Server(program, log_file)


def _environment(env: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}


# --- Redis ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def running_redis(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a private Redis and yield its URL."""
    try:
        program = find_redis()
    except NoRedisError:
        missing("redis-server")
    chosen = port or free_port()
    server = start(redis_command(program, chosen, folder), folder / "redis.log")
    try:
        wait_until(lambda: listens(chosen), server, "redis-server")
        yield f"redis://127.0.0.1:{chosen}/0"
    finally:
        server.stop()


# --- the product's own servers -------------------------------------------------------------------


def manage(*arguments: str, env: Mapping[str, str]) -> str:
    """Run a management command to its end and return what it printed."""
    done = managed(*arguments, env=env)
    assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


def managed(*arguments: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a management command to its end, whatever that is."""
    return warm.run("manage.py", *arguments, env={**os.environ, **env})


@contextlib.contextmanager
def running_sandbox(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run the sandbox provider and yield its address."""
    chosen = port or free_port()
    env = {"DATA_DIR": str(folder), "SANDBOX_PORT": str(chosen)}
    server = start_warm(["manage.py", "sandbox", "--port", str(chosen)], folder / "sandbox.log", env)
    try:
        wait_until(lambda: listens(chosen), server, "the sandbox")
        yield f"http://127.0.0.1:{chosen}"
    finally:
        server.stop()


@dataclass
class DeskServer:
    """A desk that runs for a test: its web processes and, when asked for, its Celery worker."""

    data_dir: Path
    database_url: str
    redis_url: str
    sandbox_url: str
    password: str
    env: dict[str, str]
    ports: list[int] = field(default_factory=list)
    webs: list[Server] = field(default_factory=list)
    worker: Server | None = None

    @property
    def url(self) -> str:
        """The address of the first web process, without a slash at its end."""
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    @property
    def ws_urls(self) -> list[str]:
        return [f"ws://127.0.0.1:{port}/ws/chat/" for port in self.ports]

    def manage(self, *arguments: str) -> str:
        """Run a management command on this desk's database, Redis and sandbox."""
        return manage(*arguments, env=self.env)

    def visitor_cookie(self, plan: str = "") -> str:
        """Return a Cookie header value of a new visitor."""
        arguments = ["--plan", plan] if plan else []
        return self.manage("visitor", *arguments).strip().splitlines()[-1]

    def start_web(self, index: int = 0, server: str = "daphne") -> Server:
        """Start (again) the web process `index` and wait until a visitor can ask it."""
        port = self.ports[index]
        env = {**self.env, "PORT": str(port)}
        web = start_warm(["manage.py", "serve", "--server", server], self.data_dir / f"web-{index}.log", env)
        self.webs[index : index + 1] = [web]
        wait_until(lambda: http_status(port, "/readyz") == http.client.OK, web, f"web process {index}")
        return web

    def start_worker(self) -> Server:
        """Start the Celery worker with its beat."""
        command = [
            "-m", "celery", "--app", "assistant.celery", "--quiet", "worker", "-B", "-c", "1",
            "--schedule", str(self.data_dir / "celery-schedule"), "--loglevel", "WARNING",
            "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        self.worker = start_warm(command, self.data_dir / "worker.log", self.env)
        return self.worker

    def stop(self) -> None:
        for server in [*self.webs, *([self.worker] if self.worker else [])]:
            server.stop()


PASSWORD = "a-password-for-tests"


# In one process, as most of what each of these commands takes is the start.
PREPARE = """
from django.core.management import call_command
for command in ("migrate", "seed", "accounts"):
    call_command(command)
"""


def prepare_database(env: Mapping[str, str], then: str = "") -> None:
    """Do what a desk does before its first start; `then` is done in the same process."""
    manage("shell", "-v", "0", "--no-imports", "-c", PREPARE + then, env=env)


@functools.cache
def seeded_sqlite(example: str) -> Path:
    """Return a prepared SQLite file to copy: made once a run, as it takes seconds.

    It has the sentence vectors of its phrasings, so that whatever starts on a copy need not compute them.
    """

    def make(folder: Path) -> None:
        env = {"DATA_DIR": str(folder), "DATABASE_URL": "", "ADMIN_PASSWORD": PASSWORD, "EXAMPLE": example}
        prepare_database(env, then="from faq import index; index.refresh()")
        assert not (folder / "desk.sqlite3-wal").exists(), "the last connection writes the log back"

    return made_once(f"example-{example}", make) / "desk.sqlite3"


def lend_graph(data_dir: Path) -> None:
    """Put the embedder's graph where a desk would write it itself, in a second, at its very first start."""
    load_embedder()  # writes it for this process
    own, lent = read_data_dir(os.environ) / "embedder", data_dir / "embedder"
    if not lent.exists():
        shutil.copytree(own, lent, copy_function=os.link)


@contextlib.contextmanager
def running_desk(
    data_dir: Path, sandbox_url: str = "", database_url: str = "", webs: int = 1,
    worker: bool = False, env: Mapping[str, str] | None = None, server: str = "daphne",
    prepare: Callable[[DeskServer], None] | None = None,
) -> Iterator[DeskServer]:  # fmt: skip
    """Run a desk with its own Redis and yield it; `prepare` fills its database, else it is seeded.

    Without `sandbox_url` nothing listens on its sandbox port. `server` may name one for each web process.
    """
    kinds = server.split()
    data_dir.mkdir(parents=True, exist_ok=True)
    with running_redis(data_dir) as redis_url:
        desk = _planned_desk(data_dir, redis_url, sandbox_url, database_url, webs, env or {})
        (prepare or _seed)(desk)
        try:
            for index in range(webs):
                desk.start_web(index, kinds[index % len(kinds)])
            if worker:
                desk.start_worker()
            yield desk
        finally:
            desk.stop()


def _planned_desk(
    data_dir: Path, redis_url: str, sandbox_url: str, database_url: str, webs: int, env: Mapping[str, str]
) -> DeskServer:
    ports = [free_port() for _ in range(webs)]
    origins = " ".join(f"http://{host}:{port}" for port in ports for host in ("127.0.0.1", "localhost"))
    full = {
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SANDBOX_PORT": sandbox_url.rsplit(":", 1)[-1] if sandbox_url else str(free_port()),
        "PORT": str(ports[0]),
        "ORIGINS": origins,
        "ADMIN_PASSWORD": PASSWORD,
        **env,
    }
    return DeskServer(data_dir, database_url, redis_url, sandbox_url, PASSWORD, full, ports)


def _seed(desk: DeskServer) -> None:
    if "EMBEDDER_DIR" not in desk.env:  # else the test is about how a desk comes by its graph
        lend_graph(desk.data_dir)
    example = desk.env.get("EXAMPLE", "1")
    if desk.database_url:
        seed_postgres(desk.database_url, example)
    else:
        shutil.copy(seeded_sqlite(example), desk.data_dir / "desk.sqlite3")


def seed_postgres(url: str, example: str = "1") -> None:
    """Put a prepared database in the place of an empty one.

    The first of a run is prepared, which takes twelve seconds of a core; the first of another server is its
    dump, and every other one a copy on its own server.
    """
    from tests import postgres  # which needs this module

    def make(folder: Path) -> None:
        seed = postgres.new_database(url, f"{name}_prepared")
        env = {"DATA_DIR": str(seeded_sqlite(example).parent), "DATABASE_URL": seed}
        prepare_database(
            {**env, "ADMIN_PASSWORD": PASSWORD, "EXAMPLE": example},
            then="from faq import index; index.refresh()",
        )
        postgres.dump_database(seed, folder / "dump")

    name = f"seed_{example}"
    if not postgres.has_database(url, name):
        dump = made_once(f"postgres-{example}", make) / "dump"
        postgres.load_database(postgres.new_database(url, f"{name}_unfinished"), dump)
        postgres.rename_database(url, f"{name}_unfinished", name)
    postgres.replace_database(url, name)
