"""What a help desk is told of requests, by a receiver that takes it, refuses it or sends it elsewhere."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant import webhook
from assistant.models import Request, RequestEvent
from assistant.person import help_desk, live, live_visitor, requests
from assistant.reserved import reserve
from assistant.tasks import tell_help_desk
from assistant.who import Who
from common.clock import now
from common.tries import PAUSES
from tests.admin.conftest import admin, seeded, sign_in, support  # noqa: F401 - fixtures
from tests.admin.pages import words_of
from tests.webhook_receiver import Receiver, running_receiver

pytestmark = pytest.mark.usefixtures("seeded")

SECRET = "a-secret-of-the-desk-and-its-receiver"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with running_receiver() as running:
        settings.ENV = replace(settings.ENV, help_desk_url=running.url, help_desk_secret=SECRET)
        yield running


def ask(email: str = "ada@visitor.example") -> Request:
    who = Who(uuid.uuid4(), address=uuid.uuid4().hex)
    wish = requests.Wish("button", email, "My invoice is wrong.", uuid.uuid4().hex, reserve(who.visitor_id))
    return requests.create(who, wish, live=True)


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in receiver.got]


def test_a_live_chat_is_told_from_the_request_to_the_rating(receiver: Receiver) -> None:
    user = User.objects.get(username="support")
    row = ask()
    live.take(row.pk, user)
    message = live.say(row.pk, user, "Hello, I am looking at it.", "one")
    live.say(row.pk, user, "Hello, I am looking at it.", "one")
    live.close(row.pk, user, "Credit note sent.")
    live_visitor.rate(Who(row.visitor_id), row.pk, 4, "Quick.")
    tell_help_desk()
    events = told(receiver)
    assert [each["event"] for each in events] == [
        "request.created", "request.taken", "request.message", "request.closed", "request.rated",
    ]  # fmt: skip
    created, taken, wrote, closed, rated = events
    assert (created["request"]["number"], created["request"]["email"]) == (row.number, row.email)
    assert (created["by"], taken["by"], closed["by"], closed["note"]) == (
        None, "support", "support", "Credit note sent.",
    )  # fmt: skip
    assert wrote["message"] == {
        "id": str(message.pk), "author": "staff", "text": "Hello, I am looking at it.",
        "at": message.created_at.isoformat(),
    }  # fmt: skip
    assert (rated["rating"], closed["rating"]) == (4, None)
    assert len({each["delivery"] for each in events}) == 5
    for _, headers, body in receiver.got:
        signed = headers["x-support-timestamp"].encode() + b"." + body
        expected = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["x-support-signature"] == expected
        assert headers["x-support-delivery"] == json.loads(body)["delivery"]
    tell_help_desk()
    assert len(receiver.got) == 5, "what was taken is not sent again"


def test_without_a_help_desk_the_team_still_has_its_history_and_no_copy_of_what_was_said() -> None:
    user = User.objects.get(username="support")
    row = ask()
    live.take(row.pk, user)
    live.say(row.pk, user, "Hello.", "one")
    live.release(row.pk, user)
    assert [(event.kind, event.told) for event in row.events.all()] == [
        ("created", "none"), ("taken", "none"), ("released", "none"),
    ]  # fmt: skip


def test_what_the_desk_alone_wants_to_know_is_not_told(receiver: Receiver) -> None:
    user = User.objects.get(username="support")
    row = ask()
    live.take(row.pk, user)
    live.release(row.pk, user)
    tell_help_desk()
    assert [each["event"] for each in told(receiver)] == ["request.created", "request.taken"]


@pytest.mark.parametrize(
    ("status", "location", "said"), [(503, "", "answered 503"), (302, "http://127.0.0.1:1/", "redirects")]
)
def test_an_event_is_tried_again_under_the_same_id_and_given_up_in_words(
    receiver: Receiver, status: int, location: str, said: str
) -> None:
    receiver.status, receiver.location = status, location
    ask()
    row = RequestEvent.objects.get()
    for tries in range(1, help_desk.QUEUE.most + 1):
        help_desk.deliver_due(now())
        help_desk.deliver_due(now())
        row.refresh_from_db()
        assert row.attempts == tries, "not sooner than the pause"
        assert said in help_desk.said(row, now())
        pause = PAUSES[min(tries, len(PAUSES)) - 1]
        RequestEvent.objects.update(tried_at=now() - pause - timedelta(seconds=1))
    assert row.told == "failed"
    help_desk.deliver_due(now())
    assert {headers["x-support-delivery"] for _, headers, _ in receiver.got} == {str(row.pk)}
    assert len(receiver.got) == help_desk.QUEUE.most
    receiver.status, receiver.location = 204, ""
    assert help_desk.send_again() == 1
    help_desk.deliver_due(now())
    row.refresh_from_db()
    assert (row.told, row.reason) == ("sent", "")


def test_the_events_of_a_request_come_in_order_and_none_holds_the_others_for_ever(
    receiver: Receiver,
) -> None:
    user = User.objects.get(username="support")
    receiver.status = 503
    row = ask()
    live.take(row.pk, user)
    help_desk.deliver_due(now())
    assert len(receiver.got) == 1, "what came second waits for the first"
    live.close(row.pk, user)
    other = ask()
    receiver.status = 204
    help_desk.deliver_due(now())
    created, taken, closed = row.events.all()
    assert [event.told for event in (created, taken, closed)] == ["pending"] * 3, "the pause is not over"
    assert other.events.get().told == "sent", "another request waits for nobody"
    help_desk.deliver_due(now() + PAUSES[0])
    assert [json.loads(body)["event"] for _, _, body in receiver.got] == [
        "request.created", "request.created", "request.created", "request.taken", "request.closed",
    ]  # fmt: skip

    receiver.status = 503
    row = ask()
    live.take(row.pk, user)
    row.events.filter(kind="created").update(attempts=help_desk.QUEUE.most - 1, tried_at=now() - PAUSES[-1])
    help_desk.deliver_due(now())
    assert [(event.told, event.attempts) for event in row.events.all()] == [
        ("failed", help_desk.QUEUE.most), ("pending", 1),
    ]  # fmt: skip
    receiver.status = 204
    help_desk.deliver_due(now() + PAUSES[0])
    assert [event.told for event in row.events.all()] == ["failed", "sent"]


def test_two_workers_tell_it_once(receiver: Receiver) -> None:
    ask()
    first, second = RequestEvent.objects.get(), RequestEvent.objects.get()
    help_desk.deliver(first)
    help_desk.deliver(second)
    assert len(receiver.got) == 1


def test_the_page_tests_the_address_and_shows_the_last_results(
    admin: Client,  # noqa: F811
    support: Client,  # noqa: F811
    receiver: Receiver,
) -> None:
    page = reverse("admin:help_desk")
    assert support.get(page).status_code == 403
    assert "The help desk took the test event." in words_of(admin.post(page, {"do": "test"}, follow=True))
    assert (told(receiver)[0]["event"], told(receiver)[0]["request"]) == ("test", None)
    receiver.status = 401
    shown = words_of(admin.post(page, {"do": "test"}, follow=True))
    assert "did not take the test event: answered 401" in shown
    assert "abc" not in shown, "the path of an address may be a secret"
    ask()
    assert "1 to be told" in words_of(admin.get(page))


def test_without_an_address_the_page_says_which_setting_is_missing(admin: Client) -> None:  # noqa: F811
    shown = words_of(admin.post(reverse("admin:help_desk"), {"do": "test"}, follow=True))
    assert "HELP_DESK_WEBHOOK_URL is empty" in shown
    assert not RequestEvent.objects.exists()


def test_a_receiver_can_check_the_signature_as_the_documents_say() -> None:
    value = webhook.signature("secret-of-sixteen", 1_700_000_000, b'{"a":1}')
    expected = hmac.new(b"secret-of-sixteen", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert value == f"sha256={expected}"
