"""Dumping a PostgreSQL database by `pg_dump`, and restoring it in one transaction.

The password goes to the programs by the environment: an argument stands in every process list.
"""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections

from assistant.keeping.errors import KeepingError
from assistant.keeping.programs import run
from common.env import process_environment

PART = "database.pgdump"


def server() -> str:
    """Return the version of the server."""
    connection.ensure_connection()
    number = int(connection.pg_version)  # type: ignore[attr-defined]  # of the PostgreSQL wrapper only
    return f"{number // 10_000}.{number % 10_000}"


def size() -> int:
    """Return the bytes of the database; its dump is smaller."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def dump(folder: Path) -> str:
    """Dump the database into `folder` as of one moment, and check the dump; return its name."""
    _require_version("pg_dump")
    target = folder / PART
    command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
    run(command, _env(), "The database could not be dumped")
    check(target)
    return PART


def check(path: Path) -> None:
    """Raise KeepingError when a dump has no readable table of contents, or holds no desk."""
    contents = run(["pg_restore", "--list", str(path)], _env(), "The dump cannot be read")
    if "TABLE DATA public django_migrations" not in contents:
        raise KeepingError("The dump holds no desk: it has no table of migrations.")


def restore(part: Path) -> None:
    """Put the dump in `part` in the place of this desk's tables, all in one transaction."""
    check(part)
    _require_version("pg_restore")
    script = part.with_suffix(".sql")
    command = ["pg_restore", "--no-owner", "--no-privileges", "--no-comments", f"--file={script}", str(part)]
    run(command, _env(), "The dump cannot be read")
    dropping = part.with_name("drop.sql")
    dropping.write_text(_DROPPING)
    connections.close_all()
    command = [
        "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
        f"--file={dropping}", f"--file={script}",
    ]  # fmt: skip
    run(command, _env(), "The dump could not be restored, and nothing was changed")


# A desk that uses its database gives way soon, or the restore says that it does not.
_DROPPING = """
SET lock_timeout = '10s';
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
        EXECUTE 'DROP TABLE IF EXISTS ' || quote_ident(name) || ' CASCADE';
    END LOOP;
END $$;
"""


def others() -> int:
    """Return how many other sessions use this database, whatever program they belong to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def _require_version(program: str) -> None:
    """Raise KeepingError for a program that is older than the server: it would refuse, or miss things."""
    said = run([program, "--version"], _env(), f"{program} cannot be run")
    found = re.search(r"\b(\d+)(?:\.\d+)?", said)
    ours, theirs = int(found.group(1)) if found else 0, int(server().split(".")[0])
    if ours < theirs:
        raise KeepingError(
            f"{program} {ours} is older than the server's PostgreSQL {theirs}: install "
            f"postgresql-client-{theirs}."
        )


# libpq's variables by the names in DATABASES and by those of the query string of a DATABASE_URL.
_VALUES = {
    "PGHOST": "HOST",
    "PGPORT": "PORT",
    "PGUSER": "USER",
    "PGPASSWORD": "PASSWORD",
    "PGDATABASE": "NAME",
}
_OPTIONS = {
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
    "PGOPTIONS": "options",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
}


def _env() -> dict[str, str]:
    """Return the environment in which libpq finds this desk's database."""
    values: dict[str, Any] = settings.DATABASES["default"]
    options: dict[str, Any] = values.get("OPTIONS", {})
    ours = {variable: str(values.get(name) or "") for variable, name in _VALUES.items()}
    ours |= {variable: str(options.get(name) or "") for variable, name in _OPTIONS.items()}
    return {**process_environment(), **{name: value for name, value in ours.items() if value}}
