"""The daily look at the catalogue: what it finds, what becomes of it, and prices that are only proposed."""

import logging
import socket
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.management import call_command

from routing import caring, known_prices, publishing
from routing.care import Finding, Seen, findings, often
from routing.config import ModelSpec, RouteSpec
from routing.models import CatalogueNotice, LadderStep, ModelCall
from tests.example_rows import make_once
from tests.routing.ledger import NOON

TODAY = date(2026, 11, 29)
OLD = ModelSpec("old", "gemini", "gemini", "Old", "lite", 1000, 100, retires_on=TODAY, replaced_by="new")
SOON = ModelSpec("soon", "gemini", "gemini", "Soon", "lite", 1000, 100, retires_on=TODAY + timedelta(days=45))
LATER = ModelSpec("later", "gemini", "gemini", "L", "lite", 1000, 100, retires_on=TODAY + timedelta(days=46))
MODELS = {spec.id: spec for spec in (OLD, SOON, LATER)}
LOST = Seen(not_found=3, said="model: old is not found.")


def route(*ladder: str, enabled: bool = True) -> RouteSpec:
    return RouteSpec("common", "Common", "model", "lite", ladder, enabled=enabled)


@pytest.mark.parametrize(
    ("routes", "seen", "found"),
    [
        ([route("later")], {}, []),
        ([route("soon", "later")], {}, [("soon", "retires")]),
        ([route("old")], {}, [("old", "retired")]),
        ([route("soon", "old")], {}, [("old", "retired"), ("soon", "retires")]),  # the worst first
        ([], {}, []),  # nobody asks it
        ([route("old", enabled=False)], {"old": LOST}, []),
        ([route("later")], {"later": LOST}, [("later", "not_found")]),
        ([route("later")], {"later": Seen(others={"cheap": 2})}, [("later", "other_model")]),
        ([], {"from-the-environment": LOST}, [("from-the-environment", "not_found")]),
    ],
    ids=str,
)
def test_what_is_said_of_the_models_on_the_ladders(
    routes: list[RouteSpec], seen: dict[str, Seen], found: list[tuple[str, str]]
) -> None:
    assert [(each.model, each.kind) for each in findings(MODELS, routes, seen, TODAY)] == found


def test_a_finding_says_what_was_seen_where_and_what_to_do() -> None:
    retired, lost = findings(MODELS, [route("old")], {"old": LOST}, TODAY)
    assert retired.detail == "Retired on 2026-11-29. On the ladders of: Common. Put new in its place."
    assert "answered 3 times" in lost.detail and "model: old is not found" in lost.detail
    assert retired.grave and lost.grave
    assert not Finding("soon", "retires", "").grave


def call(model: str, minutes_ago: int, **more: object) -> None:
    at = NOON - timedelta(minutes=minutes_ago)
    facts = {"asked_model": model, "answering_model": model, "started_at": at, "ended_at": at, **more}
    ModelCall.objects.create(reply_id=uuid4(), route="common", tier="lite", provider="gemini", **facts)


def publish() -> None:
    publishing.publish()
    publishing.refresh(force=True)


@pytest.mark.parametrize(
    ("others", "answered", "much"),
    [
        (1, 1, False),
        (2, 2, True),
        (2, 40, True),
        (2, 41, False),
        (4, 1000, False),
        (5, 1000, True),
        (0, 0, False),
    ],
)
def test_how_often_another_name_is_too_often(others: int, answered: int, much: bool) -> None:
    assert often(others, answered) is much


NOT_FOUND = {"answering_model": "", "error_class": "UnknownModel", "error_detail": "not found"}
LITE, HAIKU = "gemini-3.5-flash-lite", "claude-haiku-5-5"


@pytest.fixture
def catalogue(db: None) -> None:
    make_once("seed", lambda: call_command("seed", verbosity=0))


@pytest.mark.usefixtures("catalogue")
def test_a_notice_opens_counts_and_closes_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    call(LITE, 30, **NOT_FOUND)
    call(LITE, 20, **NOT_FOUND)
    call(HAIKU, 30, **NOT_FOUND)
    call(HAIKU, 10)  # it has answered since
    call("claude-sonnet-5-5", 10, answering_model="claude-sonnet-5-5-20260901")  # the same, dated
    call("gemini-3.8-flash", 10, answering_model="gemini-2.0-flash")
    with caplog.at_level(logging.WARNING, "routing.caring"):
        found = {(row.model, row.kind) for row in caring.check(NOON)}
    assert found == {(LITE, "not_found"), ("gemini-3.8-flash", "other_model")}
    logged = [(record.levelname, record.getMessage().split(":")[0]) for record in caplog.records]
    assert logged == [("ERROR", f"model {LITE}"), ("WARNING", "model gemini-3.8-flash")]
    caring.check(NOON + timedelta(hours=1))
    row = CatalogueNotice.objects.get(model=LITE)
    assert (row.count, row.first_seen, row.last_seen) == (2, NOON, NOON + timedelta(hours=1))
    LadderStep.objects.filter(model_id=LITE).delete()
    assert LITE in [each.model for each in caring.notices()]  # only a draft
    publish()
    assert [each.model for each in caring.notices()] == ["gemini-3.8-flash"]  # gone from the pages at once
    assert caring.check(NOON + timedelta(hours=25)) == []  # a day later: nothing of it was seen again
    assert CatalogueNotice.objects.filter(closed_at=None).count() == 0
    call(LITE, -25 * 60, **NOT_FOUND)
    LadderStep.objects.create(route_id="common", position=9, model_id=LITE)
    publish()
    assert [each.count for each in caring.check(NOON + timedelta(hours=26))] == [1]  # a new notice


def test_known_prices_come_from_the_package_alone_and_follow_the_address() -> None:
    on = datetime(2026, 11, 29, tzinfo=UTC)
    found = known_prices.look_up("gpt-4o-mini", "openai", on)
    assert found is not None
    assert (found.ordinary.input, found.ordinary.output) == (Decimal("0.15"), Decimal("0.6"))
    assert found.source.startswith("genai-prices ")
    assert known_prices.look_up("gpt-4o-mini", "openai", on, "http://127.0.0.1:11434/v1") is None
    assert known_prices.look_up("gpt-4o-mini", "openai", on, "https://api.openai.com/v1") == found
    assert known_prices.look_up("no-such-model", "openai", on) is None
    tiered = known_prices.look_up("gemini-2.5-pro", "gemini", on)
    assert tiered is not None
    assert [line.above for line in tiered.amounts] == [0, 200_000]
    assert tiered.amounts[1].input > tiered.ordinary.input


def test_nothing_of_the_package_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a price was looked for on the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    threads = threading.active_count()
    assert known_prices.look_up("gpt-4o", "openai", datetime(2026, 11, 29, tzinfo=UTC)) is not None
    assert threading.active_count() == threads
