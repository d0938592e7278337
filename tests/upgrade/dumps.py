"""The databases of earlier releases that stand in this folder, loaded into a database of a test."""

import json
import lzma
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests import warm
from tests.environment import made_once
from tests.servers import manage, managed
from tests.upgrade import facts

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Release:
    """One release's database and what has to be found in it again."""

    name: str

    @property
    def known(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((FOLDER / f"{self.name}.json").read_text())
        return content

    def load(self, path: Path) -> None:
        """Write its database to a SQLite file, as the desk of that release would have left it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        script = lzma.decompress((FOLDER / f"{self.name}.sql.xz").read_bytes()).decode()
        with closing(sqlite3.connect(path)) as database:
            database.executescript(script)

    def load_migrated(self, path: Path) -> None:
        """Write it with the tables of today, made once a run: for what is not about how they are changed."""

        def make(folder: Path) -> None:
            self.load(folder / "desk.sqlite3")
            env = {"DATA_DIR": str(folder), "DATABASE_URL": "", "REDIS_URL": ""}
            manage("migrate", "--verbosity", "0", env=env)
            assert not (folder / "desk.sqlite3-wal").exists(), "the last connection writes the log back"

        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(made_once(f"release-{self.name}", make) / "desk.sqlite3", path)


RELEASES = [Release(path.name.removesuffix(".sql.xz")) for path in sorted(FOLDER.glob("*.sql.xz"))]


def query(path: Path, text: str) -> list[tuple[Any, ...]]:
    """Ask a SQLite file."""
    with closing(sqlite3.connect(path)) as database:
        return list(database.execute(text))


def change(path: Path, text: str) -> None:
    """Change something in a SQLite file."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(text)
        database.commit()


def facts_of(path: Path) -> dict[str, list[list[Any]]]:
    """Return what a SQLite file holds of what must be kept."""
    with closing(sqlite3.connect(path)) as database:
        return facts.read(database.execute)


def in_json(value: Any) -> Any:
    """Return a value as it is after a round through JSON, as the stored answers were."""
    return json.loads(json.dumps(value))


def environment_of(data_dir: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(data_dir), "DATABASE_URL": "", "REDIS_URL": "", **more}


def upgrade(
    data_dir: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the real command to its end."""
    return managed("upgrade", *arguments, env=environment_of(data_dir, **(env or {})))


# Builds the tables at the migrations that a release had, without the signals that this release sends.
AT_RELEASE = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "assistant.settings"
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
MigrationExecutor(connection).migrate([tuple(name.split(".", 1)) for name in sys.argv[1:]])
"""


def copy_to_postgres(source: Path, url: str) -> None:
    """Put a release's rows into an empty PostgreSQL database, in the tables of that release's migrations."""
    applied = query(source, "SELECT app, name FROM django_migrations ORDER BY id")
    last = dict(applied)  # in order, so each app's last
    names = [f"{app}.{name}" for app, name in last.items()]
    done = warm.run("-c", AT_RELEASE, *names, env=environment_of(source.parent, DATABASE_URL=url))
    assert done.returncode == 0, done.stderr
    tables = [name for (name,) in query(source, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    with psycopg.connect(url, options="-c timezone=UTC") as target:
        for table in tables:
            if not table.startswith("sqlite_"):
                _copy_table(source, target, table)


def _copy_table(source: Path, target: "psycopg.Connection[Any]", table: str) -> None:
    """Copy one table; a value goes as text, and PostgreSQL makes of it what the column holds."""
    columns = [row[1] for row in query(source, f'PRAGMA table_info("{table}")')]
    name = sql.Identifier(table)
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        name,
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
    )
    target.execute(sql.SQL("TRUNCATE {} CASCADE").format(name)) if table == "django_migrations" else None
    for row in query(source, f'SELECT * FROM "{table}"'):
        target.execute(insert, [None if value is None else str(value) for value in row])
    identity = target.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'YES'",
        [table],
    ).fetchone()
    if identity:
        target.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), (SELECT max({}) FROM {}))").format(
                sql.Literal(table), sql.Literal(identity[0]), sql.Identifier(identity[0]), name
            )
        )
