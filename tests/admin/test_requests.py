"""The inbox of requests: what support sees, and what happens when it answers."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from assistant import mail_queue
from assistant.mailing import MailFailed
from assistant.models import Conversation, LiveState, Message, Request
from assistant.person import live, requests
from assistant.who import Who
from common.clock import now
from tests.admin.pages import add_call, add_turn, form_of, make_conversation, text_of, words_of

LIST = "admin:assistant_request_changelist"


def make_request(*texts: str, text: str = "Please look at my invoice.", email: str = "") -> Request:
    """Store a request as the chat does, behind a conversation of these questions."""
    conversation = make_conversation(*texts) if texts else None
    who = Who(conversation.visitor_id if conversation else uuid.uuid4(), address=uuid.uuid4().hex)
    pk = conversation.pk if conversation else None
    email = email or f"{uuid.uuid4().hex[:8]}@visitor.example"
    return requests.create(who, requests.Wish("button", email, text, uuid.uuid4().hex, pk))


def state_of(row: Request) -> str:
    assert row.conversation_id is not None
    return Conversation.objects.get(pk=row.conversation_id).state


def page(row: Request) -> str:
    return reverse("admin:assistant_request_change", args=[row.pk])


def test_support_sees_what_is_new_first_with_its_count_in_the_menu(support: Client) -> None:
    old, new = make_request(text="The old one"), make_request(text="The new one")
    other = make_request(text="Another one")
    requests.close(new)
    shown = words_of(support.get(reverse(LIST)))
    assert shown.index("Another one") < shown.index("The old one") < shown.index("The new one")
    assert re.search(r"Requests\s+2\s", words_of(support.get(reverse("admin:index"))))
    assert "desk-menu-count" in support.get(reverse("admin:index")).content.decode()
    requests.close(old)
    requests.close(other)
    assert not re.search(r"Requests\s+\d", words_of(support.get(reverse("admin:index"))))
    assert "desk-menu-count" not in support.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(("role", "status"), [("support", 200), ("admin", 200), ("manager", 403)])
def test_only_those_who_answer_may_see_requests(sign_in: object, role: str, status: int) -> None:
    row = make_request()
    client = sign_in(role)  # type: ignore[operator]  # the fixture's function
    assert client.get(reverse(LIST)).status_code == status
    assert client.get(page(row)).status_code == status
    assert client.post(page(row), {"do": "close"}).status_code == (302 if status == 200 else 403)


def test_search_and_filters_find_a_request(support: Client) -> None:
    row = make_request(text="Purple calendar", email="zoe@visitor.example")
    make_request(text="Something else")
    for query in ("purple", "zoe@visitor", f"#{row.number}", str(row.number), str(row.visitor_id)):
        shown = words_of(support.get(reverse(LIST), {"q": query}))
        assert "Purple calendar" in shown, query
    assert "Purple" not in words_of(support.get(reverse(LIST), {"q": "nowhere"}))

    Request.objects.filter(pk=row.pk).update(answer_by=now() - timedelta(hours=1))
    shown = words_of(support.get(reverse(LIST), {"overdue": "yes"}))
    assert "Purple" in shown and "Something else" not in shown and "Overdue" in shown

    mail_queue.deliver(row, lambda: None, lacking="No staff e-mail is set")
    shown = words_of(support.get(reverse(LIST), {"mail": "unsent"}))
    assert "Purple" in shown and "Something else" not in shown and "Mail not sent" in shown
    assert "Purple" not in words_of(support.get(reverse(LIST), {"mail": "fine"}))
    assert "Purple" in words_of(support.get(reverse(LIST), {"reason__exact": "button"}))
    assert "Purple" not in words_of(support.get(reverse(LIST), {"state__exact": "closed"}))


def test_the_page_has_the_transcript_with_its_receipt_and_a_link_to_the_conversation(support: Client) -> None:
    row = make_request("Does it send texts too?")
    assert row.conversation is not None
    reply = add_turn(row.conversation, "And reminders?", state="failed", ended_by="upstream", text="")
    add_call(reply, error_class="RateLimit", http_status=429, error_detail="slow down")
    shown = support.get(page(row))
    assert "Does it send texts too?" in words_of(shown)
    assert "gemini-3.5-flash-lite" in words_of(shown)
    conversation = reverse("admin:assistant_conversation_change", args=[row.conversation_id])
    assert conversation in text_of(shown)
    assert page(row) in text_of(support.get(conversation))


def test_an_answer_is_stored_mailed_and_ends_the_waiting(
    support: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    row = make_request("Does it send texts too?")
    assert row.conversation is not None
    assert state_of(row) == "waiting"
    with django_capture_on_commit_callbacks() as after:
        sent = support.post(
            page(row), {"do": "answer", "seen": "0", "text": " It does.\nSee https://x.example "}
        )
    assert sent.status_code == 302
    assert after, "the mail is handed over once the answer is stored"
    answer = row.messages.get(author=Message.Author.STAFF)
    assert (answer.text, answer.user) == (
        "It does.\nSee https://x.example",
        User.objects.get(username="support"),
    )
    assert '<a href="https://x.example" rel="nofollow">' in answer.html
    assert answer.mail_state == "pending"
    row.refresh_from_db()
    assert (row.state, row.answers) == ("answered", 1)
    assert row.answered_at is not None
    assert state_of(row) == "open"
    shown = words_of(support.get(page(row)))
    assert "support answered" in shown
    assert "About to be sent" in shown


def test_the_second_of_two_colleagues_is_told_and_loses_no_word(support: Client, admin: Client) -> None:
    row = make_request()
    first, second = form_of(support.get(page(row))), form_of(admin.get(page(row)))
    support.post(page(row), {**first, "do": "answer", "text": "From support."})
    refused = admin.post(page(row), {**second, "do": "answer", "text": "From admin."})
    assert refused.status_code == 200
    assert "support has answered since you opened this page" in words_of(refused)
    assert form_of(refused)["text"] == "From admin."
    assert row.messages.filter(author=Message.Author.STAFF).count() == 1
    again = admin.post(page(row), {**form_of(refused), "do": "answer"})
    assert again.status_code == 302
    assert row.messages.filter(author=Message.Author.STAFF).count() == 2


@pytest.mark.parametrize(
    ("typed", "said"), [("  ", "Write an answer first."), ("x" * 20_001, "20,001 of 20,000")]
)
def test_an_answer_that_cannot_go_out_stays_in_the_field(support: Client, typed: str, said: str) -> None:
    row = make_request()
    refused = support.post(page(row), {"do": "answer", "seen": "0", "text": typed})
    assert said in words_of(refused)
    assert form_of(refused)["text"] == typed
    row.refresh_from_db()
    assert row.state == "new"


def test_hostile_text_is_shown_as_text(support: Client) -> None:
    row = make_request("<script>alert(1)</script>", text="<img src=x onerror=alert(2)>")
    shown = support.get(page(row)).content.decode()
    assert "<img src=x" not in shown
    assert "<script>alert" not in shown
    assert "&lt;img src=x" in shown


def test_close_and_reopen_move_the_conversation_along(support: Client) -> None:
    row = make_request("Does it send texts too?")
    support.post(page(row), {"do": "close"})
    row.refresh_from_db()
    assert (row.state, row.closed_at is not None) == ("closed", True)
    assert state_of(row) == "open"
    support.post(page(row), {"do": "reopen"})
    row.refresh_from_db()
    assert (row.state, row.closed_at) == ("new", None)
    assert state_of(row) == "waiting"


def test_a_live_chat_is_ended_for_its_visitor_and_not_answered_by_mail(
    support: Client, admin: Client
) -> None:
    row = make_request("Does it send texts too?")
    Request.objects.filter(pk=row.pk).update(live=LiveState.WAITING, live_since=now())
    shown = support.get(page(row))
    assert "The visitor waits in the chat" in words_of(shown)
    assert reverse("admin:inbox_request", args=[row.pk]) in text_of(shown)
    assert "Send the answer" not in words_of(shown)
    refused = support.post(page(row), {"do": "answer", "seen": "0", "text": "It does."})  # a page of before
    assert "a live chat of this request is running" in words_of(refused)
    assert "It does.</textarea>" in text_of(refused)
    assert "still running" in words_of(support.post(page(row), {"do": "reopen"}, follow=True))

    live.take(row.pk, User.objects.get(username="admin"))
    support.post(page(row), {"do": "close"})
    row.refresh_from_db()
    assert (row.state, row.live) == ("new", "with_staff"), "it is a colleague's"
    admin.post(page(row), {"do": "close"})
    row.refresh_from_db()
    assert (row.state, row.live) == ("closed", "closed")
    assert state_of(row) == "open"


def test_what_was_typed_stays_when_another_button_is_pressed(support: Client) -> None:
    row = make_request()
    for verb, state in (("close", "closed"), ("reopen", "new")):
        shown = support.post(page(row), {"do": verb, "text": "Half an answer"})
        assert form_of(shown)["text"] == "Half an answer"
        row.refresh_from_db()
        assert row.state == state
        assert support.post(page(row), {"do": verb, "text": " "}).status_code == 302


def test_a_mail_that_failed_says_why_and_can_be_sent_again(support: Client) -> None:
    row = make_request()
    row.mail_attempts = mail_queue.QUEUE.most

    def refuse() -> None:
        raise MailFailed("ConnectionRefusedError: nobody listens")

    mail_queue.deliver(row, refuse)
    row.save()
    shown = support.get(page(row))
    assert (
        f"Not sent after {mail_queue.QUEUE.most} tries: ConnectionRefusedError: nobody listens."
        in words_of(shown)
    )
    assert "Mail not sent" in words_of(support.get(reverse("admin:index")))
    support.post(page(row), {"do": f"mail:request-{row.pk}"})
    row.refresh_from_db()
    assert (row.mail_state, row.mail_attempts, row.mail_reason) == ("pending", 0, "")


def test_nothing_can_be_added_or_deleted_here(admin: Client) -> None:
    row = make_request()
    assert admin.get(reverse("admin:assistant_request_add")).status_code == 403
    assert (
        admin.post(reverse("admin:assistant_request_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert admin.get(reverse("admin:assistant_request_change", args=[uuid.uuid4()])).status_code == 404
