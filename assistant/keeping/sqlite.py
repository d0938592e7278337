"""Copying a SQLite database out while the desk runs, and putting one in its place."""

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connections

from assistant.keeping.errors import KeepingError
from assistant.keeping.programs import run
from common.env import ROOT, process_environment

PART = "database.sqlite3"


def path_of() -> Path:
    """Return the file of this desk's database."""
    return Path(str(settings.DATABASES["default"]["NAME"]))


def server() -> str:
    """Return the version of the library."""
    return sqlite3.sqlite_version


def size() -> int:
    """Return the bytes that a copy takes at most."""
    return sum(path.stat().st_size for path in (path_of(), _beside("-wal")) if path.exists())


def dump(folder: Path) -> str:
    """Copy the database into `folder` by SQLite's online backup, and check the copy; return its name."""
    target = folder / PART
    source_url = f"{path_of().resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(source_url, uri=True, timeout=30)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        # In one step: writers are not blocked (WAL), while a copy in steps begins anew at each write
        # between two of them and on a busy desk never ends.
        source.backup(copy, pages=-1)
        # One file and no log beside it: that is what is packed.
        copy.execute("PRAGMA journal_mode=DELETE")
    check(target)
    return PART


def check(path: Path) -> None:
    """Raise KeepingError when a database file is damaged."""
    try:
        with closing(sqlite3.connect(path)) as copy:
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise KeepingError(f"The copy of the database is damaged: {found}.")


def intact() -> bool:
    """Return whether this desk's database can be read; one that is not there yet can."""
    if not path_of().exists():
        return True
    try:
        with closing(sqlite3.connect(path_of(), timeout=5)) as database:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        return isinstance(error, sqlite3.OperationalError)  # locked or out of reach is not damaged
    return True


def set_aside() -> Path:
    """Copy this desk's database, which cannot be read, out of the way."""
    path = path_of()
    aside = path.with_name(f"{path.name}.damaged-{path.stat().st_mtime_ns}")
    shutil.copy2(path, aside)
    return aside


def restore(part: Path) -> None:
    """Put the database in `part` in the place of this desk's, brought to this release's tables first.

    The old file stays untouched until the new one replaces it in one step, so a restore that is killed
    leaves the one or the other.
    """
    check(part)
    target = path_of()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.restoring")
    _remove(draft)
    try:
        part.replace(draft)
        _migrate(draft)
        _settle(draft)
        connections.close_all()
        if target.exists() and intact():
            _settle(target)
        for ending in ("-wal", "-shm"):
            # Of a damaged file; SQLite would read it into the new one.
            target.with_name(target.name + ending).unlink(missing_ok=True)
        draft.replace(target)
        _sync_folder(target.parent)
    finally:
        _remove(draft)


def _migrate(draft: Path) -> None:
    command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
    env = {**process_environment(), "DATABASE_URL": f"sqlite:///{quote(str(draft.resolve()))}"}
    run(command, env, "The tables of this backup cannot be brought to this release", cwd=ROOT)


def _settle(path: Path) -> None:
    """Bring all of a database into its one file: what stands in a log beside it would be lost, or worse."""
    try:
        with closing(sqlite3.connect(path, timeout=5)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            mode = database.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise KeepingError(f"The database {path} is in use ({error}): stop the desk first.") from error
    if mode != "delete":
        raise KeepingError(f"The database {path} is in use: stop the desk first.")


def _beside(ending: str) -> Path:
    path = path_of()
    return path.with_name(path.name + ending)


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
