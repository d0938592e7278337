"""Stored answers in the admin: the list, forgetting one, and the receipt of a reply that was given one."""

from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from assistant.models import Reply
from assistant.pipeline import ConversationFacts, consider
from assistant.stored_answers import looked_up
from common.clock import now
from routing import publishing
from routing.cache import AnswerKey
from routing.models import Route, StoredAnswer
from tests.admin.pages import add_turn, make_conversation, text_of

LIST = reverse("admin:routing_storedanswer_changelist")
QUESTION = "Can clients switch off deposits?"


def stored(reply: Reply, question: str = QUESTION, route: str = "common", hits: int = 0) -> StoredAnswer:
    return StoredAnswer.objects.create(
        digest=uuid4().hex, route=route, model="gemini-3.5-flash-lite", model_label="Gemini 3.5 Flash-Lite",
        tier="lite", question=question, answer="**No**, they cannot.", entries=[["12", 3]], plan="pro",
        sources=[{"title": "What is a deposit?"}], reply_id=reply.pk, turn_id=reply.turn_id, written_at=now(),
        hits=hits, used_at=now() if hits else None,
    )  # fmt: skip


@pytest.fixture
def reply(seeded: None) -> Reply:
    conversation = make_conversation(QUESTION)
    return Reply.objects.get(conversation=conversation)


def test_the_list_is_filtered_by_route_and_what_is_forgotten_leaves_no_words(
    reply: Reply, admin: Client
) -> None:
    assert "Answers are stored on routes that say so" in text_of(admin.get(LIST))
    one = stored(reply, hits=3)
    other = stored(reply, "Do you have an app for tablets?", route="complex")
    page = text_of(admin.get(LIST))
    shown = (QUESTION, "Do you have an app", "Gemini 3.5 Flash-Lite", "3 times", "just now", "not yet")
    for words in (*shown, "Common"):
        assert words in page
    assert "Do you have an app" not in text_of(admin.get(LIST, {"route": "common"}))
    assert "delete_selected" not in page
    form = text_of(admin.get(reverse("admin:routing_storedanswer_change", args=[one.pk])))
    for words in (
        "no. 12 in version 3",
        "What is a deposit?",
        "they cannot",
        reverse("admin:reply", args=[reply.pk]),
    ):
        assert words in form
    answer = admin.post(LIST, {"action": "forget", "_selected_action": [str(one.pk)]}, follow=True)
    assert "1 stored answer forgotten." in text_of(answer)
    assert list(StoredAnswer.objects.all()) == [other]
    assert QUESTION not in LogEntry.objects.latest("action_time").object_repr


def test_try_a_question_says_what_a_new_visitor_would_be_given(reply: Reply, admin: Client) -> None:
    def tried(**more: str) -> str:
        return text_of(admin.post(reverse("admin:try"), {"text": QUESTION, **more}))

    assert "stored answer" not in tried().replace("Stored answers", "")
    Route.objects.filter(slug="common").update(cache="exact")
    publishing.publish(by="test")
    row = stored(reply)
    config = publishing.current()
    facts = ConversationFacts()
    found = looked_up(consider(QUESTION, facts, config), QUESTION, facts, config)
    assert found.stored is None
    parts = found.notes["store"]["key"]
    key = AnswerKey(**{**parts, "entries": tuple(map(tuple, parts["entries"]))})
    StoredAnswer.objects.filter(pk=row.pk).update(digest=key.digest)
    assert "would be given what Gemini 3.5 Flash-Lite wrote" in tried()
    assert "would be given" not in tried(plan="pro")
    assert "No stored answer was looked for: the conversation counts." in tried(earlier="Hello?")


def test_a_receipt_says_from_where_an_answer_came_or_why_it_did_not(reply: Reply, admin: Client) -> None:
    one = stored(reply)
    used = {
        "answer_id": str(one.pk), "model": one.model, "model_label": one.model_label, "tier": one.tier,
        "written_at": one.written_at.isoformat(),
    }  # fmt: skip
    key = {
        "question": "can clients switch off deposits",
        "entries": [["12", 3]],
        "plan": "",
        "language": "de",
    }
    copy = add_turn(make_conversation("Hello"), QUESTION)
    copy.decision = {**copy.decision, "store": {"key": key, "how": "near", "used": used}}
    copy.answering_model = one.model
    copy.save()
    address = reverse("admin:assistant_conversation_change", args=[copy.conversation_id])
    page = text_of(admin.get(address))
    for words in (
        "From the store",
        "to the same question in other words",
        "no. 12 in version 3",
        "written by",
    ):
        assert words in page
    assert reverse("admin:reply", args=[reply.pk]) in page
    one.delete()
    page = text_of(admin.get(address))
    assert "It has been forgotten since." in page
    copy.decision = {**copy.decision, "store": {"why_not": "the conversation counts"}}
    copy.save()
    assert "No stored answer was looked for: the conversation counts." in text_of(admin.get(address))
