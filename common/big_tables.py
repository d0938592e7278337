"""Indexes for tables of millions of rows: made beside running visitors, and one kind that finds words."""

import re
from typing import Any

from django.db import connections, migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

# The dictionary that only folds case: visitors write in many languages, and codes and names in none.
DICTIONARY = "simple"
_WORDS = re.compile(r"[^\W_]+")
MOST_WORDS = 8
LOOKED_AT = 4_000  # rows whose words are looked at one by one: some ten milliseconds


class AddIndexBeside(migrations.AddIndex):
    """Adds an index; on PostgreSQL without keeping anybody from writing meanwhile.

    For migrations with `atomic = False`. One that was interrupted leaves an invalid index behind, which
    the next try drops first.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: Any
    ) -> None:
        """Make the index."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        editor: Any = schema_editor
        editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{self.index.name}"')
        editor.add_index(model, self.index, concurrently=True)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: Any
    ) -> None:
        """Drop the index."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{self.index.name}"')


def words_index(table: str, column: str, name: str) -> migrations.RunPython:
    """Return the operation that makes the index of the words of a text column, on PostgreSQL only."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
        # Written as newest_with_words writes it, or it would find nothing by it.
        expression = f"to_tsvector('{DICTIONARY}'::regconfig, COALESCE(\"{column}\", ''))"
        schema_editor.execute(f'CREATE INDEX CONCURRENTLY "{name}" ON "{table}" USING gin ({expression})')
        # Without figures of how often words come, the planner would take every word for a rare one.
        schema_editor.execute(f'ANALYZE "{table}"')

    def backwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')

    return migrations.RunPython(forwards, backwards)


def words_of(term: str) -> list[str]:
    """Return the words to look for, in lower case."""
    return _WORDS.findall(term.lower())[:MOST_WORDS]


def newest_with_words(
    rows: "models.QuerySet[Any]", column: str, at: str, wanted: str, term: str, most: int
) -> list[Any]:
    """Return `wanted` of the newest rows (by `at`), at most `most`, in whose `column` all words stand.

    Each word of `term` may be the beginning of one. For PostgreSQL, with the index of `words_index`: the
    newest LOOKED_AT rows are read one by one, which finds words that come often; what is rarer than that is
    found by the index, which knows no order and would bring a common word's every row.
    """
    asked = " & ".join(f"{word}:*" for word in words_of(term))
    if not asked:
        return []
    table, fields = rows.model._meta.db_table, rows.model._meta.get_field
    names = {"text": fields(column).column, "at": fields(at).column, "wanted": fields(wanted).column}
    match = "to_tsvector('simple', COALESCE({}, '')) @@ to_tsquery('simple', %s)"
    listed = ", ".join(f'"{name}" AS {alias}' for alias, name in names.items())
    # Only names of our own tables and columns are put in; what somebody typed travels as a parameter.
    newest = f'SELECT {listed} FROM "{table}" ORDER BY "{names["at"]}" DESC LIMIT {LOOKED_AT}'  # noqa: S608
    lately = f"SELECT wanted FROM ({newest}) AS lately WHERE {match.format('text')}"  # noqa: S608
    every = f'SELECT {listed} FROM "{table}" WHERE {match.format(_quoted(names["text"]))}'  # noqa: S608
    ever = f"WITH found AS MATERIALIZED ({every}) SELECT wanted FROM found"  # noqa: S608
    with connections[rows.db].cursor() as cursor:
        for statement in (lately, ever):
            cursor.execute(f"{statement} ORDER BY at DESC LIMIT {int(most)}", [asked])
            found = cursor.fetchall()
            if len(found) >= most:
                break
    return [value for (value,) in found]


def _quoted(column: str) -> str:
    return f'"{column}"'
