"""Running another program to its end, with one sentence when it fails."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.keeping.errors import KeepingError

# Dumps of large desks take minutes; one that takes longer than this hangs.
LONGEST_S = 3600
SHOWN = 400  # characters of what the program said last


def lives(pid: int) -> bool:
    """Return whether a process runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it lives and belongs to somebody else
    return True


def run(command: Sequence[str], env: Mapping[str, str], failure: str, cwd: Path | None = None) -> str:
    """Return what a program wrote. Raises KeepingError, beginning with `failure`, when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - programs named in this package
            list(command),
            env=dict(env),
            cwd=cwd,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_S,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise KeepingError(f"{failure}: the program {command[0]} is not installed.") from None
    except subprocess.TimeoutExpired:
        raise KeepingError(f"{failure}: {command[0]} did not end within an hour.") from None
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[-SHOWN:] or f"exit {done.returncode}"
        raise KeepingError(f"{failure}: {said}")
    return done.stdout
