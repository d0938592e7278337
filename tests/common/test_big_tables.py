"""Words and estimates on a real PostgreSQL: the newest rows with all words, and no count of every row."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from common import big_tables
from common.big_tables import newest_with_words, words_index
from common.clock import now
from common.keyset import count_of
from faq.models import AskedQuestion
from tests.postgres import running_postgres

ALIAS = "words"
TEXTS = (
    "How do I reset my password?",
    "Where are the settings of reminders?",
    "PASSWORDS of my team",
    "100% of webhook_url; DROP TABLE",
)


@pytest.fixture(scope="module")
def asked(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[UUID, str]]:
    """Store 40 questions in a table of PostgreSQL with the index of their words; return their texts."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url, django_db_blocker.unblock():
        where, name = url.removeprefix("postgresql://").split("/")
        user, address = where.split("@")
        host, port = address.split(":")
        own = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": user,
            "HOST": host,
            "PORT": port,
        }
        connections.databases[ALIAS] = {**connections["default"].settings_dict, **own, "OPTIONS": {}}
        try:
            yield _filled()
        finally:
            connections[ALIAS].close()
            del connections[ALIAS], connections.databases[ALIAS]


def _filled() -> dict[UUID, str]:
    with connections[ALIAS].schema_editor() as editor:
        editor.create_model(AskedQuestion)
    operation: Any = words_index("faq_askedquestion", "text", "faq_asked_by_words")
    with connections[ALIAS].schema_editor(atomic=False) as editor:
        operation.code(None, editor)
        operation.code(None, editor)  # as after one that was interrupted
    rows = [AskedQuestion(text=TEXTS[number % 4], route="common") for number in range(40)]
    AskedQuestion.objects.using(ALIAS).bulk_create(rows)
    for number, row in enumerate(rows):
        mine = AskedQuestion.objects.using(ALIAS).filter(pk=row.pk)
        mine.update(created_at=now() - timedelta(hours=number))
    return {row.pk: row.text for row in rows}


def found(asked: dict[UUID, str], term: str, most: int = 100) -> list[str]:
    rows = AskedQuestion.objects.using(ALIAS).all()
    return [asked[pk] for pk in newest_with_words(rows, "text", "created_at", "uuid", term, most)]


@pytest.mark.parametrize("looked_at", [2, 4_000])
@pytest.mark.parametrize(
    ("term", "texts"),
    [
        ("password", {TEXTS[0], TEXTS[2]}),
        ("Reset PASS", {TEXTS[0]}),
        ("password settings", set()),
        ("url", {TEXTS[3]}),
        ("100%' & !x | (", set()),
        ("%", set()),
        ("zanzibar", set()),
    ],
)
def test_all_words_are_found_however_few_rows_are_looked_at_first(
    asked: dict[UUID, str], monkeypatch: pytest.MonkeyPatch, looked_at: int, term: str, texts: set[str]
) -> None:
    monkeypatch.setattr(big_tables, "LOOKED_AT", looked_at)
    seen = found(asked, term)
    assert set(seen) == texts
    assert len(seen) == 10 * len(texts)


def test_the_newest_are_found_and_no_more_than_asked_for(asked: dict[UUID, str]) -> None:
    assert found(asked, "password", most=3) == [TEXTS[0], TEXTS[2], TEXTS[0]]


def test_few_rows_are_counted_and_many_estimated(
    asked: dict[UUID, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = AskedQuestion.objects.using(ALIAS).all()
    assert str(count_of(rows, whole=True)) == "40"
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("ANALYZE faq_askedquestion")
    monkeypatch.setattr("common.keyset.EXACT_UP_TO", 5)
    assert str(count_of(rows, whole=True)) == "about 40"
    assert str(count_of(rows.filter(route="common"), whole=False)) == "about 40"


def test_elsewhere_there_is_no_such_index() -> None:
    operation: Any = words_index("faq_askedquestion", "text", "faq_asked_by_words")
    executed: list[str] = []
    editor = SimpleNamespace(connection=SimpleNamespace(vendor="sqlite"), execute=executed.append)
    operation.code(None, editor)
    operation.reverse_code(None, editor)
    assert executed == []
