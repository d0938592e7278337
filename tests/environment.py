"""The environment every test runs in: a data folder of its own, no keys, nothing of a running desk.

`make test` works beside `make run` and beside a developer's `.env` because both are shut out here,
before Django reads its settings.
"""

import atexit
import os
import shutil
import socket
import tempfile
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
        "EMAIL_URL", "EMAIL_FROM", "EMBEDDER_DIR",
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


def set_up() -> None:
    """Put the test environment into `os.environ`; workers of xdist each get their own folder."""
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
