"""Live chats by time alone, the silence beside a person, and what models and figures are told of both."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from assistant import considering, live_states, selectors, services, told
from assistant.live_states import Standing, due
from assistant.models import Conversation, Mailed, Reply, Request
from assistant.person import inbox, live, live_care, live_visitor, requests
from assistant.privacy.erasing import erase
from assistant.privacy.exporting import export
from assistant.prompts import PastTurn
from assistant.reserved import reserve
from assistant.who import Who
from assistant.words.live import LIVE
from common.clock import now, ticks
from routing.models import ModelCall, RouteOutcome
from routing.tally import of_replies
from tests.admin.conftest import seeded  # noqa: F401 - a fixture
from tests.admin.pages import add_turn, make_conversation
from tests.assistant.test_live import (  # noqa: F401 - fixtures among them
    always_open,
    anna,
    ask,
    gone,
    said,
    someone,
    view,
)
from tests.routing.ledger import outcome

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "over", "visitor", "staff", "email", "move"),
    [
        ("offered", False, 0, 0, True, ""),
        ("offered", True, 0, 0, True, "lapse"),
        ("waiting", False, 1, 0, False, ""),
        ("waiting", True, 0, 0, False, "give_up"),
        ("waiting", False, 3, 0, True, "mail_instead"),
        ("waiting", False, 3, 0, False, "leave"),
        ("with_staff", False, 9, 9, False, ""),
        ("with_staff", False, 11, 0, True, "leave"),
        ("with_staff", False, 0, 11, True, "lose"),
        ("with_staff", False, 11, 11, False, "leave"),
        ("closed", True, 60, 60, False, ""),
        ("", True, 60, 60, False, ""),
    ],
)
def test_the_clock_moves_what_has_waited_too_long_and_nothing_else(
    state: str, over: bool, visitor: int, staff: int, email: bool, move: str
) -> None:
    until = NOW - MINUTE if over else NOW + MINUTE
    standing = Standing(state, NOW - 60 * MINUTE, until, NOW - visitor * MINUTE, NOW - staff * MINUTE, email)
    assert due(standing, NOW) == move
    assert not move or live_states.allowed(move, state)


def test_every_language_has_every_sentence_of_its_own() -> None:
    for name in LIVE["en"].__dataclass_fields__:
        sentences = [getattr(words, name) for words in LIVE.values()]
        assert all(sentences) and len(set(sentences)) == len(LIVE), name


def test_nobody_comes_it_is_said_once_and_counted_as_failed(anna: User) -> None:  # noqa: F811
    request, mailed = ask(someone()), ask(someone(), email="a@visitor.example")
    live_care.sweep()
    assert view(request)["state"] == "waiting"
    Request.objects.update(live_until=now())
    for _ in range(2):
        live_care.sweep()
    for row in (request, mailed):
        row.refresh_from_db()
        assert (row.live, row.state) == ("failed", Request.State.NEW) and row.live_failed_at
    assert [text[:6] for text in said(request)] == ["The te", "Nobody"]
    assert "a…@visitor.example" in said(mailed)[-1] and mailed.mail_state == Mailed.MailState.PENDING
    assert request.mail_state == Mailed.MailState.NONE


def test_a_failed_handoff_counts_once_for_the_answer_before_it_and_one_that_was_taken_does_not(
    anna: User,  # noqa: F811
) -> None:
    conversations = [make_conversation() for _ in range(3)]
    answers = [add_turn(each, "Where is my invoice?") for each in conversations]
    for answer in answers:
        outcome(reply_id=answer.pk, rolled_up=True)
    in_vain, mailed, taken = (
        ask(Who(each.visitor_id, address=uuid.uuid4().hex), each.pk) for each in conversations
    )
    live.take(taken.pk, anna)
    RouteOutcome.objects.update(rolled_up=True)
    Request.objects.filter(pk=in_vain.pk).update(live_until=now())
    live_visitor.do(Who(mailed.visitor_id), mailed.pk, "email", "a@visitor.example")
    for _ in range(2):
        live_care.sweep()
    live.close(taken.pk, anna)
    for answer, failed in zip(answers, (True, True, False), strict=True):
        row = RouteOutcome.objects.get(pk=answer.pk)
        assert (row.handed_off, row.handoff_failed, row.rolled_up) == (True, failed, not failed)
    assert of_replies(RouteOutcome.objects.all())["handoffs_failed"] == 2


def test_a_page_that_is_open_keeps_its_place_and_one_that_is_gone_does_not(anna: User) -> None:  # noqa: F811
    here, left = ask(someone()), ask(someone())
    Request.objects.update(visitor_seen_at=now() - timedelta(minutes=3))
    assert here.conversation_id is not None
    live_care.seen([here.conversation_id])
    live_care.sweep()
    assert (view(here)["state"], view(left)["state"]) == ("waiting", "closed")


def test_who_waits_for_a_mail_with_the_page_open_can_be_offered_a_chat(anna: User) -> None:  # noqa: F811
    gone(anna, timedelta(hours=1))
    here, left, done = (ask(someone(), email=f"{name}@visitor.example") for name in "abc")
    Request.objects.filter(pk=done.pk).update(state=Request.State.ANSWERED)
    assert here.conversation_id is not None and done.conversation_id is not None
    live_care.seen_by_mail({here.conversation_id, done.conversation_id})
    for row in (here, left, done):
        row.refresh_from_db()
    assert [inbox.is_here(row, now()) for row in (here, left, done)] == [True, False, False]
    live_care.seen_by_mail((), {left.visitor_id})  # with another of their conversations open
    left.refresh_from_db()
    assert inbox.is_here(left, now())


def test_an_offer_that_nobody_answers_lapses(anna: User) -> None:  # noqa: F811
    gone(anna, timedelta(hours=1))
    request = ask(someone(), email="b@visitor.example")
    live.present(anna)
    live.offer(request.pk, anna)
    Request.objects.update(live_until=now())
    live_care.sweep()
    request.refresh_from_db()
    assert (request.live, request.state) == ("", Request.State.NEW)


def test_a_person_who_does_not_come_back_leaves_a_request_by_mail(anna: User) -> None:  # noqa: F811
    who = someone()
    request = ask(who, email="c@visitor.example")
    live.take(request.pk, anna)
    gone(anna, timedelta(minutes=11))
    live_care.sweep()
    assert view(request)["state"] == "with_staff", "taken a moment ago"
    Request.objects.update(live_since=now() - timedelta(minutes=11))
    live_care.sweep()
    request.refresh_from_db()
    assert (request.live, request.mail_state) == ("failed", Mailed.MailState.PENDING)
    conversation = Conversation.objects.get(requests=request)
    assert conversation.state == Conversation.State.WAITING


def send(who: Who, conversation: uuid.UUID, text: str) -> Reply:
    return services.accept_message(who, conversation, uuid.uuid4().hex, text, ticks(), uuid.uuid4()).reply


def test_beside_a_person_a_message_is_kept_counted_and_answered_by_nobody(anna: User) -> None:  # noqa: F811
    conversation = make_conversation("How do I reset my password?")
    who = Who(conversation.visitor_id, language="en", address="1")
    request = ask(who, conversation.pk)
    live.take(request.pk, anna)
    calls = ModelCall.objects.count()
    silent = [send(who, conversation.pk, text) for text in ("How do I reset my password?", "Hello?")]
    assert [(reply.route, reply.state, reply.text) for reply in silent] == [("person", "completed", "")] * 2
    assert ModelCall.objects.count() == calls
    outcomes = RouteOutcome.objects.filter(reply_id__in=[reply.pk for reply in silent])
    assert {(row.route, row.cost_pico, row.attempts) for row in outcomes} == {("person", 0, 0)}
    assert outcomes.count() == 2
    first = conversation.turns.order_by("ordinal")[0].replies.get()
    with pytest.raises(services.NotAvailable, match="answering here"):
        services.start_verb(who, "escalate", first.pk, ticks(), uuid.uuid4())
    live.say(request.pk, anna, "It is corrected.", "1")
    live.give_back(request.pk, anna)
    assert send(who, conversation.pk, "How do I reset my password?").text
    history = selectors.facts(who, conversation.pk).history
    assert [(turn.text, turn.answer) for turn in history[1:2]] == [
        (
            "[The customer wrote to the support team:] My invoice is wrong."
            "\n\nHow do I reset my password?\n\nHello?",
            "[A person of the support team wrote:] It is corrected.",
        )
    ]


def test_a_message_that_was_decided_on_before_a_person_came_is_decided_again(
    anna: User,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    conversation = make_conversation("How do I reset my password?")
    who = Who(conversation.visitor_id, language="en", address="1")
    request = ask(who, conversation.pk)
    decide = considering.first

    def taken_meanwhile(*args: Any) -> object:
        live.take(request.pk, anna)
        return decide(*args)

    monkeypatch.setattr(considering, "first", taken_meanwhile)
    reply = send(who, conversation.pk, "How do I reset my password?")
    assert (reply.route, reply.text) == ("person", "")


def test_what_a_dead_process_left_running_is_stopped_by_the_clock(
    anna: User,  # noqa: F811
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    conversation = make_conversation("How do I reset my password?")
    who = Who(conversation.visitor_id, language="en", address="1")
    request = ask(who, conversation.pk)
    reply = conversation.turns.get().replies.get()
    Reply.objects.filter(pk=reply.pk).update(state="streaming", ended_at=None, ended_by="")
    with django_capture_on_commit_callbacks(execute=False):
        live.take(request.pk, anna)
    live_care.sweep()
    reply.refresh_from_db()
    assert reply.stop_requested


T, F = told.Beside("[t] x"), told.Beside(f"{told.TO_THE_TEAM}f", of_visitor=True)
FORM = F.text


@pytest.mark.parametrize(
    ("turns", "written", "expected"),
    [
        ([("A", "a", False)], {}, [("A", "a")]),
        ([("A", "", False)], {}, []),
        ([("A", "a", False)], {1: [T]}, [("A", "a\n\n[t] x")]),
        ([("A", "", True), ("B", "", True)], {2: [T, T]}, [("A\n\nB", "[t] x\n\n[t] x")]),
        ([("A", "", True)], {}, [("A", told.NOT_ANSWERED)]),
        # What stands in the form: behind an answer, before the first message, behind an answer that failed.
        ([("A", "a", False)], {1: [F]}, [("A", "a"), (FORM, told.WITH_THE_TEAM)]),
        ([("A", "a", False)], {1: [F, T]}, [("A", "a"), (FORM, "[t] x")]),
        ([("A", "a", False), ("B", "b", False)], {1: [F]}, [("A", "a"), (f"{FORM}\n\nB", "b")]),
        ([("A", "a", False)], {1: [T, F]}, [("A", "a\n\n[t] x"), (FORM, told.WITH_THE_TEAM)]),
        ([("A", "", False)], {1: [F]}, [(f"A\n\n{FORM}", told.WITH_THE_TEAM)]),
        ([], {None: [F]}, [(FORM, told.WITH_THE_TEAM)]),
        ([("A", "a", False)], {None: [F, T]}, [(FORM, "[t] x"), ("A", "a")]),
    ],
)
def test_models_are_told_what_was_written_beside_the_turns_as_whose_it_is(
    turns: list[tuple[str, str, bool]],
    written: dict[int | None, list[told.Beside]],
    expected: list[tuple[str, str]],
) -> None:
    past = [
        (
            SimpleNamespace(pk=number, ordinal=number, text=text),
            [
                SimpleNamespace(
                    state="completed", text=answer, decision={"with_staff": True} if silent else {}
                )
            ],
        )
        for number, (text, answer, silent) in enumerate(turns, 1)
    ]
    found = told.told(past, written)  # type: ignore[arg-type]
    assert [(turn.text, turn.answer) for turn in found] == expected


def test_what_came_before_the_first_turn_is_told_with_that_turn_alone() -> None:
    for ordinal, expected in ((1, [FORM, "A"]), (2, ["A"])):
        past = [
            (
                SimpleNamespace(pk=1, ordinal=ordinal, text="A"),
                [SimpleNamespace(state="completed", text="a", decision={})],
            )
        ]
        found = told.told(past, {None: [F, T]})  # type: ignore[arg-type]
        assert [turn.text for turn in found] == expected


def test_a_model_knows_what_the_form_said_but_no_address(anna: User) -> None:  # noqa: F811
    who = someone()
    wish = requests.Wish(
        "button", "ada@visitor.example", "Write to eve@visitor.example.", "1", reserve(who.visitor_id)
    )
    first = requests.create(who, wish)
    assert first.conversation_id
    # Asked before anything else was; and each later question that is sent on is not said twice.
    history = selectors.facts(who, first.conversation_id).history
    assert history == (PastTurn(f"{told.TO_THE_TEAM}Write to [e-mail].", told.WITH_THE_TEAM),)
    asked = "How do I reset my password?"
    reply = send(who, first.conversation_id, asked)
    assert reply.decision["signals"]["depth"] == 0
    requests.create(
        who, replace(wish, text=asked, client_request_id="2", conversation_id=first.conversation_id)
    )
    history = selectors.facts(who, first.conversation_id).history
    assert [turn.text for turn in history] == [f"{history[0].text.splitlines()[0]}\n\n{asked}", told.SENT_ON]
    # An answer that is asked for again has the history that it had.
    assert selectors.facts(who, first.conversation_id, before=1).history == (
        PastTurn(f"{told.TO_THE_TEAM}Write to [e-mail].", told.WITH_THE_TEAM),
    )
    assert "ada@" not in str(history)
    assert "[e-mail]" in str(history)
    Request.objects.filter(pk=first.pk).delete()
    assert "[e-mail]" not in str(selectors.facts(who, first.conversation_id).history)


def test_the_figures_of_live_chats_are_scraped(anna: User, client: Client) -> None:  # noqa: F811
    taken, failed, _ = ask(someone()), ask(someone()), ask(someone())
    Request.objects.filter(pk=taken.pk).update(live_asked_at=now() - timedelta(seconds=20))
    live.take(taken.pk, anna)
    Request.objects.filter(pk=failed.pk).update(live_until=now())
    live_care.sweep()
    live.close(taken.pk, anna)
    Request.objects.filter(pk=taken.pk).update(person_rating=4)
    page = client.get("/metrics").content.decode()
    for line in (
        'support_live_chats_total{event="asked"} 3.0',
        'support_live_chats_total{event="taken"} 1.0',
        'support_live_chats_total{event="failed"} 1.0',
        'support_live_chats_total{event="closed"} 1.0',
        'support_live_wait_seconds_bucket{le="10.0"} 0.0',
        'support_live_wait_seconds_bucket{le="30.0"} 1.0',
        'support_live_ratings_total{rating="4"} 1.0',
        'support_live_chats_now{state="waiting"} 1.0',
        "support_staff_there 1.0",
    ):
        assert line in page, line


def test_an_export_holds_the_live_chat_and_an_erasure_leaves_nothing_of_it(anna: User) -> None:  # noqa: F811
    who = someone()
    request = ask(who)
    live.take(request.pk, anna)
    live.say(request.pk, anna, "Hello.", "1")
    live_visitor.rate(who, request.pk, 2, "slow")
    (row,) = export(who.visitor_id)["requests"]
    assert (row["live"], row["person_rating"], row["person_rating_reason"]) == ("with_staff", 2, "slow")
    assert [message["text"] for message in row["messages"]][-1] == "Hello."
    erase(who.visitor_id)
    assert not Request.objects.filter(pk=request.pk).exists()
    assert live.waiting_and_mine(anna) == []
