"""A route that asks for a passing transfer test: publishing is refused, then allowed, and one may go back."""

from collections.abc import Callable

import pytest

from routing import publishing, rule_sets, setup
from routing.models import FlipRecord, LadderStep, Route, TransferCase
from routing.publishing import CannotPublish
from tests.control import Control
from tests.transfer.conftest import Run

Only = Callable[..., TransferCase]


def publish() -> int:
    return rule_sets.publish("admin", "", rule_sets.review().seen).number


def refused() -> list[str]:
    return [finding.text for finding in rule_sets.review().refused]


@pytest.fixture
def asking(upstream: Control, only: Only, run: Run) -> str:
    """Have `common` ask for a passing test, its own models tested, and return a model that is not on it."""
    only(max_first_text_ms=None)
    Route.objects.filter(slug="common").update(needs_transfer_test=True)
    ladder = publishing.current().routes["common"].ladder
    assert len(refused()) == len(ladder), "asking for it asks it of who is there"
    for model in ladder:
        run("model", model=model, route="common", draft=True)
    publish()
    others = publishing.current().routes["scaffold"].ladder + publishing.current().routes["complex"].ladder
    return next(model for model in others if model not in ladder)


def put_first(model: str) -> None:
    LadderStep.objects.filter(route_id="common").update(position=9)
    LadderStep.objects.create(route_id="common", model_id=model, position=10)


def test_publishing_is_refused_then_allowed(asking: str, upstream: Control, run: Run) -> None:
    before = publishing.current().number
    put_first(asking)
    (finding,) = refused()
    assert asking in finding and "Common" in finding and "the page Transfer tests" in finding
    with pytest.raises(CannotPublish, match="has passed no transfer test on Common"):
        publish()
    assert publishing.current().number == before

    upstream.fault("obey", model=asking, times=1)
    run("model", model=asking, route="common", draft=True)
    assert refused(), "a failing run opens nothing"
    run("model", model=asking, route="common", draft=True)
    assert refused() == []
    passed = publish()
    change = FlipRecord.objects.get(config_number=passed, route_slug="common")
    assert change.transfer_passed is True and change.transfer_words.startswith("Passed: 1 of 1 case passed")
    assert change.transfer_path.startswith("/admin/transfer/")

    TransferCase.objects.filter(active=True).update(must_say="something else")
    assert refused() == [], "what is live already does not stand in the way of other changes"
    Route.objects.filter(slug="common").update(instructions="Answer in one sentence.")
    assert len(rule_sets.review().warnings) >= 1

    shown = rule_sets.review_back(before)
    assert shown.refused == ()
    back = rule_sets.go_back(before, "admin", "", shown.seen)
    assert (back.number, asking in back.routes["common"].ladder) == (passed + 1, False)
    forward = rule_sets.review_back(passed)
    assert rule_sets.go_back(passed, "admin", "", forward.seen).routes["common"].ladder[-1] == asking


def test_another_prompt_wants_another_test(asking: str) -> None:
    Route.objects.filter(slug="common").update(instructions="Answer in one sentence.")
    assert len(refused()) == len(publishing.current().routes["common"].ladder)


def test_setting_up_models_is_refused_as_well(asking: str) -> None:
    put_first(asking)
    with pytest.raises(CannotPublish, match="has passed no transfer test"):
        setup._check_tested()
