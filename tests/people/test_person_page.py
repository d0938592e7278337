"""The plain page to the team over HTTP: once however often it is sent, its own visitor's alone, limited."""

import re
from dataclasses import replace

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from assistant import limits
from assistant.models import Request
from assistant.person import requests
from assistant.visitors import issue_cookie
from tests.admin.pages import add_turn, form_of, make_conversation, text_of, words_of

PAGE = "/person/"
MINE = {"email": "ada@example.com", "text": "Please call me back"}


def send(client: Client, **changed: str) -> tuple[int, str]:
    """Fill the form that the page shows and send it; return the status and the place it leads to."""
    shown = form_of(client.get(PAGE))
    answer = client.post(PAGE, {**shown, **MINE, **changed})
    return answer.status_code, answer.headers.get("Location", words_of(answer))


def test_a_request_is_stored_once_and_only_its_visitor_reads_the_receipt(seeded: None) -> None:
    client = Client()
    token = form_of(client.get(PAGE))["token"]
    first, again = (send(client, token=token) for _ in range(2))
    assert first == again
    assert first[0] == 302
    (made,) = Request.objects.all()
    assert (made.email, made.text, made.reason) == ("ada@example.com", "Please call me back", "button")
    page = words_of(client.get(first[1]))
    assert f"has the number {made.number}" in " ".join(page.split())
    assert "a…@example.com" in page
    assert Client().get(first[1]).status_code == 404
    other = Client()
    other.get(PAGE)
    assert other.get(first[1]).status_code == 404


def test_the_page_needs_its_token_against_forgery(seeded: None) -> None:
    client = Client(enforce_csrf_checks=True)
    refused = client.post(PAGE, {**MINE, "token": "0" * 32})
    assert refused.status_code == 403
    assert 'href="/person/"' in text_of(refused)
    assert Request.objects.count() == 0


def test_errors_stand_at_their_field_and_the_text_is_kept(seeded: None) -> None:
    client = Client()
    answer = client.post(PAGE, {"email": "no address", "text": "Kept <b>", "token": "made up"})
    page = text_of(answer)
    assert re.search(r'id="email-error" role="alert">[^<]*e-mail', page)
    assert re.search(r'<input type="email"[^>]*aria-describedby="email-error"', page)
    assert "Kept &lt;b&gt;</textarea>" in page
    long = text_of(client.post(PAGE, {**MINE, "text": "x" * 4_001}))
    assert "1 over the limit of 4,000" in long
    assert text_of(client.post(PAGE, {**MINE, "text": " \0 "})).count('role="alert"') == 1
    assert Request.objects.count() == 0
    assert send(client, text="x" * 4_000)[0] == 302


def test_the_last_question_is_there_and_the_conversation_goes_along_when_wanted(seeded: None) -> None:
    client = Client()
    client.get(PAGE)
    assert "with_conversation" not in form_of(client.get(PAGE))
    conversation = make_conversation("How do I export my bookings?")
    add_turn(conversation, "thanks", route="small_talk")
    client.cookies["visitor"] = issue_cookie(conversation.visitor_id)
    assert form_of(client.get(PAGE))["text"] == "How do I export my bookings?"
    send(client, text="with it")
    client.post(PAGE, {**MINE, "text": "without it", "token": "0" * 32})
    assert Request.objects.get(text="with it").conversation_id == conversation.pk
    assert Request.objects.get(text="without it").conversation_id is None


def test_too_many_are_refused_with_the_text_kept(
    seeded: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.ENV = replace(settings.ENV, rate_limits=True)
    limits.request_limiter.cache_clear()
    client = Client()
    client.get(PAGE)
    answers = [send(client, text=f"No. {number}") for number in range(40)]
    limits.request_limiter.cache_clear()
    refused = next(answer for answer in answers if answer[0] != 302)
    assert refused[0] == 429
    assert "your text stays" in refused[1]
    assert 3 <= Request.objects.count() < 40


def test_without_the_database_the_page_keeps_the_text_and_names_the_contact(
    seeded: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Client()
    client.get("/")

    def gone(*args: object, **kwargs: object) -> None:
        raise OperationalError("the database is gone")

    monkeypatch.setattr(requests, "create", gone)
    monkeypatch.setattr(requests, "facts", gone)
    answer = client.post(PAGE, {**MINE, "token": "0" * 32})
    assert answer.status_code == 503
    assert "could not be stored just now" in words_of(answer)
    assert "Please call me back</textarea>" in text_of(answer)
    assert "support@larkfield.example" in words_of(answer)


@pytest.mark.parametrize("page", ["/nothing", "/person/00000000-0000-4000-8000-000000000000/"])
def test_error_pages_lead_to_the_team(seeded: None, settings: Settings, page: str) -> None:
    settings.DEBUG = False
    answer = Client().get(page)
    assert answer.status_code == 404
    assert 'href="/person/"' in text_of(answer)


def test_without_redis_the_request_is_stored_and_its_mails_wait(
    seeded: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = Client()
    with django_capture_on_commit_callbacks(execute=True) as asked_for:  # no Redis runs beside this test
        status, _ = send(client)
    assert status == 302
    assert len(asked_for) == 1
    assert Request.objects.get().mail_state == Request.MailState.PENDING
