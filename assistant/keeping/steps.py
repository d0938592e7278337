"""The steps of an upgrade, in order. Each may be run again: after a kill nobody knows how far it was."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from assistant import readiness, roles
from assistant.keeping import backup, database, packages, version
from assistant.keeping.errors import KeepingError
from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from faq import index
from routing import catalogue, publishing
from routing.models import Route

LOCK = version.ROOT / "requirements.lock"


@dataclass(frozen=True)
class Step:
    """One step; `run` returns what it did in a few words. Raises KeepingError, or what Django raises."""

    name: str
    run: Callable[[], str]


def steps(price_list: Path) -> tuple[Step, ...]:
    """Return the steps of an upgrade that brings the catalogue up to `price_list`.

    What may be refused stands before the backup, what changes something after it.
    """
    return (
        Step("packages", _packages),
        Step("check", _check),
        Step("backup", lambda: str(backup.make_backup())),
        Step("migrate", _migrate),
        Step("catalogue", lambda: _catalogue(price_list)),
        Step("roles", _roles),
        Step("index", _index),
        Step("static", _static),
        Step("look", _look),
    )


def pending() -> list[str]:
    """Return the migrations that this release has and the database has not."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def catalogue_differs(price_list: Path) -> bool:
    """Return whether bringing the catalogue up to date would change a row; changes none."""
    with transaction.atomic():
        added, changed = catalogue.load_catalogue(_models(price_list))
        transaction.set_rollback(True)
    return bool(added or changed)


def _packages() -> str:
    wrong = packages.differing(LOCK.read_text(encoding="utf-8"), packages.installed())
    if wrong:
        shown = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        raise KeepingError(
            f"The installed packages are not those of requirements.lock ({shown}): "
            "run make upgrade, which installs them first."
        )
    return "as in requirements.lock"


def _check() -> str:
    """Refuse a database of a newer release, and settings that this one would not start with."""
    if not database.tables():
        raise KeepingError(
            "There is no database yet: a new desk is begun by make run, or as docs/deployment.md says."
        )
    newer = database.unknown(database.applied())
    if newer:
        raise KeepingError(
            f"This database was made by a newer release (it has {', '.join(newer)}): "
            "check that release out, or restore a backup of this one."
        )
    call_command("check", deploy=not settings.DEBUG, fail_level="ERROR", stdout=StringIO())
    return "settings and tables fit this release"


def _migrate() -> str:
    todo = pending()
    call_command("migrate", interactive=False, verbosity=0)
    return f"applied {', '.join(todo)}" if todo else "nothing to apply"


def _models(price_list: Path) -> list[dict[str, object]]:
    try:
        return catalogue.read_file(price_list)
    except (ValueError, KeyError, TypeError) as error:
        raise KeepingError(f"{price_list} is no catalogue ({type(error).__name__}: {error}).") from error


@transaction.atomic
def _catalogue(price_list: Path) -> str:
    """Bring the model facts up to the release's, but for what staff changed, and publish the outcome."""
    drafted = publishing.unpublished()
    added, changed = catalogue.load_catalogue(_models(price_list))
    if not Route.objects.exists():
        raise KeepingError("This desk has no routes yet: run manage.py seed, which makes the first ones.")
    # No page lets a draft lose its last rule: rows like that were written by hand, and are said at once.
    publishing.check_rules(publishing.draft_content())
    row = AssistantSettings.objects.first()
    config = publishing.publish(
        by="upgrade",
        note=f"Upgrade to {version.current()}",
        settings=as_snapshot(row) if row else None,
        rule_set=not drafted,
    )
    done = f"{added} models added, {changed} changed; configuration {config.number}"
    return f"{done}; {len(drafted)} changes of rules and routes stay a draft" if drafted else done


def _roles() -> str:
    try:
        roles.ensure_roles()
    except LookupError as error:
        raise KeepingError(str(error.args[0])) from error
    return ", ".join(roles.ROLES)


def _index() -> str:
    """Let every process build its index anew; it may be made of other tables of words since."""
    number = database.have_all_read_anew()
    index.refresh(force=True)
    return f"FAQ version {number}"


def _static() -> str:
    if settings.DEBUG:
        return "not collected while DEBUG is on"
    call_command("collectstatic", interactive=False, verbosity=0)
    return str(settings.STATIC_ROOT)


def _look() -> str:
    """Say what is still red. It ends no upgrade: Redis may be stopped now, and its return mends that."""
    red = [f"{check.name}: {check.detail}" for check in readiness.all_checks() if not check.ok]
    return "; ".join(red) if red else "ready"
