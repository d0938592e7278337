"""Tiers, shares and hours in a stored conversation: what the production path knows of it, and decides by."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command

from assistant import considering, selectors
from assistant.models import AssistantSettings, Conversation, Reply, Turn, Visitor
from assistant.settings_snapshot import as_snapshot
from assistant.who import Who
from routing import publishing
from routing.models import Condition, Route, Rule
from routing.shares import share_of
from tests.example_rows import make_once

HARD = "Compare Pro and Studio for 3 locations and 12 staff: which one is better, and why?"
EASY = (
    "Does it send texts too?",
    "Do you have an iPhone app?",
    "Where are your servers?",
    "Can clients pay by card?",
)


@pytest.fixture
def desk(db: None) -> Iterator[None]:
    make_once("seed without example", lambda: call_command("seed", "--no-example", verbosity=0))
    publishing.forget()
    yield
    publishing.forget()


def ask(conversation: Conversation, text: str, state: str = Reply.State.COMPLETED) -> Reply:
    """Decide a message of a conversation by the production path, and store its answer."""
    who = Who.of(conversation.visitor)
    found = considering.first(who, conversation.pk, text, publishing.current())
    ordinal = conversation.turns.count() + 1
    turn = Turn.objects.create(
        conversation=conversation,
        visitor=conversation.visitor,
        ordinal=ordinal,
        client_message_id=f"m{ordinal}",
        text=text,
    )
    return _answer(turn, found.route.slug, found.record(), state=state)


def _answer(turn: Turn, route: str, decision: object, **fields: object) -> Reply:
    return Reply.objects.create(
        turn=turn,
        conversation=turn.conversation,
        route=route,
        decision=decision,
        text="An answer.",
        ordinal=turn.replies.count() + 1,
        **fields,
    )


@pytest.fixture
def conversation(desk: None) -> Conversation:
    Route.objects.filter(pk="complex").update(sticky_turns=2)
    publishing.publish()
    return Conversation.objects.create(visitor=Visitor.objects.create())


def test_a_conversation_stays_on_its_tier_and_the_receipt_says_so(conversation: Conversation) -> None:
    replies = [ask(conversation, text) for text in (EASY[0], HARD, EASY[1], "thanks!", EASY[2], EASY[3])]
    assert [reply.route for reply in replies] == [
        "common", "complex", "complex", "small_talk", "complex", "common",
    ]  # fmt: skip
    kept = replies[2].decision
    assert (kept["route"], kept["wanted"], kept["stayed"]) == ("complex", "common", 1)
    said = "The rules would have sent this to Common; the conversation stays on Complex for 1 more message."
    assert kept["reason"] == said
    assert kept["rule_name"] == "Everything else"


def test_an_escalation_begins_a_stay_and_a_failure_ends_it(conversation: Conversation) -> None:
    first = ask(conversation, EASY[0])
    assert first.route == "common"
    more = {"cause": Reply.Cause.ESCALATION, "state": Reply.State.COMPLETED}
    _answer(first.turn, "complex", {"route": "complex"}, **more)
    assert ask(conversation, EASY[1], state=Reply.State.FAILED).route == "complex"
    assert ask(conversation, EASY[2]).route == "common", "the tier that failed keeps nobody"


def test_the_rest_of_a_cut_answer_moves_nobody_to_its_tier(conversation: Conversation) -> None:
    Route.objects.filter(pk="long").update(sticky_turns=9)
    publishing.publish()
    first = ask(conversation, EASY[0])
    _answer(first.turn, "long", {}, cause=Reply.Cause.CONTINUE, state=Reply.State.COMPLETED)
    assert ask(conversation, EASY[1]).route == "common"


def test_a_retry_is_in_the_same_share_as_the_first_answer(desk: None) -> None:
    rule = Rule.objects.create(position=0, name="Canary", route_id="complex", reason="A try.")
    Condition.objects.create(rule=rule, signal="share", operator="at_most", value="50")
    publishing.publish()
    routes = {}
    for _ in range(12):
        conversation = Conversation.objects.create(visitor=Visitor.objects.create())
        first = ask(conversation, EASY[0])
        again = Reply(turn=first.turn, conversation=conversation, cause=Reply.Cause.RETRY)
        retried = considering.again(Who.of(conversation.visitor), again, first, publishing.current())
        assert retried.route.slug == first.route == ask(conversation, EASY[1]).route
        routes[str(conversation.pk)] = first.route
    expected = {key: "complex" if share_of(key, str(rule.pk)) <= 50 else "common" for key in routes}
    assert routes == expected


@pytest.mark.parametrize(
    ("at", "time", "open_now"),
    [
        (datetime(2026, 7, 6, 16, 59, tzinfo=ZoneInfo("Europe/Berlin")), "Mon 16:59", True),
        (datetime(2026, 7, 6, 17, 0, tzinfo=ZoneInfo("Europe/Berlin")), "Mon 17:00", False),
        (datetime(2026, 12, 25, 10, 0, tzinfo=ZoneInfo("Europe/Berlin")), "Fri 10:00", False),
    ],
)
def test_rules_see_the_desks_clock_and_its_opening_hours(
    desk: None, at: datetime, time: str, open_now: bool
) -> None:
    AssistantSettings.objects.update(
        time_zone="Europe/Berlin", opening_hours="Mon-Fri 09:00-17:00", closed_on="12-25"
    )
    publishing.publish(settings=as_snapshot(AssistantSettings.objects.get()))
    conversation = Conversation.objects.create(visitor=Visitor.objects.create())
    with time_machine.travel(at, tick=False):
        found = considering.first(
            Who.of(conversation.visitor), conversation.pk, EASY[0], publishing.current()
        )
    assert (found.signals.time, found.signals.open_now) == (time, open_now)
    assert found.record()["signals"]["time"] == time
    assert selectors.facts(Who.of(conversation.visitor), conversation.pk).conversation == str(conversation.pk)
