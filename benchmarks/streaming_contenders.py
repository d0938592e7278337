"""The servers that are measured, each started alone, on a free port, and ended by its pid."""

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.supervisor.children import Warden
from assistant.supervisor.redis_server import find_redis, redis_command
from benchmarks.faults_sandbox import ROOT, end
from benchmarks.streaming_rig import Upstream, free_port, listens, on_cores

RAW, RAW_UVLOOP, NAIVE = "raw", "raw-uvloop", "naive"
DAPHNE, UVICORN = "desk-daphne", "desk-uvicorn"
ALL = (RAW, RAW_UVLOOP, NAIVE, DAPHNE, UVICORN)
START_S = 90.0
# Long enough for the matcher and the rules to have work, and a question for a model, not for the FAQ.
QUESTION = "Compare Pro and Studio for 3 locations, 12 staff and SMS; what if we downgrade mid-month?"
VISITORS = 1000  # different cookies, used in turn

PREPARE = """
from django.core.management import call_command
for command in ("migrate", "seed", "accounts"):
    call_command(command, verbosity=0)
call_command("setup_models", "--preset", "one", "--heavy", "rig-1", "--price-in", "0.000001",
    "--price-out", "0.000001", "--window", "65536", "--yes")
from faq import index
index.refresh()
"""
COOKIES = """
from django.conf import settings
from assistant.visitors import issue_cookie, new_visitor
with open({file!r}, "w", encoding="utf-8") as file:
    for _ in range({many}):
        print(settings.VISITOR_COOKIE + "=" + issue_cookie(new_visitor().id), file=file)
"""


@dataclass(frozen=True)
class Target:
    """A running contender."""

    name: str
    ports: list[int]
    pids: list[int]
    origin: str
    cookies: Path | None

    def options(self) -> dict[str, object]:
        """Return what a load needs to know of it."""
        return {
            "port": ",".join(map(str, self.ports)), "pids": ",".join(map(str, self.pids)), "text": QUESTION,
            "origin": self.origin, "cookies": self.cookies or "",
        }  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """A prepared folder of this product: copied for each start, so that each begins with the same rows."""

    folder: Path
    env: dict[str, str]
    cookies: Path
    warden: Warden


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would lead a desk to a real service."""
    wiring = {"DATABASE_URL", "REDIS_URL", "SANDBOX", "ORIGINS", "ALLOWED_HOSTS", "EMAIL_URL", "HTTPS"}
    return {
        name: "" if name in wiring or name.startswith("PROVIDER_") or name.endswith(("_API_KEY", "_BASE_URL"))
        else value
        for name, value in os.environ.items()
    }  # fmt: skip


def manage(env: Mapping[str, str], script: str, log: Path, warden: Warden) -> None:
    """Run a script in the product's shell to its end."""
    command = [sys.executable, "manage.py", "shell", "-v", "0", "--no-imports", "-c", script]
    with _program(command, log, env, warden) as process:
        if process.wait():
            raise RuntimeError(f"The desk could not be prepared:\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def prepared_desk(folder: Path, upstream: Upstream, database_url: str = "") -> Iterator[Desk]:
    """Run a private Redis and yield a seeded desk whose one model is the rig's upstream."""
    data, redis_port = folder / "seeded", free_port()
    data.mkdir()
    env = {
        **clean_environment(),
        "DJANGO_SETTINGS_MODULE": "assistant.settings", "DEBUG": "0", "HTTPS": "0", "RATE_LIMITS": "off",
        "SECRET_KEY": "of-a-benchmark-and-long-enough-to-be-taken", "HOST": "127.0.0.1",
        "ORIGINS": "http://127.0.0.1:9", "DATA_DIR": str(data), "DATABASE_URL": database_url,
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "LOG_LEVEL": "WARNING",
        "ADMIN_PASSWORD": "of-a-benchmark-1", "SANDBOX_PORT": str(free_port()), "PYTHONUNBUFFERED": "1",
        "PROVIDER_RIG_WIRE": "openai", "PROVIDER_RIG_BASE_URL": upstream.url, "PROVIDER_RIG_KEY": "rig",
        "PROVIDER_RIG_MODELS": "rig-1",
    }  # fmt: skip
    warden = Warden()
    redis = redis_command(find_redis(), redis_port, folder)
    try:
        with _program(list(redis), folder / "redis.log", env, warden):
            _wait_for(redis_port, folder / "redis.log")
            cookies = folder / "cookies"
            script = PREPARE + COOKIES.format(many=VISITORS, file=str(cookies))
            manage(env, script, folder / "prepare.log", warden)
            yield Desk(data, env, cookies, warden)
    finally:
        warden.close()


@contextlib.contextmanager
def running(
    name: str, desk: Desk, upstream: Upstream, cores: Sequence[int] = (), processes: int = 1
) -> Iterator[Target]:
    """Run one contender, on these cores only when some are named, and yield where it is."""
    with contextlib.ExitStack() as stack:
        data = desk.folder.with_name(f"{name}-{time.monotonic_ns()}")
        shutil.copytree(desk.folder, data)
        stack.callback(shutil.rmtree, data, ignore_errors=True)
        ports = [free_port() for _ in range(processes)]
        origin = f"http://127.0.0.1:{ports[0]}"
        env = {**desk.env, "DATA_DIR": str(data), "ORIGINS": origin, "UPSTREAM": upstream.url}
        pids = []
        for port in ports:
            log = data / f"web-{port}.log"
            command = [*on_cores(cores), *_command(name, port, upstream)]
            process = stack.enter_context(_program(command, log, {**env, "PORT": str(port)}, desk.warden))
            _wait_for(port, log, process, ready=name in (DAPHNE, UVICORN))
            pids.append(process.pid)
        yield Target(name, ports, pids, origin, desk.cookies)


def _command(name: str, port: int, upstream: Upstream) -> list[str]:
    if name in (DAPHNE, UVICORN):
        return [sys.executable, "manage.py", "serve", "--server", name.removeprefix("desk-")]
    if name == NAIVE:
        application = "benchmarks.streaming_naive:application"
        return [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), application]
    raw = [sys.executable, "-m", "benchmarks.streaming_raw", "--port", str(port)]
    return [*raw, "--upstream", str(upstream.port), *(["--uvloop"] if name == RAW_UVLOOP else [])]


@contextlib.contextmanager
def _program(
    command: list[str], log: Path, env: Mapping[str, str], warden: Warden
) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    warden.watch(process.pid)
    try:
        yield process
    finally:
        end(process)
        warden.forget(process.pid)


def _wait_for(
    port: int, log: Path, process: "subprocess.Popen[bytes] | None" = None, ready: bool = False
) -> None:
    until = time.monotonic() + START_S
    while not (_is_ready(port) if ready else listens(port)):
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > until:
            raise RuntimeError(f"{log.name}: did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz?of=process")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
