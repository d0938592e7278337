"""Putting a backup in the place of this desk's database, whole or not at all."""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, transaction

from assistant import ending, takeover
from assistant.keeping import archives, database, postgres, sqlite
from assistant.keeping.backup import make_backup
from assistant.keeping.errors import KeepingError
from assistant.keeping.manifest import Manifest
from assistant.keeping.wiring import key_mark
from assistant.models import Reply, Worker


@dataclass(frozen=True)
class Restored:
    """What was restored and what the operator has to know."""

    manifest: Manifest
    counts: dict[str, int]
    ended: int
    before: Path | None
    other_key: bool
    differing: dict[str, tuple[int, int]] = field(default_factory=dict)


def restore(path: Path, replace: bool = False) -> Restored:
    """Restore a backup and return what it held. Raises KeepingError with nothing changed.

    A database that holds something is replaced only when told, and then backed up first.
    """
    manifest = archives.manifest_of(path)
    _require_fit(path, manifest)
    try:
        with _at_rest():
            before = _make_way(replace)
            with tempfile.TemporaryDirectory(prefix=".restoring-", dir=_scratch()) as folder:
                archives.unpack(path, Path(folder))
                _put(Path(folder))
            ended, found = settle(), database.counts()
    except DatabaseError as error:
        raise KeepingError(f"The database does not answer: {' '.join(str(error).split())}") from error
    except OSError as error:
        raise KeepingError(f"The backup cannot be unpacked: {error.strerror}.") from error
    then = manifest.counts.items()
    differing = {name: (count, found.get(name, 0)) for name, count in then if found.get(name, 0) != count}
    other_key = manifest.key_mark != key_mark(settings.SECRET_KEY)
    return Restored(manifest, found, ended, before, other_key, differing)


def _scratch() -> Path:
    """Return the folder to unpack into: on the disk of a SQLite database, whose file is then only renamed."""
    folder: Path = sqlite.path_of().parent if database.engine() is sqlite else settings.ENV.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".restoring-*"):
        shutil.rmtree(left)  # of a restore that was killed: there is only ever one at a time
    return folder


def _require_fit(path: Path, manifest: Manifest) -> None:
    part = database.engine().PART
    if manifest.engine != database.engine_name() or part not in manifest.parts:
        raise KeepingError(
            f"{path.name} holds a {manifest.engine} database and this desk has {database.engine_name()}: "
            "set DATABASE_URL to a database of the same kind."
        )
    later = database.unknown(manifest.migrations)
    if later:
        raise KeepingError(
            f"{path.name} was made by a newer release ({manifest.version}) whose tables this one "
            f"({later[0]} and {len(later) - 1} more) does not know: install that release first."
        )


@contextlib.contextmanager
def _at_rest() -> Iterator[None]:
    """Keep `make run` from starting in this folder; raise KeepingError while a desk runs on the database."""
    folder: Path = settings.ENV.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KeepingError(f"A desk runs on the data folder {folder}: stop it first.") from None
        if not _damaged() and database.is_in_use():
            raise KeepingError(
                "A web process works on this database, or was killed less than ten seconds ago: stop it, "
                "wait ten seconds, and try again."
            )
        if database.engine() is postgres and (others := postgres.others()):
            raise KeepingError(
                f"{others} other sessions use this database: stop the desk's web processes and its worker."
            )
        yield


def _damaged() -> bool:
    return database.engine() is sqlite and not sqlite.intact()


def _make_way(replace: bool) -> Path | None:
    """Back up what is about to be replaced; raise KeepingError when nobody said that it may be."""
    damaged = _damaged()
    if not damaged and not database.holds_something():
        return None
    if not replace:
        raise KeepingError(
            f"This desk's database {'is damaged' if damaged else 'is not empty'}. --replace (with make: "
            "REPLACE=1) puts the backup in its place, after a copy of what is there now."
        )
    return sqlite.set_aside() if damaged else make_backup()


def _put(folder: Path) -> None:
    engine = database.engine()
    engine.restore(folder / engine.PART)
    if engine is postgres:
        call_command("migrate", interactive=False, verbosity=0)


def settle() -> int:
    """End what was running when the backup was made, and have every process read anew; return how many."""
    with transaction.atomic():
        Worker.objects.all().delete()
        database.have_all_read_anew()
    waiting = list(Reply.objects.filter(state=Reply.State.QUEUED).values_list("pk", flat=True))
    ended = len(takeover.end_orphans(timedelta()))
    return ended + sum(ending.cancel_queued(reply_id) for reply_id in waiting)
