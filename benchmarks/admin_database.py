"""A private PostgreSQL for a benchmark: on a free loopback port, in a folder of its own, gone afterwards."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks.faults_sandbox import end
from benchmarks.streaming_rig import free_port

STARTS_S = 60.0
# What a small server of 4 GB would be given. A benchmark's rows need not survive a power cut, so nothing is
# synced while they are loaded; reading, which is what is measured, knows no difference.
OPTIONS = {
    "shared_buffers": "1GB",
    "effective_cache_size": "3GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "default_toast_compression": "lz4",  # a long load is short with it
    "random_page_cost": "1.1",  # as for any SSD
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class NoPostgres(RuntimeError):
    """There is no PostgreSQL to start."""


def programs() -> Path:
    """Return the folder with `initdb` and `postgres`: the newest where Debian puts them, or the PATH's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    found = debian[-1] if debian else Path(on_path).resolve() if on_path else None
    if found is None or not found.with_name("postgres").exists():
        raise NoPostgres("PostgreSQL is not installed here (apt-get install postgresql).")
    return found.parent


def account() -> str:
    """Return whom to run it as: it refuses root, so as root the account that its package made."""
    if os.geteuid() != 0:
        return ""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return name
    raise NoPostgres("PostgreSQL refuses to run as root, and there is no other account to run it as.")


@contextlib.contextmanager
def running(folder: Path | None = None, keep: bool = False) -> Iterator[str]:
    """Run a private PostgreSQL and yield the URL of its database.

    It is made in `folder`, or found there from an earlier run with `keep`; without `keep` it is deleted.
    """
    data = folder or Path(tempfile.mkdtemp(prefix="desk-history-"))
    user, where, port = account(), programs(), free_port()
    data.mkdir(parents=True, exist_ok=True)
    if user:
        shutil.chown(data, user)
    if not (data / "PG_VERSION").exists():
        made: list[str | Path] = [
            where / "initdb",
            "-D",
            data,
            "-U",
            "desk",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ]
        subprocess.run(made, check=True, capture_output=True, user=user or None, cwd=data)
    words = [f"--{name}={value}" for name, value in OPTIONS.items()]
    command = [str(where / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", *words]
    with (data / "benchmark.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, f"--unix_socket_directories={data}"],
            stdout=log, stderr=log, user=user or None, cwd=data, start_new_session=True,
        )  # fmt: skip
    try:
        url = f"postgresql://desk@127.0.0.1:{port}/postgres"
        _wait(url, process)
        yield url
    finally:
        end(process)
        if not keep:
            shutil.rmtree(data, ignore_errors=True)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + STARTS_S
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(url, connect_timeout=2).close()
            return
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not start; its words are in benchmark.log of its folder.")
