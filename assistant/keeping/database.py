"""What is the same for both databases: what is in one, who uses it, and whether it fits this release."""

from collections.abc import Iterable, Mapping
from types import ModuleType

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from assistant.keeping import postgres, sqlite
from assistant.models import Conversation, Reply, Request, Worker
from common.clock import now
from common.versions import raise_version
from faq import index
from faq.models import Entry, Phrasing
from routing import publishing
from routing.models import ModelCall, RouteOutcome, Rule

COUNTED = (Conversation, Reply, Request, Entry, Phrasing, Rule, ModelCall, RouteOutcome, get_user_model())
# Rows that somebody would miss: a database with any of them is replaced only on demand.
MISSED = (Conversation, Request, Entry, Rule, get_user_model())


def engine() -> ModuleType:
    """Return the module that knows this desk's kind of database."""
    return postgres if connections[DEFAULT_DB_ALIAS].vendor == "postgresql" else sqlite


def engine_name() -> str:
    """Return what a manifest calls this desk's kind of database."""
    return connections[DEFAULT_DB_ALIAS].vendor


def tables() -> set[str]:
    """Return the names of the tables that are there, none for a file that does not exist."""
    if engine() is sqlite and not sqlite.path_of().exists():
        return set()
    return set(connections[DEFAULT_DB_ALIAS].introspection.table_names())


def counts() -> dict[str, int]:
    """Return how many rows there are of what an operator knows by name, in the tables that are there."""
    there = tables()
    return {
        str(model._meta.verbose_name_plural): model._default_manager.count()
        for model in COUNTED
        if model._meta.db_table in there
    }


def is_in_use() -> bool:
    """Return whether a web process holds a lease on replies of this database."""
    return Worker._meta.db_table in tables() and Worker.objects.filter(expires_at__gt=now()).exists()


def holds_something() -> bool:
    """Return whether the database has rows that somebody would miss; reads no column, so any release's."""
    there = tables()
    if not there:
        return False  # also: opening a SQLite file would make it
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        for model in MISSED:
            if model._meta.db_table in there:
                cursor.execute(f"SELECT 1 FROM {model._meta.db_table} LIMIT 1")  # noqa: S608 - our own names
                if cursor.fetchone():
                    return True
    return False


def applied() -> dict[str, tuple[str, ...]]:
    """Return the migrations that were applied, by app."""
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations()):
        found.setdefault(app, []).append(name)
    return {app: tuple(names) for app, names in found.items()}


def unknown(migrations: Mapping[str, Iterable[str]]) -> list[str]:
    """Return which migrations this release does not have, of the apps that it has."""
    loader = MigrationLoader(None)
    ours = set(loader.disk_migrations or ())
    apps = {app for app, _ in ours}
    return [
        f"{app}.{name}"
        for app, names in migrations.items()
        if app in apps
        for name in names
        if (app, name) not in ours
    ]


def have_all_read_anew() -> int:
    """Have every process load FAQ and configuration again; return the FAQ's new version."""
    with transaction.atomic():
        raise_version(publishing.VERSION)
        return raise_version(index.VERSION)
