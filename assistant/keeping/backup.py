"""Making a backup: one file that holds the database and what is needed to recognise it."""

import json
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from assistant.keeping import archives, database, version
from assistant.keeping.errors import KeepingError
from assistant.keeping.manifest import FORMAT, SETTINGS, Manifest
from assistant.keeping.programs import lives
from assistant.keeping.wiring import described, key_mark
from common.clock import now

# Beside the database itself: its dump, and that dump packed, at worst not at all.
ROOM = 2.1
SPARE = 50 * 1024 * 1024  # bytes that stay free: a full disk stops the desk


def default_folder() -> Path:
    """Return where backups lie unless another place is named."""
    folder: Path = settings.ENV.backup_dir
    return folder


def make_backup(to: Path | None = None) -> Path:
    """Write a backup and return its file; the desk may run meanwhile. Raises KeepingError.

    `to` is a folder, or the file itself when its name ends in `.desk.tar.gz`; by default BACKUP_DIR.
    """
    target = _target(to or default_folder(), now())
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not database.tables():
            raise KeepingError("There is no database to back up yet.")
        _require_room(target.parent)
        _sweep(target.parent)
        with tempfile.TemporaryDirectory(prefix=f".desk-backup-{os.getpid()}-", dir=target.parent) as folder:
            archives.write(target, _gather(Path(folder)), Path(folder))
    except DatabaseError as error:
        raise KeepingError(f"The database does not answer: {' '.join(str(error).split())}") from error
    except OSError as error:
        raise KeepingError(f"The backup cannot be written to {target.parent}: {error.strerror}.") from error
    return target


def _target(to: Path, at: datetime) -> Path:
    if to.name.endswith(archives.SUFFIX):
        if to.exists():
            raise KeepingError(f"{to} exists already; a backup is never written over.")
        return to.absolute()
    name = f"{at:%Y%m%dT%H%M%SZ}"
    tries = (
        to.absolute() / f"{name}{extra}{archives.SUFFIX}" for extra in ("", *(f"-{n}" for n in range(2, 99)))
    )
    return next(path for path in tries if not path.exists())


def _require_room(folder: Path) -> None:
    needed, free = int(database.engine().size() * ROOM) + SPARE, shutil.disk_usage(folder).free
    if free < needed:
        raise KeepingError(
            f"{folder} has {free // 2**20:,} MB free and a backup needs {needed // 2**20:,} MB: "
            "make room, or name another folder."
        )


def _gather(folder: Path) -> Manifest:
    """Write the parts of a backup into `folder` and return the manifest over them."""
    migrations, rows = database.applied(), database.counts()
    name = database.engine().dump(folder)
    (folder / SETTINGS).write_text(json.dumps(described(settings.ENV), indent=1) + "\n")
    return Manifest(
        format=FORMAT,
        version=version.current(),
        commit=version.commit(),
        created_at=now().isoformat(timespec="seconds"),
        engine=database.engine_name(),
        server=database.engine().server(),
        key_mark=key_mark(settings.SECRET_KEY),
        migrations=migrations,
        counts=rows,
        parts=archives.parts_in(folder, (SETTINGS, name)),
    )


def _sweep(folder: Path) -> None:
    """Remove what a backup left that was killed; one that still runs has a process."""
    for path in folder.glob(".*.partial"):
        if not _lives(path.name.removesuffix(".partial").rpartition(".")[2]):
            path.unlink(missing_ok=True)
    for path in folder.glob(".desk-backup-*"):
        if not _lives(path.name.split("-")[2]):
            shutil.rmtree(path)


def _lives(pid: str) -> bool:
    return pid.isdigit() and lives(int(pid))


def backups(folder: Path) -> list[Path]:
    """Return the backups in a folder, newest first."""
    return sorted(folder.glob(f"*{archives.SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups of a folder; return what was deleted.

    Only files that this program has named by their time are looked at: one with a name of its own was
    put aside by somebody.
    """
    ours = [path for path in backups(folder) if path.name[:8].isdigit() and path.name[8] == "T"]
    gone = ours[keep:]
    for path in gone:
        path.unlink()
    return gone
