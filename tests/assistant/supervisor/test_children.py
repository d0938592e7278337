"""Programs that are kept running: restart, back-off, stop, and nothing left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.supervisor.children import LONGEST_LINE, Child, Part, Warden, describe_exit, next_delay
from tests.servers import START_TIMEOUT_S, lives, wait_until


@pytest.fixture
def warden() -> Iterator[Warden]:
    warden = Warden()
    yield warden
    warden.close()


class Log(list[tuple[str, str]]):
    def __call__(self, name: str, line: str) -> None:
        self.append((name, line))

    async def has(self, line: str, times: int = 1) -> None:
        async with asyncio.timeout(START_TIMEOUT_S):
            while sum(line in said for _, said in self) < times:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def python_part(code: str, grace_s: float = 5) -> Part:
    command = (sys.executable, "-u", "-c", code)
    return Part("part", command, dict(os.environ), Path.cwd(), grace_s)


@pytest.mark.parametrize(
    ("previous", "lived_s", "delay"),
    [(0, 0, 0.5), (0.5, 1, 1.0), (8, 1, 15.0), (15, 1, 15.0), (15, 30, 0.5)],
)
def test_delay_doubles_up_to_a_bound_and_is_forgotten_after_a_steady_run(
    previous: float, lived_s: float, delay: float
) -> None:
    assert next_delay(previous, lived_s) == delay


def test_an_exit_is_told_in_words() -> None:
    assert [describe_exit(code) for code in (0, 3, -9, -64)] == ["exit 0", "exit 3", "SIGKILL", "SIGRTMAX"]


async def test_what_a_program_says_comes_line_by_line(warden: Warden) -> None:
    log = Log()
    code = (
        "import sys; print('one'); print('two', file=sys.stderr); print('x' * 100_000); print('end', end='')"
    )
    assert await Child(python_part(code), warden, log).run_once() == 0
    assert sorted(line for _, line in log if len(line) < 10) == ["end", "one", "two"]
    assert sum(line.count("x") for _, line in log) == 100_000


async def test_the_end_of_a_line_that_was_told_in_parts_is_no_line(warden: Warden) -> None:
    log = Log()
    long = f"sys.stdout.write('x' * {LONGEST_LINE}); sys.stdout.flush(); time.sleep(0.3); print()"
    assert (
        await Child(python_part(f"import sys, time; {long}; print(); print('end')"), warden, log).run_once()
        == 0
    )
    assert [line for _, line in log if "x" not in line] == ["", "end"]


async def test_a_program_that_dies_is_started_again_and_told(warden: Warden) -> None:
    log = Log()
    child = Child(python_part("import time; print('up'); time.sleep(60)"), warden, log)
    keeping = asyncio.create_task(child.keep())
    await log.has("up")
    assert child.process
    child.process.kill()
    await log.has("up", times=2)
    assert ("desk", "part ended (SIGKILL); it starts again in 0.5 s.") in log
    await child.stop()
    await keeping
    assert not lives(child.process.pid)


async def test_a_program_that_will_not_end_is_killed_with_all_it_started(warden: Warden) -> None:
    log = Log()
    code = (
        "import signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print(subprocess.Popen(['sleep', '60']).pid); print('up'); time.sleep(60)"
    )
    child = Child(python_part(code, grace_s=0.2), warden, log)
    keeping = asyncio.create_task(child.keep())
    await log.has("up")
    grandchild = int(log[0][1])
    assert lives(grandchild)
    await child.stop()
    await keeping
    wait_until(lambda: not lives(grandchild))
    assert any("was killed" in line for _, line in log)


LEAVES_A_CHILD = (
    "import subprocess, time; child = subprocess.Popen(['sleep', '60']);"
    "print('child', child.pid); print('up'); time.sleep(60)"
)


async def test_a_child_that_survives_does_not_hold_up_the_next_start(warden: Warden) -> None:
    log = Log()
    child = Child(python_part(LEAVES_A_CHILD), warden, log)
    keeping = asyncio.create_task(child.keep())
    await log.has("up")
    survivor = int(log[0][1].split()[1])
    assert child.process
    os.kill(child.process.pid, signal.SIGKILL)
    await log.has("up", times=2)
    assert child.starts == 2
    wait_until(lambda: not lives(survivor))
    await child.stop()
    await keeping


async def test_who_left_the_group_and_holds_the_output_does_not_hold_up_the_end(warden: Warden) -> None:
    log = Log()
    code = (
        "import subprocess; far = subprocess.Popen(['sleep', '60'], start_new_session=True);"
        "print(far.pid); print('last words')"
    )
    async with asyncio.timeout(START_TIMEOUT_S / 2):
        assert await Child(python_part(code), warden, log).run_once() == 0
    far = int(log[0][1])
    assert lives(far)
    assert ("part", "last words") in log
    os.kill(far, signal.SIGKILL)


ABOUT_TO_BE_KILLED = """
import asyncio, os
from pathlib import Path
from assistant.supervisor.children import Child, Part, Warden

async def main():
    child = Child(Part("part", ("sleep", "60"), dict(os.environ), Path.cwd()), Warden(), print)
    running = asyncio.create_task(child.run_once())
    while child.process is None:
        await asyncio.sleep(0.01)
    print(child.process.pid, flush=True)
    await running

asyncio.run(main())
"""


def test_the_warden_ends_what_a_killed_supervisor_leaves() -> None:
    command = [sys.executable, "-c", ABOUT_TO_BE_KILLED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        pid = int(supervisor.stdout.readline())
        assert lives(pid)
        supervisor.kill()
    wait_until(lambda: not lives(pid))
