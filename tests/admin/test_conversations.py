"""Conversations in the admin: found by what happened in them, shown with a receipt beside each answer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assistant.models import Conversation, Reply
from common.clock import now
from faq.models import Entry
from tests.admin.pages import add_call, add_turn, form_of, make_conversation, text_of

LIST = reverse("admin:assistant_conversation_changelist")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def transcript(client: Client, conversation: Conversation, **query: Any) -> str:
    answer = client.get(reverse("admin:assistant_conversation_change", args=[conversation.pk]), query)
    assert answer.status_code == 200
    return text_of(answer)


def found(client: Client, **query: str) -> set[str]:
    """Return the titles that the list shows for a query."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return {str(row) for row in answer.context["cl"].result_list}


def test_the_receipt_says_why_and_what_it_cost(support: Client) -> None:
    conversation = make_conversation("How do I reset my password?")
    reply = add_turn(
        conversation,
        "Compare Pro and Studio for 3 locations and 12 staff; what happens if we downgrade?",
        label="AI answer, larger model",
        answering_model="gemini-3.8-flash",
        rating=-1,
        rating_reason="outdated",
    )
    add_call(
        reply,
        error_class="StreamCut",
        error_detail="truncated_output: token_stream ended prematurely at token 112",
        finish_reason="",
        output_tokens=None,
        cost_pico=None,
    )
    add_call(reply, attempt=2, cause="fallback", asked_model="gemini-3.8-flash", cost_pico=1_300_000_000_000)
    page = transcript(support, conversation)
    for expected in (
        "An approved answer fits",  # the reason of the first
        "Rule that fired: <b>Needs thought</b>",
        '<span class="desk-route">Complex</span>',
        "Rules tried",
        "An entry is shown as the answer from a confidence of",
        "nearest phrasing:",
        "asks for a person in words",  # a signal in plain words
        "truncated_output: token_stream ended prematurely at token 112",
        "fallback after a failure",
        "$1.30 + 1 unknown",
        "no model asked",
        "321 ms",
        "Thumbs down",
        "Visitor's reason: outdated",
        "answered by gemini-3.8-flash",
        "Configuration 1",
        f"Reply {reply.pk}",
    ):
        assert expected in page, expected


def test_what_visitors_models_and_authors_write_is_never_markup(support: Client) -> None:
    entry = Entry.objects.filter(status="published").first()
    assert entry is not None
    conversation = make_conversation(HOSTILE)
    reply = add_turn(
        conversation,
        f"How do I reset my password? {HOSTILE}",
        text=f"See {HOSTILE} [here](javascript:alert(3)) ![p](https://evil.example/x.png)",
        notice=HOSTILE,
        label=HOSTILE[:60],
        rating=-1,
        rating_reason="tone",
        rating_comment=HOSTILE,
        sources=[{"title": HOSTILE, "entry_id": str(entry.pk), "reviewed_on": None}],
    )
    add_call(reply, error_class="X", error_detail=HOSTILE, asked_model=HOSTILE[:40])
    Entry.objects.filter(pk=entry.pk).update(question=HOSTILE)
    pages = [
        transcript(support, conversation),
        text_of(support.get(LIST)),
        text_of(support.get(reverse("admin:index"))),
        text_of(support.post(reverse("admin:try"), {"text": HOSTILE, "earlier": HOSTILE})),
    ]
    for page in pages:
        assert "alert(1)" in page
        for live in ("<script>alert", "<img src=x", "javascript:alert", "evil.example/x.png"):
            assert live not in page


def test_filters_about_answers_hold_for_one_and_the_same_answer(support: Client) -> None:
    make_conversation("plain")
    split = make_conversation("split")
    add_turn(split, "one", route="common", rating=1)
    add_turn(split, "two", route="complex", rating=-1)
    joined = make_conversation("joined")
    add_turn(joined, "one", route="common", rating=-1, escalated=True, state=Reply.State.FAILED)
    assert found(support) == {"plain", "split", "joined"}
    assert found(support, thumbs="down") == {"split", "joined"}
    assert found(support, thumbs="down", route="common") == {"joined"}
    assert found(support, thumbs="up") == {"split"}
    assert found(support, route="complex") == {"split"}
    assert found(support, escalated="yes") == {"joined"}
    assert found(support, answer="failed") == {"joined"}
    assert found(support, answer="truncated") == set()
    add_turn(make_conversation("poor"), "one", state=Reply.State.FAILED, ended_by="budget")
    assert found(support, answer="unfinished") == {"joined"}
    assert found(support, answer="budget") == {"poor"}


def test_an_empty_list_says_whether_anything_is_hidden(support: Client) -> None:
    assert "Rows appear by themselves" in text_of(support.get(LIST))
    make_conversation("one")
    assert "Nothing matches" in text_of(support.get(LIST, {"q": "two"}))


def test_times_are_those_of_the_desk(support: Client, admin: Client) -> None:
    """Half past eleven at night in London's summer is a day that UTC does not know yet."""
    conversation = make_conversation("late")
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    Conversation.objects.filter(pk=conversation.pk).update(created_at=late, updated_at=late)
    assert 'began <time datetime="2026-07-02T00:30:00+01:00">2 Jul 2026, 00:30' in transcript(
        support, conversation
    )
    assert found(support, updated_at_from="2026-07-02", updated_at_to="2026-07-02") == {"late"}
    settings = reverse("admin:assistant_assistantsettings_change", args=[1])
    admin.post(settings, form_of(admin.get(settings)) | {"time_zone": "UTC"})
    assert found(support, updated_at_from="2026-07-02") == set()


def test_filters_by_state_and_by_whole_days(support: Client) -> None:
    make_conversation("today")
    old = make_conversation("old")
    week_ago = now() - timedelta(days=7)
    Conversation.objects.filter(pk=old.pk).update(updated_at=week_ago, state="waiting")
    zone = ZoneInfo("Europe/London")  # the example desk's
    today, then = f"{now().astimezone(zone).date()}", f"{week_ago.astimezone(zone).date()}"
    assert found(support, state__exact="waiting") == {"old"}
    assert found(support, updated_at_from=today) == {"today"}
    assert found(support, updated_at_from=then, updated_at_to=then) == {"old"}
    assert found(support, updated_at_to=today) == {"today", "old"}
    assert found(support, updated_at_from="2026-13-99") == {"today", "old"}


def test_search_looks_into_questions_answers_and_ids(support: Client) -> None:
    first = make_conversation("first")
    reply = add_turn(first, "my invoice is blue", text="Blue invoices are normal.")
    make_conversation("second")
    for term in ("invoice is blue", "invoices are NORMAL", str(reply.pk), str(reply.turn_id), str(first.pk)):
        assert found(support, q=term) == {"first"}, term
    assert found(support, q=str(first.visitor_id)) == {"first"}
    assert found(support, q="%") == set()


@pytest.mark.parametrize("place", ["list", "transcript"])
def test_more_rows_cost_no_more_queries(support: Client, place: str) -> None:
    conversation = make_conversation("How do I reset my password?")
    add_call(add_turn(conversation, "Does it send texts too?"))

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as taken:
            if place == "list":
                support.get(LIST)
            else:
                transcript(support, conversation)
        return len(taken)

    few = queries()
    for number in range(6):
        add_call(add_turn(conversation, f"Does it send texts too? {number}"))
        add_call(add_turn(make_conversation(f"Does it send texts, {number}?"), "And why?"))
    assert queries() == few


def test_a_long_transcript_has_pages_and_a_reply_is_found_on_its_own(support: Client) -> None:
    conversation = make_conversation(*(f"question number {number}" for number in range(1, 24)))
    last = Reply.objects.filter(conversation=conversation).order_by("turn__ordinal").last()
    assert last is not None
    page = transcript(support, conversation)
    assert "question number 20" in page
    assert "question number 21<" not in page
    answer = support.get(reverse("admin:reply", args=[last.pk]))
    assert answer.status_code == 302
    assert urlsplit(answer["Location"]).fragment == f"reply-{last.pk}"
    landed = support.get(answer["Location"])
    assert f'id="reply-{last.pk}"' in landed.content.decode()
    assert support.get(reverse("admin:reply", args=[conversation.pk])).status_code == 404


def test_old_and_unfinished_replies_show_what_they_have(support: Client) -> None:
    conversation = make_conversation("thanks!")
    add_turn(conversation, "queued", state=Reply.State.QUEUED, decision={}, route="", text="", total_ms=None)
    page = transcript(support, conversation)
    assert "not decided yet" in page
    assert "No text was written." in page
    assert (
        transcript(support, Conversation.objects.create(visitor=conversation.visitor)).count("<article") == 0
    )
    missing = reverse("admin:assistant_conversation_change", args=["0" * 32])
    assert support.get(missing).status_code == 404
