"""A desk of real processes, each of which can be killed, paused, asked to end and started again.

Two web processes on one database, one of them Daphne and one uvicorn; a Celery worker with beat, Redis,
the sandbox; a fault proxy in front of each web process and, with PostgreSQL, in front of the database.
"""

import asyncio
import contextlib
import math
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings

from assistant.supervisor.redis_server import find_redis, redis_command
from assistant.visitors import issue_cookie
from common.redis import RedisGone, sync_client
from tests import servers
from tests.control import Control
from tests.environment import free_port
from tests.faults.page import Door
from tests.faults.plan import Backend
from tests.faults.polling import until
from tests.faults.proxy import FaultProxy
from tests.postgres import Cluster, new_database
from tests.servers import (
    Server,
    http_status,
    listens,
    manage,
    running_sandbox,
    seed_postgres,
    seeded_sqlite,
)

SERVERS = ("daphne", "uvicorn")
RESTART_AFTER_S = 0.2
STOP_GRACE_S = 20.0  # a web process drains for up to 10 s
# Money is not what is tried here, and an attempt that hangs must be over long before a reply has to be.
PREPARE = """
from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from routing.models import Route
from routing.publishing import publish
AssistantSettings.objects.update(daily_cost_cap_usd=100000)
Route.objects.update(daily_budget_usd=None, monthly_budget_usd=None, first_text_s=3, stall_s=3)
publish(by="faults", settings=as_snapshot(AssistantSettings.objects.get()))
"""


@dataclass
class Program:
    """One process of the desk, kept running while it is `wanted`."""

    name: str
    command: list[str]
    env: dict[str, str]
    log_file: Path
    ready: Callable[[], bool]
    server: Server | None = None
    wanted: bool = True
    starts: int = 0
    up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int:
        return self.server.pid if self.server else 0

    @property
    def alive(self) -> bool:
        return self.server is not None and self.server.popen.poll() is None

    async def keep(self) -> None:
        """Start the process, and start it again whenever it has ended, until it is not wanted."""
        while self.wanted:
            program, *arguments = self.command
            if program == sys.executable:  # a second of a core instead of four
                self.server = servers.start_warm(arguments, self.log_file, self.env)
            else:
                self.server = servers.start(self.command, self.log_file, self.env)
            self.starts += 1
            await self._served()
            await until(lambda: not self.alive, math.inf, 0.02)
            self.up.clear()
            self.server.kill()  # what it has left of its group
            await asyncio.sleep(RESTART_AFTER_S)

    async def _served(self) -> None:
        while self.alive:
            if await asyncio.to_thread(self.ready):
                self.up.set()
                return
            await asyncio.sleep(0.05)

    def send(self, number: signal.Signals) -> bool:
        """Send a signal to the process; False when there is none."""
        if not self.alive:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return True

    def kill(self) -> bool:
        """End the process and its group as a power cut would; False when there is none."""
        if not self.alive:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.up.clear()
        return True

    def end(self) -> None:
        """Ask the process to end and see that it does."""
        self.wanted = False
        if self.server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGCONT)
            self.server.stop(STOP_GRACE_S)

    def memory_kib(self) -> int:
        """Return the resident memory of the process in KiB, 0 when there is none."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0


@dataclass
class Rig:
    """A running desk with everything that can be done to it."""

    backend: Backend
    data_dir: Path
    database_url: str  # past the proxy, "" is the SQLite file
    redis_url: str
    control: Control
    webs: list[Program]
    worker: Program
    redis: Program
    proxies: list[FaultProxy]
    doors: list[Door]
    cluster: Cluster | None = None
    database: FaultProxy | None = None
    restarting: asyncio.Lock = field(default_factory=asyncio.Lock)  # the database, one restart at a time

    @property
    def processes(self) -> list[Program]:
        return [self.redis, *self.webs, self.worker]

    async def whole(self, seconds: float = 120.0) -> None:
        """Wait until every process is up again. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            for program in self.processes:
                await program.up.wait()

    async def heal(self) -> None:
        """Take back every fault that lasts: nothing is paused, slow, full or refused any more."""
        for program in self.processes:
            program.send(signal.SIGCONT)
        for proxy in [*self.proxies, *([self.database] if self.database else [])]:
            proxy.heal()
            await proxy.listen()
        await asyncio.to_thread(self.redis_does, "CONFIG", "SET", "maxmemory", "0")
        await asyncio.to_thread(self.control.clear)

    def redis_does(self, *command: str) -> bool:
        """Send a command to Redis; False when it is away."""
        client = sync_client(self.redis_url)
        try:
            client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis types its named commands only
        except (RedisGone, OSError):
            return False
        finally:
            client.close()
        return True

    def lock_sqlite(self, seconds: float) -> None:
        """Hold SQLite's one write lock, as a long import would."""
        with closing(
            sqlite3.connect(self.data_dir / "desk.sqlite3", timeout=10, isolation_level=None)
        ) as one:
            one.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            one.execute("ROLLBACK")

    def logs(self) -> dict[str, str]:
        """Return what each process said last."""
        files = [program.log_file for program in self.processes]
        return {path.name: path.read_text(errors="replace")[-4000:] for path in files if path.exists()}


def new_visitor() -> tuple[str, str]:
    """Return a new visitor's id and Cookie header; the desk under test shares our key."""
    visitor = uuid4()
    return str(visitor), f"{settings.VISITOR_COOKIE}={issue_cookie(visitor)}"


@asynccontextmanager
async def running_rig(folder: Path, backend: Backend, kinds: tuple[str, ...] = SERVERS) -> AsyncIterator[Rig]:
    """Run a desk with one web process of each kind and yield it when all of it is up."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs yet
    async with AsyncExitStack() as stack:
        sandbox = await asyncio.to_thread(stack.enter_context, running_sandbox(folder))
        cluster = await asyncio.to_thread(Cluster, folder) if backend == "postgres" else None
        database_url, database = "", None
        if cluster is not None:
            stack.callback(cluster.stop)
            await asyncio.to_thread(cluster.start)
            database_url = new_database(cluster.url, "desk")
            database = await stack.enter_async_context(FaultProxy(urlsplit(database_url).port or 0))
        env = _environment(folder, database_url, sandbox)
        await asyncio.to_thread(_prepare, folder, env)
        rig = await _assembled(folder, backend, env, kinds, stack, database)
        rig.cluster, rig.database_url, rig.control = cluster, database_url, Control(sandbox)
        keepers = [asyncio.create_task(program.keep()) for program in rig.processes]
        try:
            await rig.whole()
            yield rig
        finally:
            await rig.heal()
            for program in reversed(rig.processes):
                program.wanted = False
            await asyncio.gather(*(asyncio.to_thread(program.end) for program in rig.webs))
            for program in (rig.worker, rig.redis):
                await asyncio.to_thread(program.end)
            await asyncio.gather(*keepers)


def _environment(folder: Path, database_url: str, sandbox: str) -> dict[str, str]:
    return {
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "SANDBOX_PORT": sandbox.rsplit(":", 1)[-1],
        "ADMIN_PASSWORD": servers.PASSWORD,
        "RATE_LIMITS": "off",
        "EXAMPLE": "1",
    }


def _prepare(folder: Path, env: dict[str, str]) -> None:
    servers.lend_graph(folder)
    if env["DATABASE_URL"]:
        seed_postgres(env["DATABASE_URL"])
    else:
        shutil.copy(seeded_sqlite("1"), folder / "desk.sqlite3")
    manage("shell", "-v", "0", "--no-imports", "-c", PREPARE, env=env)


async def _assembled(
    folder: Path, backend: Backend, env: dict[str, str], kinds: tuple[str, ...], stack: AsyncExitStack,
    database: FaultProxy | None,
) -> Rig:  # fmt: skip
    """Return the desk with nothing started but its proxies."""
    ports = [free_port() for _ in kinds]
    full = {**env, "ORIGINS": " ".join(f"http://127.0.0.1:{port}" for port in ports)}
    if database is not None:
        full["DATABASE_URL"] = f"postgresql://desk@127.0.0.1:{database.port}/desk"
    webs = [
        _web(folder, full, kind, port, at) for at, (kind, port) in enumerate(zip(kinds, ports, strict=True))
    ]
    proxies = [await stack.enter_async_context(FaultProxy(port)) for port in ports]
    return Rig(
        backend, folder, "", env["REDIS_URL"], Control("http://127.0.0.1:1"), webs, _worker(folder, full),
        _redis(folder, env["REDIS_URL"]), proxies,
        [Door(proxy.port, f"http://127.0.0.1:{port}") for proxy, port in zip(proxies, ports, strict=True)],
        database=database,
    )  # fmt: skip


def _web(folder: Path, env: dict[str, str], kind: str, port: int, at: int) -> Program:
    command = [sys.executable, "manage.py", "serve", "--server", kind]
    own = {**env, "PORT": str(port)}
    ready = lambda: http_status(port, "/healthz") == 200  # noqa: E731
    return Program(f"web-{at}", command, own, folder / f"web-{at}.log", ready)


def _worker(folder: Path, env: dict[str, str]) -> Program:
    command = [
        sys.executable, "-m", "celery", "--app", "assistant.celery", "--quiet", "worker", "-B", "-c", "1",
        "--schedule", str(folder / "celery-schedule"), "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    return Program("worker", command, env, folder / "worker.log", lambda: True)


def _redis(folder: Path, url: str) -> Program:
    port = urlsplit(url).port or 0
    command = list(redis_command(find_redis(), port, folder))
    return Program("redis", command, {}, folder / "redis.log", lambda: listens(port))
