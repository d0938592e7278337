"""A change is recorded, counted on both sides, kept when the roll-ups go, and rolled back when it must be."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from routing import flip_figures, flip_rollback, flip_watch, publishing, rollup, rule_sets
from routing.catalogue import seed_routing
from routing.flip_verdicts import Row
from routing.models import (
    CatalogueModel,
    ConfigVersion,
    FlipRecord,
    HourRow,
    LadderStep,
    MinuteRow,
    Route,
    RouteOutcome,
    Rule,
)
from routing.publishing import CannotPublish
from tests.routing.ledger import NOON

LITE, HAIKU = "gemini-3.5-flash-lite", "claude-haiku-5-5"


@pytest.fixture(autouse=True)
def _published(db: None) -> Iterator[None]:
    seed_routing()
    publishing.forget()
    publishing.publish(settings={"name": "Desk", "tone": ""})
    yield
    publishing.forget()


def ladder(slug: str = "common") -> list[str]:
    """Return a route's ladder as the draft holds it."""
    return list(LadderStep.objects.filter(route_id=slug).values_list("model_id", flat=True))


def put(slug: str, *models: str) -> None:
    LadderStep.objects.filter(route_id=slug).delete()
    for place, model in enumerate(models):
        LadderStep.objects.create(route_id=slug, position=place, model_id=model)


def flip(slug: str = "common", *models: str) -> FlipRecord:
    """Publish another ladder at noon, and return its record."""
    put(slug, *(models or (HAIKU,)))
    config = publishing.publish(by="ana", note="Cheaper")
    FlipRecord.objects.filter(config_number=config.number).update(changed_at=NOON + timedelta(seconds=20))
    return FlipRecord.objects.get(config_number=config.number, route_slug=slug)


def answer(minutes: int, n: int, **values: Any) -> None:
    """Store `n` replies that ended so many minutes after noon."""
    facts = {
        "route": "common", "tier": "lite", "state": "completed", "ended_by": "finish", "first_text_ms": 200,
        "total_ms": 900, "input_tokens": 1000, "output_tokens": 100, "cost_pico": 3 * 10**8, **values,
    }  # fmt: skip
    ended = NOON + timedelta(minutes=minutes, seconds=30)
    RouteOutcome.objects.bulk_create(
        RouteOutcome(reply_id=uuid4(), turn_id=uuid4(), ended_at=ended, **facts) for _ in range(n)
    )


def watch(minutes: int) -> list[flip_watch.Said]:
    """Roll up and look at the changes so many minutes after noon."""
    moment = NOON + timedelta(minutes=minutes)
    rollup.roll_up(moment)
    return flip_watch.watch(moment)


def figure(row: FlipRecord, name: str) -> Row:
    row.refresh_from_db()
    return next(found for found in flip_figures.rows(row) if found.name == name)


def running(slug: str = "common") -> tuple[str, ...]:
    publishing.refresh(force=True)
    return publishing.current().routes[slug].ladder


def test_both_sides_are_counted_and_outlive_the_roll_ups() -> None:
    row = flip()
    assert (row.kind, row.old, row.new, row.changed_by, row.why) == (
        "model",
        [LITE, HAIKU],
        [HAIKU],
        "ana",
        "Cheaper",
    )
    assert (row.before_number, row.config_number, row.state) == (1, 2, "watching")
    answer(-90, 40, feedback=1)
    answer(-80, 10, state="failed", first_text_ms=None, total_ms=5000)
    answer(0, 7, state="failed")  # in the minute of the change
    answer(-30, 5, route="complex")
    assert watch(1) == []
    assert (figure(row, "errors").before.hits, figure(row, "errors").before.n) == (10, 50)
    assert not row.before_frozen

    answer(5, 100, first_text_ms=400, cost_pico=10**8, output_tokens=120)
    answer(6, 4, purpose="staff_test")
    watch(70)
    row = FlipRecord.objects.get(pk=row.pk)
    assert row.before_frozen and not row.after_frozen
    for table in (RouteOutcome, MinuteRow, HourRow):
        table.objects.filter(**{f"{_column(table)}__lt": NOON}).delete()
    watch(80)
    errors, cost = figure(row, "errors"), figure(row, "cost")
    assert (errors.before.hits, errors.before.n, errors.after.hits, errors.after.n) == (10, 50, 0, 100)
    assert errors.word == "better"
    assert (cost.before.value, cost.after.value, cost.word) == (3 * 10**8, 10**8, "better")
    assert figure(row, "thumbs").before.hits == 40
    slow = figure(row, "first_text_p50")
    assert slow.before.value == pytest.approx(200, rel=0.02)
    assert slow.after.value == pytest.approx(400, rel=0.02)
    assert (slow.word, figure(row, "output_tokens").word) == ("worse", "more")
    assert "Errors" in row.better and "First text p50" in row.worse

    watch(7 * 24 * 60 + 100)
    row.refresh_from_db()
    assert (row.state, row.after_frozen, row.after_until) == (
        "settled",
        True,
        NOON + timedelta(days=7, minutes=1),
    )
    MinuteRow.objects.all().delete()
    HourRow.objects.all().delete()
    watch(8 * 24 * 60)
    assert figure(row, "errors").after.n == 100


def _column(table: Any) -> str:
    return {RouteOutcome: "ended_at", MinuteRow: "minute", HourRow: "hour"}[table]


def test_the_next_change_ends_the_sides_of_the_one_before() -> None:
    first = flip("common", HAIKU)
    answer(10, 30)
    second = flip("common", LITE)
    FlipRecord.objects.filter(pk=second.pk).update(changed_at=NOON + timedelta(minutes=20))
    answer(30, 50)
    watch(85)
    assert figure(first, "errors").after.n == 30
    assert (figure(second, "errors").before.n, figure(second, "errors").after.n) == (30, 50)
    first.refresh_from_db()
    assert (first.state, first.after_frozen) == ("settled", True)


def test_a_change_of_rules_shows_where_messages_went() -> None:
    Rule.objects.filter(name="Free plan").update(enabled=False)
    config = publishing.publish(by="ben")
    row = FlipRecord.objects.get(config_number=config.number)
    FlipRecord.objects.update(changed_at=NOON)
    assert (row.route_slug, row.kind, row.changes[0]["text"]) == ("all", "rules", "is switched off")
    answer(-5, 50)
    answer(-5, 50, route="complex")
    answer(5, 90)
    answer(5, 10, route="complex")
    watch(10)
    row.refresh_from_db()
    assert {each.name: (each.before.hits, each.after.hits) for each in flip_figures.share_rows(row)} == {
        "common": (50, 90),
        "complex": (50, 10),
    }
    assert figure(row, "errors").before.n == 100
    with pytest.raises(CannotPublish, match="as a whole"):
        flip_rollback.review(row)


# ---- gates ---------------------------------------------------------------------------------------


def gated(**limits: float) -> FlipRecord:
    Route.objects.filter(slug="common").update(**(limits or {"gate_error_rate": 0.05}))
    answer(-60, 300)
    return flip()


def test_a_broken_limit_rolls_back_once_and_is_seen() -> None:
    row = gated()
    assert ladder() == [HAIKU] and running() == (HAIKU,)
    answer(5, 200)
    answer(5, 100, state="failed")
    (said,) = watch(7)
    assert said.rolled_back and "Errors went from 0.0% of 300 replies to 33.3% of 300" in said.text
    assert watch(8) == [] and watch(9) == []
    assert running() == (LITE, HAIKU) and ladder() == [LITE, HAIKU]
    assert rule_sets.unpublished() == []
    version = ConfigVersion.objects.first()
    assert version is not None
    assert (version.number, version.created_by) == (3, "automatic")
    assert version.note.startswith("Back to version 1 on this route: Errors went")
    row.refresh_from_db()
    undo = FlipRecord.objects.get(config_number=3)
    assert (row.state, row.gate, undo.undoes, undo.changed_by) == ("rolled_back", "failed", row, "automatic")
    assert (undo.old, undo.new) == ([HAIKU], [LITE, HAIKU])
    # What the rollback brings back is not rolled back in its turn.
    FlipRecord.objects.filter(pk=undo.pk).update(changed_at=NOON + timedelta(minutes=10))
    answer(15, 300, state="failed")
    assert watch(20) == [] and ConfigVersion.objects.count() == 3


def test_few_replies_or_a_small_difference_roll_nothing_back() -> None:
    row = gated()
    answer(5, 15, state="failed")
    assert watch(7) == []
    row.refresh_from_db()
    assert (row.state, row.gate) == ("watching", "few")
    answer(8, 400)
    assert watch(9) == []
    row.refresh_from_db()
    assert (row.state, row.gate, running()) == ("watching", "held", (HAIKU,))


def test_without_a_limit_nothing_is_rolled_back() -> None:
    answer(-60, 300)
    row = flip()
    answer(5, 300, state="failed")
    assert watch(7) == []
    row.refresh_from_db()
    assert (row.state, row.gate, row.worse) == ("watching", "none", ["Errors"])


def test_a_rollback_that_cannot_be_made_is_told_once_and_changes_nothing() -> None:
    row = gated()
    LadderStep.objects.filter(model_id=LITE).delete()
    publishing.publish(by="ben")  # off every ladder, so that it can leave the catalogue
    CatalogueModel.objects.filter(pk=LITE).delete()
    publishing.publish(by="ben", rule_set=False)
    before = ConfigVersion.objects.count()
    answer(5, 300, state="failed")
    (said,) = watch(7)
    assert not said.rolled_back and "no longer in the catalogue" in said.text
    assert watch(8) == []
    row.refresh_from_db()
    assert (row.state, row.gate, ConfigVersion.objects.count()) == ("watching", "refused", before)
    assert "It was not rolled back" in row.gate_words


def test_a_route_that_was_changed_since_is_left_as_it_is() -> None:
    row = gated()
    answer(5, 300, state="failed")
    Route.objects.filter(slug="common").update(instructions="Think twice.")
    config = publishing.publish(by="ben")
    FlipRecord.objects.filter(config_number=config.number).update(changed_at=NOON + timedelta(minutes=6))
    (said,) = watch(7)
    assert not said.rolled_back and "changed again since" in said.text and watch(8) == []
    assert ConfigVersion.objects.count() == config.number
    with pytest.raises(CannotPublish, match=f"changed again since, in version {config.number}"):
        flip_rollback.roll_back(row, "ana", "")


# ---- by hand -------------------------------------------------------------------------------------


def test_a_rollback_leaves_what_others_have_published_and_drafted() -> None:
    Route.objects.filter(slug="common").update(instructions="Sell, sell, sell.")
    row = flip()
    assert row.kind == "both"
    put("complex", "gemini-3.8-flash")
    Route.objects.filter(slug="common").update(total_s=50)
    publishing.publish(by="ben", note="Another route, and a deadline")
    Rule.objects.filter(name="Free plan").update(enabled=False)  # ... and what is still a draft
    Route.objects.filter(slug="common").update(instructions="Drafted by somebody.")
    put("draft", HAIKU)

    shown = flip_rollback.review(row)
    assert shown.left_in_draft == ("instructions",)
    assert {change.text for change in shown.review.changes} == {
        "asks other models, or in another order",
        "instructions",
    }
    with pytest.raises(rule_sets.Stale):
        flip_rollback.roll_back(row, "ana", "", seen="not what was shown")
    config = flip_rollback.roll_back(row, "mia", "Too pushy", seen=shown.review.seen)

    assert running() == (LITE, HAIKU) and "Sell" not in config.routes["common"].instructions
    assert config.routes["complex"].ladder == ("gemini-3.8-flash",)
    assert config.routes["common"].deadlines.total_s == 50
    assert "Free plan" in {rule.name for rule in config.rules}, "a draft stays a draft"
    assert config.routes["draft"].ladder != (HAIKU,)
    assert (ladder(), ladder("draft")) == ([LITE, HAIKU], [HAIKU])
    assert Route.objects.get(slug="common").instructions == "Drafted by somebody."
    left = [(change.part, change.name) for change in rule_sets.unpublished()]
    assert left == [("rule", "Free plan"), ("route", "Common"), ("route", "Free plan")]
    row.refresh_from_db()
    undo = FlipRecord.objects.get(config_number=config.number)
    assert (row.state, undo.undoes_id, undo.changed_by) == ("rolled_back", row.pk, "mia")
    with pytest.raises(CannotPublish, match="rolled back already"):
        flip_rollback.roll_back(row, "mia", "")


def test_a_change_of_the_assistants_settings_goes_back_there() -> None:
    publishing.publish(by="ana", settings={"name": "Desk", "tone": "Warm"})
    rows = FlipRecord.objects.filter(config_number=2)
    assert {row.kind for row in rows} == {"prompt"} and rows.count() == 6
    with pytest.raises(CannotPublish, match="change them back there"):
        flip_rollback.review(rows[0])


def test_a_change_without_a_transfer_test_says_nothing_of_one() -> None:
    assert flip().transfer_passed is None
