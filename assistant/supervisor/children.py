"""Child processes that are kept running: started, read line by line, restarted with back-off, ended."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Say = Callable[[str, str], None]

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 15.0  # a part that cannot start must not fill the log, and must be back soon once it can
STEADY_S = 30.0  # who lived this long has not failed to start
LONGEST_LINE = 64 * 1024
LAST_WORDS_S = (
    1.0  # what a dead program wrote is in its pipe already; longer only waits for who else holds it
)


@dataclass(frozen=True)
class Part:
    """One program of the desk: its name in the log, how it is started, how long it may take to end."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    grace_s: float = 5.0


def next_delay(previous: float, lived_s: float) -> float:
    """Return seconds to wait before the next start: doubled with each early death, up to a bound."""
    if lived_s >= STEADY_S or previous == 0:
        return FIRST_DELAY_S
    return min(previous * 2, LONGEST_DELAY_S)


class Warden:
    """The process that ends the others when this one can no longer do it."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("warden.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _write(self, line: str) -> None:
        if self._process.stdin and self._process.poll() is None:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()

    def watch(self, pid: int) -> None:
        """End the group of `pid` when this process is gone."""
        self._write(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        """Leave the group of `pid` alone: it has ended."""
        self._write(f"-{pid}\n")

    def close(self) -> None:
        """Let the warden go and wait for it."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()


@dataclass(frozen=True)
class Output:
    """The pipe that a program writes its lines into.

    Not asyncio's own: with that, `Process.wait` also waits for everybody who inherited the pipe, so a
    dead worker whose pool still lives would count as running.
    """

    reader: asyncio.StreamReader
    write_end: int
    _transport: asyncio.ReadTransport

    @classmethod
    async def open(cls) -> "Output":
        """Open a pipe; who starts the program closes `write_end` on this side."""
        read_end, write_end = os.pipe()
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", buffering=0)
        )
        return cls(reader, write_end, transport)

    def close(self) -> None:
        """Stop reading; what was read so far still comes out of `reader`, then its end."""
        self._transport.close()


class Child:
    """One part, and the process that plays it at the moment."""

    def __init__(self, part: Part, warden: Warden, say: Say) -> None:
        self.part = part
        self.starts = 0
        self.process: asyncio.subprocess.Process | None = None
        self._warden = warden
        self._say = say
        self._unwanted = asyncio.Event()
        self._group = 0  # the living process group, 0 once it was ended: its number may then be anybody's

    async def run_once(self) -> int:
        """Start the program, hand on what it says, and return its exit code; its group ends with it."""
        output = await Output.open()
        try:
            process = await asyncio.create_subprocess_exec(
                *self.part.command,
                cwd=self.part.cwd,
                env=dict(self.part.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.write_end,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except BaseException:
            output.close()
            raise
        finally:
            os.close(output.write_end)
        self.starts += 1
        self.process = process
        self._group = process.pid
        self._warden.watch(process.pid)
        if self._unwanted.is_set():  # asked to stop while the program was being started
            process.terminate()
        reading = asyncio.create_task(self._read(output.reader))
        try:
            code = await process.wait()
            self._end_group()
            # Something that left the group may hold the output open for as long as it likes.
            await asyncio.wait({reading}, timeout=LAST_WORDS_S)
        finally:
            output.close()
        await reading
        self._warden.forget(process.pid)
        return code

    async def keep(self) -> None:
        """Run the program again and again until `stop`."""
        delay = 0.0
        while True:
            started = time.monotonic()
            code = await self.run_once()
            if self._unwanted.is_set():
                return
            delay = next_delay(delay, time.monotonic() - started)
            end = f"{self.part.name} ended ({describe_exit(code)})"
            self._say("desk", f"{end}; it starts again in {delay:g} s.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._unwanted.wait(), delay)
                return

    async def stop(self) -> None:
        """Ask the program to end, and make it end when its grace is over."""
        self._unwanted.set()
        process = self.process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.part.grace_s)
        except TimeoutError:
            self._say("desk", f"{self.part.name} did not end within {self.part.grace_s:g} s and was killed.")
            self._end_group()
            await process.wait()
        self._end_group()

    def kill(self) -> None:
        """End the program and all that it started, now."""
        self._unwanted.set()
        self._end_group()

    def _end_group(self) -> None:
        # The program leads its own group; what it leaves behind (a worker's pool) goes with it.
        group, self._group = self._group, 0
        if group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)

    async def _read(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        begun = (
            False  # the line that comes next has been said in part, and its end may be all that is missing
        )
        while chunk := await stream.read(LONGEST_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line or not begun:
                    self._say(self.part.name, line.decode(errors="replace").rstrip("\r"))
                begun = False
            if len(rest) >= LONGEST_LINE:
                self._say(self.part.name, rest.decode(errors="replace"))
                rest, begun = b"", True
        if rest:
            self._say(self.part.name, rest.decode(errors="replace"))


def describe_exit(code: int) -> str:
    """Return an exit code in words: the signal's name when one ended the process."""
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
