#!/usr/bin/env python3
"""Make `.venv` from requirements.lock, or name in one plain sentence what this machine lacks.

Standard library only: it runs before anything is installed. Two calls at the same time (`make run`
and `make test` in one fresh folder) take turns by a lock, and a finished environment costs nothing.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".installed"


def wanted() -> str:
    """Return what the stamp of an environment that fits this folder says.

    The path is part of it, because the scripts inside an environment name their interpreter.
    """
    return f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {VENV}\n"


def is_ready() -> bool:
    return STAMP.exists() and STAMP.read_text() == wanted() and works()


def works() -> bool:
    """Return whether the environment's interpreter starts: it does not when Python 3.11 was moved."""
    python = VENV / "bin" / "python"
    if not python.exists():
        return False
    return subprocess.run([python, "-c", "import pip"], check=False, capture_output=True).returncode == 0


def fail(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


def make_environment() -> None:
    if works():
        return
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        fail(
            "This Python 3.11 cannot make virtual environments: install the package python3-venv "
            "(Debian, Ubuntu: apt install python3-venv), then run make again."
        )
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"The virtual environment {VENV} could not be made: {error}.")


def install() -> None:
    print("Installing the locked dependencies into .venv (once; about a minute)...", flush=True)
    command = [
        VENV / "bin" / "python", "-m", "pip", "install", "--require-hashes", "--no-deps", "--quiet",
        "--disable-pip-version-check", "--no-input", "--requirement", LOCK,
    ]  # fmt: skip
    if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:
        fail("pip could not install requirements.lock: the lines above say why (no network? a full disk?).")


def main() -> None:
    if sys.version_info[:2] != (3, 11):
        found = sys.version.split()[0]
        fail(f"Python 3.11 is needed and this is {found}: run make with PYTHON=/path/to/python3.11.")
    if is_ready():
        return
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_ready():
            return
        make_environment()
        install()
        STAMP.write_text(wanted())


if __name__ == "__main__":
    main()
