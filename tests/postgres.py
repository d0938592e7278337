"""A private PostgreSQL for tests, where one is installed."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.environment import free_port
from tests.servers import missing, start, wait_until


def postgres_programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`: the newest where Debian puts them, or the PATH's."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(debian, key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    programs = found[-1] if found else Path(on_path).resolve() if on_path else None
    return programs.parent if programs and programs.with_name("postgres").exists() else None


def unprivileged_user() -> str:
    """Return the account to run PostgreSQL as: it refuses root, so as root the one its package made."""
    if os.geteuid() != 0:
        return ""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return name
    missing("An unprivileged account for PostgreSQL")


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run a private PostgreSQL, its log in `folder`, and yield the URL of its empty database."""
    programs = postgres_programs()
    if programs is None:
        missing("PostgreSQL")
    user, port = unprivileged_user(), free_port()
    # Not below pytest's own folders: pytest shuts them to every other account each time it starts.
    data = Path(tempfile.mkdtemp(prefix="desk-postgres-"))
    if user:
        shutil.chown(data, user)
    try:
        yield from _running(programs, data, port, user, folder / "postgres.log")
    finally:
        shutil.rmtree(data)


def _running(programs: Path, data: Path, port: int, user: str, log: Path) -> Iterator[str]:
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", "desk", "--auth=trust", "--encoding=UTF8", "--no-sync"],
        check=False, capture_output=True, text=True, user=user or None, cwd=data,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    # Durability is not what these tests are about.
    options = {"fsync": "off", "full_page_writes": "off", "unix_socket_directories": str(data)}
    arguments = [f"--{key}={value}" for key, value in options.items()]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", *arguments]
    server = start(command, log, user=user, cwd=data)
    try:
        url = f"postgresql://desk@127.0.0.1:{port}/postgres"
        wait_until(lambda: accepts_queries(url), server, "PostgreSQL")
        yield url
    finally:
        server.stop()


def accepts_queries(url: str) -> bool:
    """Return whether a PostgreSQL answers; while it starts it refuses, first the port, then the login."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def new_database(url: str, name: str) -> str:
    """Create an empty database beside the one of `url` and return its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return url.rsplit("/", 1)[0] + f"/{name}"
