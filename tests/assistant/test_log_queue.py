"""F27: a log that nobody reads stops nobody; what found no room is counted."""

import re
import subprocess
import sys

import pytest
from django.conf import settings

from tests.environment import ROOT

LINES = 3000  # of a hundred characters: several times what a pipe and the queue hold
PROGRAM = f"""
import logging, sys
sys.path.append("assistant")  # the module alone, as the package would load all of Celery first
from log_queue import QueuedStderr
handler = QueuedStderr(room=50)
log = logging.getLogger("desk")
log.addHandler(handler)
log.propagate = False
for number in range({LINES}):
    log.warning("%d %s", number, "x" * 100)
print("dropped", handler.dropped, flush=True)
sys.stdin.readline()
log.warning("after")
"""


def started() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_who_logs_goes_on_and_what_was_dropped_is_told_once_somebody_reads() -> None:
    with started() as program:
        assert program.stdout
        dropped = int(program.stdout.readline().split()[1])  # 0 when the line that tells it waits already
        _, said = program.communicate("\n")
    lines = said.splitlines()
    numbers = [int(line.split()[0]) for line in lines if "xxx" in line]
    told = sum(
        int(count) for count in re.findall(r"^(\d+) lines of this log were dropped", said, re.MULTILINE)
    )
    assert numbers == sorted(set(numbers))
    assert told > 0, "it got there with a full pipe"
    assert told >= dropped
    assert len(numbers) + ("after" in lines) + told == LINES + 1


@pytest.mark.timeout(60)
def test_a_process_ends_although_nobody_reads_its_log() -> None:
    with started() as program:
        assert program.stdin
        assert program.stdout
        program.stdout.readline()
        program.stdin.write("\n")
        program.stdin.flush()
        assert program.wait() == 0


def test_the_desk_logs_so() -> None:
    (handler,) = settings.LOGGING["root"]["handlers"]
    assert settings.LOGGING["handlers"][handler]["class"] == "assistant.log_queue.QueuedStderr"
