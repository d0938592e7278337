"""Indexes for tables of millions of rows: made beside running visitors, and one kind that finds words."""

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

# The dictionary that only folds case: visitors write in many languages, and codes and names in none.
DICTIONARY = "simple"
_WORDS = re.compile(r"[^\W_]+")
MOST_WORDS = 8


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
        # Written as SearchVector writes it, or no query would use it.
        expression = f"to_tsvector('{DICTIONARY}'::regconfig, COALESCE(\"{column}\", ''))"
        schema_editor.execute(f'CREATE INDEX CONCURRENTLY "{name}" ON "{table}" USING gin ({expression})')

    def backwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')

    return migrations.RunPython(forwards, backwards)


def words_of(term: str) -> list[str]:
    """Return the words to look for, in lower case."""
    return _WORDS.findall(term.lower())[:MOST_WORDS]


def with_words(rows: "models.QuerySet[Any]", column: str, term: str) -> "models.QuerySet[Any]":
    """Return the rows in whose text all words of `term` stand, each as the beginning of a word.

    By the index that `words_index` made; for PostgreSQL.
    """
    asked = " & ".join(f"{word}:*" for word in words_of(term))
    if not asked:
        return rows.none()
    vector = SearchVector(column, config=DICTIONARY)
    query = SearchQuery(asked, config=DICTIONARY, search_type="raw")
    return rows.annotate(words_found_in=vector).filter(words_found_in=query)
