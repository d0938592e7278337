"""A conversation summed up for whoever takes it over: by the shipped sandbox, over a real socket."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from assistant.models import Request, RequestSummary
from assistant.person import live, requests, summaries
from assistant.who import Who
from common.clock import now
from routing.models import ModelCall
from tests.admin.pages import add_turn, make_conversation, words_of
from tests.control import Control

pytestmark = pytest.mark.django_db(transaction=True)


def waiting() -> Request:
    """Have somebody wait for a person after an answer that did not do."""
    conversation = make_conversation()
    add_turn(conversation, "Can clients cancel?", text="Yes, by the link in their confirmation.")
    who = Who(conversation.visitor_id, address=uuid.uuid4().hex)
    text = "Studio Seven cannot. Write to lena@visitor.example"
    wish = requests.Wish("button", "", text, uuid.uuid4().hex, conversation.pk)
    return requests.create(who, wish, live=True)


@pytest.fixture
def support(upstream: Control) -> User:
    return User.objects.create_superuser("anna")


def ordered(row: Request, user: User) -> RequestSummary:
    """Return the summary that a worker has written, or not; the broker between is another story."""
    RequestSummary.objects.create(request=row, ordered_by=user, ordered_at=now())
    summaries.write(row.pk)
    return RequestSummary.objects.get(pk=row.pk)


def shown(user: User, row: Request) -> str:
    client = Client()
    client.force_login(user)
    return words_of(client.get(reverse("admin:inbox_request", args=[row.pk])))


def test_a_model_sums_up_what_was_said_without_personal_details(support: User, upstream: Control) -> None:
    row = waiting()
    made = ordered(row, support)
    assert (made.state, made.problem) == ("done", "")
    for words in ("“Can clients cancel?”", "answered 1 time", "Studio Seven cannot"):
        assert words in made.text
    assert "lena@" not in str(upstream.requests()) + made.text
    page = shown(support, row)
    assert f"In short, by {made.model}" in page and "Studio Seven cannot" in page
    assert ModelCall.objects.get(turn_id=made.order).purpose == "staff_draft"


def test_without_a_model_there_is_no_summary_and_the_handoff_goes_on(
    support: User, upstream: Control
) -> None:
    row = waiting()
    upstream.fault("status", times=30, status=500)
    live.take(row.pk, support)  # nobody waits for it
    made = ordered(row, support)
    assert (made.state, made.text) == ("failed", "")
    assert made.problem.startswith("No model answered")
    live.say(row.pk, support, "I am here.", "one")
    page = shown(support, row)
    assert "No summary: No model answered" in page and "First question Can clients cancel?" in page
    assert "Have a model sum it up" in page
