"""Rows into PostgreSQL by COPY, a column at a time, with the indexes built after the last of them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import psycopg
from django.db import connection, models

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def escaped(text: str) -> str:
    """Return a text as COPY takes it."""
    return text.translate(_ESCAPES)


class Table:
    """Writes rows of one model; columns that nobody names get the field's default."""

    def __init__(self, model: type[models.Model], named: Sequence[str]) -> None:
        fields = {each.attname: each for each in model._meta.concrete_fields}
        if unknown := set(named) - set(fields):
            raise ValueError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
        rest = [field for name, field in fields.items() if name not in named and not _by_itself(field)]
        columns = [fields[name].column for name in named] + [field.column for field in rest]
        listed = ", ".join(f'"{column}"' for column in columns)
        self.rows = 0
        self._statement = f'COPY "{model._meta.db_table}" ({listed}) FROM STDIN'
        self._end = "".join("\t" + _default(field) for field in rest) + "\n"

    def tails(self, columns: Sequence[Iterable[str]]) -> list[str]:
        """Return the ends of rows, from columns that stay the same from day to day and stand last."""
        return [line + self._end for line in map("\t".join, zip(*columns, strict=False))]

    def write(self, to: "psycopg.Connection[Any]", columns: Sequence[Iterable[str]]) -> None:
        """Copy rows whose columns, the tails last, stand in the order that was named."""
        lines = list(map("\t".join, zip(*columns, strict=False)))
        self.rows += len(lines)
        with to.cursor().copy(self._statement.encode()) as copy:
            for at in range(0, len(lines), 2000):
                copy.write("".join(lines[at : at + 2000]))


def _by_itself(field: "models.Field[Any, Any]") -> bool:
    return isinstance(field, models.AutoField)


def _default(field: "models.Field[Any, Any]") -> str:
    value = field.get_default()
    if value is None:
        return NULL
    if isinstance(field, models.JSONField):
        return escaped(json.dumps(value))
    if isinstance(value, bool):
        return "t" if value else "f"
    return escaped(str(value))


def always(value: str) -> Iterator[str]:
    """Return a column in which every row says the same."""
    return repeat(value)


def texts(values: Iterable[object]) -> list[str]:
    """Return a column of numbers, None for one that is not known."""
    return [NULL if value is None else str(value) for value in values]


def flags(values: Iterable[bool]) -> list[str]:
    """Return a column of truth values."""
    return ["t" if value else "f" for value in values]


@contextmanager
def without_indexes(tables: Sequence[str]) -> Iterator[None]:
    """Drop the constraints and indexes of these tables, and make them again at the end.

    A sorted build of an index takes a fraction of what as many single insertions in random order take.
    """
    constraints = _found(_CONSTRAINTS, [list(tables), list(tables)])
    names = [name for _, name, _ in constraints]
    indexes = _found(_INDEXES, [list(tables), names])
    with connection.cursor() as cursor:
        for table, name, _ in reversed(constraints):
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    # The first half of the constraints makes indexes, by which the foreign keys are then checked.
    made = [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {what}' for table, name, what in constraints]
    keys = [each for each in made if "FOREIGN KEY" in each]
    with connection.cursor() as cursor:
        for statement in [
            *(each for each in made if each not in keys),
            *(what for _, what in indexes),
            *keys,
        ]:
            cursor.execute(statement)
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")


# Foreign keys last, whether of these tables or from others to them.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE (contype IN ('p', 'u', 'f') AND conrelid::regclass::text = ANY(%s))
    OR (contype = 'f' AND confrelid::regclass::text = ANY(%s)) ORDER BY contype = 'f'
"""
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = ANY(%s) AND NOT indexname = ANY(%s)
"""


def _found(statement: str, values: list[list[str]]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[Any] = cursor.fetchall()
    return found
