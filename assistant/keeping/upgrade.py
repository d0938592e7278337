"""Bringing a desk's data to the release that is checked out, in steps that can be taken up again."""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.exceptions import BadMigrationError, CircularDependencyError, NodeNotFoundError
from django.db.migrations.loader import MigrationLoader

from assistant.keeping import progress, version
from assistant.keeping.errors import KeepingError
from assistant.keeping.progress import Progress, Target
from assistant.keeping.steps import LOCK, Step, catalogue_differs, pending, steps
from common.clock import now
from routing.catalogue import FILE as CATALOGUE
from routing.config import ConfigError

LOCK_FILE = "upgrade.lock"
ADVISORY = 7_203_114_501  # of PostgreSQL; any number that nothing else in this database takes

# What a step may end in, apart from a defect: a defect's traceback helps more than a sentence would.
REFUSALS = (
    CommandError, DatabaseError, ConfigError, OSError,
    BadMigrationError, CircularDependencyError, NodeNotFoundError,
)  # fmt: skip

Say = Callable[[str], None]


def upgrade(folder: Path, say: Say, price_list: Path = CATALOGUE) -> bool:
    """Run the steps that are left of the upgrade to this checkout; return whether there was one.

    Raises KeepingError when another upgrade runs, and when a step fails: running it again goes on there.
    """
    with _alone(folder):
        target = _target()
        known = progress.read(folder)
        if known and known.target == target and known.finished_at and not _stale(price_list):
            say(f"Nothing to do: this desk is at {target} since {known.finished_at}.")
            return False
        state = _begin(known, target, say)
        for step in steps(price_list):
            state = _take(step, state, folder, say)
        progress.write(folder, replace(state, finished_at=_stamp()))
        say(f"Upgraded to {target}.")
        return True


def _begin(known: Progress | None, target: Target, say: Say) -> Progress:
    if known and known.target == target and not known.finished_at:
        why = f": {known.failure}" if known.failure else ""
        say(f"Going on with the upgrade to {target}, which ended in the step “{known.step}”{why}")
        return known
    say(f"Upgrade from {known.target} to {target}." if known else f"Upgrade to {target}.")
    return Progress(target=target, started_at=_stamp())


def _take(step: Step, state: Progress, folder: Path, say: Say) -> Progress:
    """Run one step unless it has been done; a failure is stored with its name before it is raised."""
    if step.name in state.done:
        say(f"{step.name:<10} done before{f': {state.backup}' if step.name == 'backup' else ''}")
        return state
    state = state.begun(step.name)
    progress.write(folder, state)
    try:
        told = step.run()
    except (KeepingError, *REFUSALS) as error:
        sentence = " ".join(str(error).split()) or type(error).__name__
        progress.write(folder, replace(state, failure=sentence))
        raise KeepingError(
            f"The step “{step.name}” failed: {sentence} Run make upgrade again: it goes on there."
        ) from error
    state = state.ended(step.name)
    state = replace(state, backup=told) if step.name == "backup" else state
    progress.write(folder, state)
    say(f"{step.name:<10} {told}")
    return state


def _stale(price_list: Path) -> bool:
    """Return whether a finished upgrade does not count: the database was replaced by an older one."""
    return bool(pending()) or catalogue_differs(price_list)


def _stamp() -> str:
    return now().isoformat(timespec="seconds")


def _target() -> Target:
    """Return where an upgrade goes: also without git, two checkouts that differ have different marks."""
    names = sorted(".".join(key) for key in MigrationLoader(None).disk_migrations or ())
    read = (LOCK.read_bytes(), CATALOGUE.read_bytes(), json.dumps(names).encode())
    mark = hashlib.sha256(b"\0".join(read)).hexdigest()[:16]
    return Target(version.current(), version.commit(), mark)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold this desk's upgrade for the block. Raises KeepingError when somebody else holds it.

    On PostgreSQL the database is held as well: another machine's upgrade has another folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KeepingError("Another upgrade of this desk is running: wait for its end.") from None
        if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
            _hold_database()
        yield


def _hold_database() -> None:
    """Take PostgreSQL's lock for this session, which ends with this process, whatever ends it."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY])
            row = cursor.fetchone()
    except DatabaseError as error:
        raise KeepingError(f"The database does not answer: {' '.join(str(error).split())}") from error
    if not (row and row[0]):
        raise KeepingError("Another machine is upgrading this desk's database: wait for its end.")
