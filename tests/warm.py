"""Python programs of this project, forked from a process that has loaded what all of them load.

Most of what `manage.py` takes to start is the reading of the same 2,000 modules, seconds of a core, and
the tests start it hundreds of times. What is loaded here reads no setting: a program still reads its own
environment, settings, models and database. How it starts cold is shown by the tests of `make run`.
"""

import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from tests.environment import ROOT

MESSAGE_BYTES = 256_000  # an order holds an environment; the kernel's own limit is no lower
# Loaded beside the project's pure modules. Left out is what starts a loop or threads when it is imported
# (daphne.server, Twisted's reactor, the ONNX runtime) and what wants the settings.
LIBRARIES = (
    "aiohttp", "asgiref.sync", "autobahn.websocket.protocol", "bs4", "celery.app.base", "celery.bin.celery",
    "celery.bin.worker", "celery.concurrency.prefork", "celery.worker", "channels.db",
    "channels.generic.websocket", "channels.layers", "channels.routing", "channels.sessions",
    "csp.middleware", "dj_database_url", "django.contrib.admin", "django.contrib.admin.options",
    "django.contrib.admin.sites", "django.contrib.admin.views.main", "django.contrib.auth.hashers",
    "django.contrib.postgres.fields", "django.contrib.sessions.middleware", "django.core.asgi",
    "django.core.cache.backends.redis", "django.core.handlers.asgi", "django.core.mail",
    "django.core.management", "django.core.management.commands.check",
    "django.core.management.commands.migrate", "django.core.management.commands.shell",
    "django.db.backends.postgresql.psycopg_any", "django.db.backends.sqlite3.base",
    "django.db.migrations.executor", "django.db.migrations.writer", "django.forms",
    "django.template.backends.django", "django.test.client", "django.views.generic", "genai_prices",
    "httpx", "httpx_aiohttp", "kombu.transport.redis", "markdown_it", "markdownify", "nh3", "numpy",
    "openpyxl", "prometheus_client", "psycopg", "psycopg_pool", "redis.asyncio", "rich",
    "routing.providers.transport", "scipy.optimize", "scipy.sparse", "sqlparse", "tqdm",
    "twisted.internet.asyncioreactor", "twisted.internet.endpoints", "twisted.web.http", "unfold",
    "uvicorn.config", "uvicorn.protocols.http.h11_impl", "uvloop", "websockets.asyncio.server",
    "whitenoise.middleware",
)  # fmt: skip


# --- the process that is forked from -------------------------------------------------------------


def load() -> None:
    """Import what every program would import, but nothing that reads the settings."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (pure,) = (contract["source_modules"] for contract in contracts if contract["type"] == "forbidden")
    for name in (*LIBRARIES, *pure):
        importlib.import_module(name)
    for name in pure:
        for module in pkgutil.walk_packages(getattr(sys.modules[name], "__path__", ()), f"{name}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # the programs would copy all this memory to count its references


def serve(orders: socket.socket) -> dict[str, Any]:
    """Fork a program for each order until nobody orders any more; return the order in each program."""
    woken, wake = socket.socketpair()
    for end in (woken, wake):
        end.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([orders, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            tell_ends(orders)
            continue
        data, streams, _, _ = socket.recv_fds(orders, MESSAGE_BYTES, 3)
        if not data:
            os._exit(0)
        if pid := os.fork():
            for stream in streams:
                os.close(stream)
            orders.send(json.dumps({"began": pid}).encode())
            continue
        leave(orders, woken, wake)
        return {**json.loads(data), "streams": streams}


def leave(*ends: socket.socket) -> None:
    """Let a program know nothing of how the process it was forked from is talked to."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for end in ends:
        end.close()


def tell_ends(orders: socket.socket) -> None:
    """Report the programs that have ended and with which code."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        orders.send(json.dumps({"ended": pid, "code": os.waitstatus_to_exitcode(status)}).encode())


def become(order: dict[str, Any]) -> None:
    """Run the ordered program in this process as Python would have, from its command line on."""
    os.setsid()
    for number, descriptor in enumerate(order["streams"]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    # The package has said so when it was loaded, in an environment that is gone.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
    time.tzset()
    at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = os.fdopen(0, "r", closefd=False)
    sys.stdout = _written(1, at_once)
    sys.stderr = _written(2, True)
    sys.argv = list(order["arguments"])
    if sys.argv[0] == "-c":
        sys.path[0] = order["cwd"]
        del sys.argv[1]
        sys.modules["__main__"] = ModuleType("__main__")
        exec(order["arguments"][1], vars(sys.modules["__main__"]))
    elif sys.argv[0] == "-m":
        sys.argv, sys.path[0] = sys.argv[1:], order["cwd"]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(order["cwd"], sys.argv[0]).parent)
        runpy.run_path(sys.argv[0], run_name="__main__")


def _written(number: int, at_once: bool) -> TextIOWrapper:
    raw = os.fdopen(number, "wb", closefd=False)
    return TextIOWrapper(raw, line_buffering=at_once, write_through=at_once)


# --- the side of the tests -----------------------------------------------------------------------


class Program:
    """A program that was forked for a test; it is asked as a `subprocess.Popen` is."""

    def __init__(self, nest: "Nest", pid: int) -> None:
        self._nest, self.pid = nest, pid

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        return self._nest.codes.get(self.pid)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its code; raises subprocess.TimeoutExpired after `timeout` seconds."""
        with self._nest.changed:
            if not self._nest.changed.wait_for(lambda: self.pid in self._nest.codes, timeout):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            return self._nest.codes[self.pid]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Nest:
    """The loaded process, and what is known of the programs that it has forked."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._order, self.changed = threading.Lock(), threading.Condition()
        self.codes: dict[int, int] = {}
        self._began: list[int] = []
        with theirs:
            command = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
            # Of its parent's environment nothing may be read before an order's own is in place.
            env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                start_new_session=True,
            )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True, name="warm").start()

    def start(
        self, arguments: Sequence[str], env: Mapping[str, str], cwd: Path, streams: Sequence[IO[Any]]
    ) -> Program:
        """Start a program with these standard streams."""
        order = {"arguments": list(arguments), "env": dict(env), "cwd": str(cwd)}
        with self._order, self.changed:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [each.fileno() for each in streams])
            began = self.changed.wait_for(lambda: self._began, 60)
            assert began, "the process that programs are forked from is gone"
            return Program(self, self._began.pop())

    def _listen(self) -> None:
        while data := self._orders.recv(4096):
            told = json.loads(data)
            with self.changed:
                if "began" in told:
                    # A number that was given out before belongs to the new one now.
                    self.codes.pop(told["began"], None)
                    self._began.append(told["began"])
                else:
                    self.codes[told["ended"]] = told["code"]
                self.changed.notify_all()


@functools.cache
def nest() -> Nest:
    """Return this test process's own; it ends when the test process does."""
    return Nest()


def run(*arguments: str, env: Mapping[str, str], cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run a program, such as `manage.py migrate`, to its end, with nothing on its standard input."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, open(os.devnull) as none:
        code = nest().start(arguments, env, cwd, (none, out, err)).wait()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())


if __name__ == "__main__":
    given = socket.socket(fileno=int(sys.argv[1]))
    load()
    become(serve(given))
