"""Rows that are costly to make, made once in a test process and put back as they were.

Seeding takes a second, and hundreds of tests start from a seeded desk.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Kept:
    """What the tables that a maker writes to held before and after it."""

    before: dict[str, Rows]
    after: dict[str, Rows]


_kept: dict[str, Kept] = {}


def make_once(name: str, make: Callable[[], object]) -> None:
    """Bring the database to where `make` brings it: by `make` at first, by copied rows from then on.

    The rows are the same each time, with their dates and random keys. Where the tables hold something else
    than they did before the first time, `make` is called again.
    """
    kept = _kept.get(name)
    if kept is not None and _rows(kept.before) == kept.before:
        _put(kept.after)
        return
    before = _rows(connection.introspection.table_names())
    make()
    after = _rows(before)
    touched = [table for table in before if before[table] != after[table]]
    _kept[name] = Kept({each: before[each] for each in touched}, {each: after[each] for each in touched})


def _rows(tables: Iterable[str]) -> dict[str, Rows]:
    with connection.cursor() as cursor:
        return {
            table: cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}").fetchall()
            for table in tables
        }


def _put(tables: dict[str, Rows]) -> None:
    """Replace the rows of each table; keys that name each other are checked when the transaction ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in tables.items():
            name = connection.ops.quote_name(table)
            cursor.execute(f"DELETE FROM {name}")
            if rows:
                places = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f"INSERT INTO {name} VALUES ({places})", rows)
    ContentType.objects.clear_cache()
