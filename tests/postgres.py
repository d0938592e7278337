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
from tests.servers import Server, missing, start, wait_until


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


class Cluster:
    """A private PostgreSQL that can be killed and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        """Make an empty cluster; its log goes into `folder`."""
        programs = postgres_programs()
        if programs is None:
            missing("PostgreSQL")
        self._programs, self._user, self._port = programs, unprivileged_user(), free_port()
        self._log = folder / "postgres.log"
        # Not below pytest's own folders: pytest shuts them to every other account each time it starts.
        self._data = Path(tempfile.mkdtemp(prefix="desk-postgres-"))
        if self._user:
            shutil.chown(self._data, self._user)
        self._run("initdb", "-D", self._data, "-U", "desk", "--auth=trust", "--encoding=UTF8", "--no-sync")
        self.server: Server | None = None

    @property
    def url(self) -> str:
        return f"postgresql://desk@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start the server and wait until it answers queries."""
        # Durability is not what these tests are about; what was committed outlives a killed server.
        options = {"fsync": "off", "full_page_writes": "off", "unix_socket_directories": str(self._data)}
        arguments = [f"--{key}={value}" for key, value in options.items()]
        program = [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self._port)]
        self.server = start(
            [*program, "-h", "127.0.0.1", *arguments], self._log, user=self._user, cwd=self._data
        )
        wait_until(lambda: accepts_queries(self.url), self.server, "PostgreSQL")

    def restart_at_once(self) -> None:
        """Do what `pg_ctl restart -m immediate` does: no checkpoint, every connection lost, then recovery.

        In two steps, so that the new server is this process's child as well.
        """
        self._run("pg_ctl", "stop", "-D", self._data, "-m", "immediate")
        if self.server is not None:
            self.server.kill()
        self.start()

    def stop(self) -> None:
        """Stop the server and delete its data."""
        if self.server is not None:
            self.server.stop()
        shutil.rmtree(self._data, ignore_errors=True)

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            check=False, capture_output=True, text=True, user=self._user or None, cwd=self._data,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run a private PostgreSQL, its log in `folder`, and yield the URL of its empty database."""
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster.url
    finally:
        cluster.stop()


def accepts_queries(url: str) -> bool:
    """Return whether a PostgreSQL answers; while it starts it refuses, first the port, then the login."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def new_database(url: str, name: str) -> str:
    """Create an empty database beside the one of `url` and return its URL."""
    _execute(url, f'CREATE DATABASE "{name}"')
    return f"{_server_of(url)}/{name}"


def has_database(url: str, name: str) -> bool:
    """Return whether the server of `url` has a database of that name."""
    with psycopg.connect(f"{_server_of(url)}/postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def rename_database(url: str, name: str, to: str) -> None:
    """Give a database of the server of `url` another name; nobody may be connected to it."""
    _execute(url, f'ALTER DATABASE "{name}" RENAME TO "{to}"')


def replace_database(url: str, template: str) -> None:
    """Make the database of `url`, to which nobody is connected, a copy of another of its server."""
    name = url.rsplit("/", 1)[1]
    _execute(url, f'DROP DATABASE "{name}"')
    _execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def dump_database(url: str, file: Path) -> None:
    """Write the database of `url` into a file that `load_database` reads."""
    _run_program("pg_dump", "--format=custom", "--compress=0", f"--file={file}", url)


def load_database(url: str, file: Path) -> None:
    """Fill the empty database of `url` from a file of `dump_database`."""
    _run_program("pg_restore", "--exit-on-error", f"--dbname={url}", file)


def _run_program(program: str, *arguments: str | Path) -> None:
    folder = postgres_programs()
    assert folder is not None, "a server runs, so its programs are there"
    done = subprocess.run([folder / program, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _server_of(url: str) -> str:
    return url.rsplit("/", 1)[0]


def _execute(url: str, statement: str) -> None:
    # From outside of the database that is meant.
    with psycopg.connect(f"{_server_of(url)}/postgres", autocommit=True) as connection:
        connection.execute(statement.encode())
