"""The next tier is asked under an answer that was found wanting, once, and only where that can help."""

from uuid import uuid4

import pytest

from assistant import considering, escalating
from assistant.admin.decision import decision_view
from assistant.models import AssistantSettings, Reply
from assistant.settings_snapshot import as_snapshot
from common.clock import ticks
from routing import publishing
from routing.models import LadderStep, ModelCall, Route, RouteOutcome
from routing.publishing import publish
from tests.admin.pages import add_turn, make_conversation
from tests.routing.ledger import outcome

QUESTION = "do you give a discount on pro for registered charities?"

pytestmark = pytest.mark.usefixtures("seeded")


def shown(**more: object) -> Reply:
    """Store an answer of the common route with its outcome."""
    answer = add_turn(make_conversation(), QUESTION, answering_model="gemini-3.5-flash-lite", **more)
    outcome(reply_id=answer.pk, turn_id=answer.turn_id, route=answer.route)
    return answer


def again(answer: Reply) -> Reply | None:
    started = escalating.by_evidence(answer.pk, "cannot_help", ticks(), uuid4())
    return started.reply if started else None


def test_the_larger_models_answer_stands_under_the_first_with_its_reason() -> None:
    answer = shown()
    higher = again(answer)
    assert higher is not None
    assert (higher.turn_id, higher.ordinal, higher.cause) == (answer.turn_id, 2, "escalation")
    assert (higher.route, higher.tier, higher.state) == ("complex", "heavy", "streaming")
    assert decision_view(higher.decision, {}).reason == "The answer above says that it cannot help."
    answer.refresh_from_db()
    assert (answer.escalated, answer.text) == (True, "An answer.")
    row = RouteOutcome.objects.get(pk=answer.pk)
    assert (row.escalated_after, row.escalated_by, row.rolled_up) == (True, "cannot_help", False)
    assert ModelCall.objects.get(reply_id=higher.pk).tier == "heavy"


def test_at_most_once_a_turn_and_never_from_the_top() -> None:
    answer = shown()
    higher = again(answer)
    assert higher is not None
    assert again(answer) is None
    Reply.objects.filter(pk=higher.pk).update(state="completed", ended_by="finish")
    assert again(answer) is None
    assert again(higher) is None
    assert Reply.objects.filter(turn_id=answer.turn_id).count() == 2


@pytest.mark.parametrize(
    "more",
    [
        {"state": "cancelled", "ended_by": "stop"},
        {"state": "truncated", "ended_by": "abandoned"},
        {"state": "failed", "ended_by": "upstream"},
        {"purpose": "demo"},
        {"cause": "escalation"},
        {"cause": "choice"},
        {"tier": "heavy"},  # the last resort of a light route was the larger model already
        {"route": "complex", "tier": "heavy"},
    ],
    ids=str,
)
def test_not_under_an_answer_that_it_is_not_for(more: dict[str, str]) -> None:
    assert again(shown(**more)) is None
    assert Reply.objects.count() == 1


def test_not_once_the_visitor_has_gone_on() -> None:
    answer = shown()
    add_turn(answer.conversation, "and in Germany?")
    assert again(answer) is None


def test_not_without_money_for_it() -> None:
    AssistantSettings.objects.update(daily_cost_cap_usd=0)
    publish(by="test", settings=as_snapshot(AssistantSettings.objects.get()))
    answer = shown()
    assert again(answer) is None
    assert list(Reply.objects.all()) == [answer]
    assert not RouteOutcome.objects.get(pk=answer.pk).escalated_after


def test_not_where_no_larger_model_stands_above() -> None:
    answer = shown()
    LadderStep.objects.filter(route_id="complex").delete()
    LadderStep.objects.create(route_id="complex", position=0, model_id="claude-haiku-5-5")
    publish(by="test")
    assert again(answer) is None
    Route.objects.filter(pk="common").update(escalates_to=None)
    publish(by="test")
    publishing.refresh()
    assert again(answer) is None


def test_a_thumb_escalates_where_the_route_says_so_and_the_answer_is_the_last_thing_shown() -> None:
    answer = shown()
    assert escalating.thumb_escalates(answer, "wrong")
    assert not escalating.thumb_escalates(answer, "tone")
    assert not escalating.thumb_escalates(add_turn(make_conversation(), QUESTION, route="complex"), "wrong")
    add_turn(answer.conversation, "and in Germany?")
    assert not escalating.thumb_escalates(answer, "wrong")
    Route.objects.filter(pk="common").update(escalate_on_evidence=False)
    publish(by="test")
    assert not escalating.thumb_escalates(shown(), "wrong")
    assert escalating.thumb_escalates(shown(route="faq", tier="none"), "")
    assert not escalating.thumb_escalates(shown(route="faq", tier="none"), "tone")


def test_the_page_is_told_from_which_routes_the_next_tier_can_be_asked() -> None:
    assert {"faq", "common", "draft"} <= set(considering.climbing(publishing.current()))
    assert not {"complex", "small_talk", "person"} & set(considering.climbing(publishing.current()))
    Route.objects.filter(pk="complex").update(enabled=False)
    publish(by="test")
    publishing.refresh()
    assert "common" not in considering.climbing(publishing.current())
