"""The environment every test runs in: a data folder of its own, no keys, nothing of a running desk.

`make test` works beside `make run` and beside a developer's `.env` because both are shut out here,
before Django reads its settings.
"""

import atexit
import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _keys_to_clear() -> set[str]:
    """Return the variables of the shell and of `.env` that would lead a test to a real service."""
    wiring = {
        "DATABASE_URL", "REDIS_URL", "SANDBOX", "ADMIN_PASSWORD", "ORIGINS", "ALLOWED_HOSTS", "HTTPS",
        "EMAIL_URL", "EMAIL_FROM", "ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET", "EMBEDDER_DIR",
    }  # fmt: skip
    keys = {
        key
        for key in os.environ
        if key.startswith("PROVIDER_") or key.endswith(("_API_KEY", "_BASE_URL")) or key in wiring
    }
    return keys | dotenv_keys()


def dotenv_keys() -> set[str]:
    """Return the names in a developer's `.env`; set to nothing they are as good as absent."""
    return set(dotenv_values(ROOT / ".env"))


def _shared_dir() -> Path:
    """Return the folder that all workers of a run share: the first process makes it, and they inherit it."""
    if "TESTS_SHARED_DIR" not in os.environ:
        os.environ["TESTS_SHARED_DIR"] = tempfile.mkdtemp(prefix="desk-shared-")
        atexit.register(shutil.rmtree, os.environ["TESTS_SHARED_DIR"], ignore_errors=True)
    return Path(os.environ["TESTS_SHARED_DIR"])


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of that name which `make` has filled, once in a run of any number of workers."""
    shared = _shared_dir()
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed at it
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def set_up() -> None:
    """Put the test environment into `os.environ`; workers of xdist each get their own folder."""
    _shared_dir()
    for key in _keys_to_clear():
        os.environ[key] = ""
    # The programs that tests start would otherwise compile the whole product each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    data_dir = tempfile.mkdtemp(prefix="desk-test-")
    atexit.register(shutil.rmtree, data_dir, ignore_errors=True)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="assistant.settings",
        DEBUG="1",
        HOST="127.0.0.1",
        PORT=str(free_port()),
        SANDBOX_PORT=str(free_port()),
        REDIS_URL=f"redis://127.0.0.1:{free_port()}/0",
        DATA_DIR=data_dir,
        EXAMPLE="1",
        RATE_LIMITS="on",
        LOG_LEVEL="WARNING",
    )
