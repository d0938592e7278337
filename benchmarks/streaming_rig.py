"""The C rig: compiled where it is needed, an upstream that streams tokens, and loads run to their end."""

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.faults_sandbox import end

SOURCES = Path(__file__).with_name("rig")
FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra")
COMPILERS = ("cc", "gcc", "clang")
LISTENS_S = 5.0
LINE_S = 180.0  # between two lines of a load; the longest opens 5,000 sockets
Found = dict[str, Any]  # one line of a load; the head of rig/load.c names its modes


class NoCompiler(RuntimeError):
    """There is nothing to build the rig with."""


@dataclass(frozen=True)
class Rig:
    """The two programs."""

    upstream: Path
    load: Path


def build(folder: Path) -> Rig:
    """Compile both programs into `folder`. Raises NoCompiler, or RuntimeError with the compiler's words."""
    compiler = next((found for name in COMPILERS if (found := shutil.which(name))), None)
    if compiler is None:
        raise NoCompiler(
            "benchmarks/rig is written in C and no compiler was found (cc, gcc or clang on the PATH). "
            "On Debian: apt-get install gcc libc6-dev."
        )
    made = Rig(folder / "upstream", folder / "load")
    for program in (made.upstream, made.load):
        source = SOURCES / f"{program.name}.c"
        command = [compiler, *FLAGS, "-o", str(program), str(source)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{compiler} could not compile {source.name}:\n{done.stderr}")
    return made


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Return whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Upstream:
    """The running upstream and how it is told what to do."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def order(self, **wanted: float) -> None:
        """Set pace, first_ms, tokens or pad of the streams to come, and let it count anew."""
        self._ask("POST", "/_control?" + "&".join(f"{name}={value:g}" for name, value in wanted.items()))

    def end_all(self) -> None:
        """End the streams that run, each at its next token."""
        self._ask("POST", "/_end")

    def stats(self) -> dict[str, Any]:
        """Return what it sent since the last order, and how late."""
        return self._ask("GET", "/_stats")

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()


@contextlib.contextmanager
def running_upstream(rig: Rig, cores: Sequence[int] = ()) -> Iterator[Upstream]:
    """Run an upstream on a free port, on these cores only when some are named."""
    port = free_port()
    process = subprocess.Popen([*on_cores(cores), str(rig.upstream), f"port={port}"], start_new_session=True)
    try:
        until = time.monotonic() + LISTENS_S
        while not listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("The rig's upstream did not start.")
            time.sleep(0.02)
        yield Upstream(port, process.pid)
    finally:
        end(process)


def on_cores(cores: Sequence[int]) -> list[str]:
    """Return the words to put before a command so that it runs on these cores; none without taskset."""
    taskset = shutil.which("taskset")
    return [taskset, "--cpu-list", ",".join(map(str, cores))] if cores and taskset else []


class Load:
    """A load that stops at each phase and goes on when it is told to: `with Load(...) as load`."""

    def __init__(self, rig: Rig, cores: Sequence[int] = (), **options: object) -> None:
        words = [f"{name}={value}" for name, value in options.items()]
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._process = subprocess.Popen(
            [*on_cores(cores), str(rig.load), *words, "hold=1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)
        for file in (self._process.stdin, self._process.stdout, self._errors):
            if file is not None:
                with contextlib.suppress(BrokenPipeError):
                    file.close()

    def phase(self) -> Found:
        """Return the next line: where it has got to, and what it has found until then."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"The load ended without a word: {self._errors.read().decode()}")
        found: Found = json.loads(line)
        return found

    def go_on(self) -> None:
        """Let it go on to the next phase."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()


def run_load(rig: Rig, cores: Sequence[int] = (), **options: Any) -> Found:
    """Run a load to its end and return what it found."""
    command = [*on_cores(cores), str(rig.load), *(f"{name}={value}" for name, value in options.items())]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        out, errors = process.communicate(timeout=LINE_S)
    finally:
        end(process)
    if process.returncode or not out.strip():
        raise RuntimeError(f"The load ended with {process.returncode}: {errors}")
    found: Found = json.loads(out.strip().splitlines()[-1])
    return found
