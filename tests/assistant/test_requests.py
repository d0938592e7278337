"""Requests behind the page: stored in any case, mailed by a real mail server or not, and told as it is."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from assistant import mail_queue
from assistant.limits import RateLimited, request_limiter
from assistant.models import AssistantSettings, Mailed, Message, Request
from assistant.person import letters, requests
from assistant.reserved import reserve
from assistant.selectors import NotFound
from assistant.settings_snapshot import as_snapshot
from assistant.tasks import send_due_mails
from assistant.who import Who
from common.clock import now
from routing.publishing import publish
from tests.admin.conftest import seeded  # noqa: F401 - a fixture
from tests.admin.pages import add_call, add_turn, make_conversation
from tests.mail_server import Mailbox, running_mail_server, text_of

STAFF = "support@larkfield.example"
VISITOR = "anna@visitor.example"

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """Run a mail server and have this process send through it."""
    with running_mail_server() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box


def someone(language: str = "") -> Who:
    return Who(uuid.uuid4(), language=language, address=uuid.uuid4().hex)


def ask(
    who: Who | None = None, email: str = VISITOR, text: str = "My invoice is wrong.", **more: object
) -> Request:
    values = {"reason": "button", "client_request_id": uuid.uuid4().hex, **more}
    wish = requests.Wish(email=email, text=text, **values)  # type: ignore[arg-type]
    return requests.create(who or someone(), wish)


def change_settings(**values: object) -> None:
    AssistantSettings.objects.update(**values)
    publish(by="test", settings=as_snapshot(AssistantSettings.objects.get()))


def send_all() -> None:
    """Do what beat does, as often as there is something to send."""
    while mail_queue.due(now()):
        send_due_mails()


# ---- stored ----------------------------------------------------------------------------------------


def test_requests_are_numbered_and_the_same_one_twice_is_one() -> None:
    who = someone()
    first, second = ask(who, client_request_id="one"), ask(who, client_request_id="two")
    again = ask(who, client_request_id="one", text="Another text")
    assert (second.number, again.pk, again.text) == (first.number + 1, first.pk, "My invoice is wrong.")
    assert ask(someone(), client_request_id="one").pk != first.pk


def test_a_repeat_costs_nothing_and_a_flood_is_told_when_it_ends() -> None:
    who = someone(language="de")
    for index in range(5):
        ask(who, client_request_id=str(index))
    assert ask(who, client_request_id="0").number
    with pytest.raises(RateLimited) as limited:
        ask(who, text="Bitte helfen Sie mir mit der Rechnung")
    assert 0 < limited.value.retry_after <= 600
    assert "Ihr Text bleibt erhalten" in limited.value.message
    assert request_limiter().on


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email"),
        ({"email": f"a@{'ä' * 60}.example"}, "email"),
        ({"text": " \0 "}, "text"),
        ({"text": "x" * 4001}, "text"),
    ],
)
def test_what_cannot_be_answered_is_refused_at_its_field_and_stores_nothing(
    values: dict[str, str], field: str
) -> None:
    with pytest.raises(requests.RequestRefused) as refused:
        ask(**values)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not Request.objects.exists()
    assert ask(**{**values, field: {"email": VISITOR, "text": "x" * 4000}[field]}).number == 1  # type: ignore[arg-type]


def test_a_stranger_s_conversation_and_reply_are_not_found() -> None:
    conversation = make_conversation("Does it send texts too?")
    reply = conversation.replies.get()
    for more in (
        {"conversation_id": conversation.pk},
        {"reply_id": reply.pk},
        {"conversation_id": uuid.uuid4()},
    ):
        with pytest.raises(NotFound):
            ask(**more)  # type: ignore[arg-type]
    owner = Who(conversation.visitor_id, address="here")
    assert ask(owner, reply_id=reply.pk, text="").text == "Does it send texts too?"


def test_a_promised_conversation_gets_its_row_with_the_request() -> None:
    who = someone()
    row = ask(who, conversation_id=reserve(who.visitor_id))
    assert row.conversation is not None
    assert (row.conversation.state, row.conversation.title) == ("waiting", "My invoice is wrong.")
    (receipt,) = row.messages.all()
    assert (receipt.author, receipt.after_turn) == ("system", None)


def test_the_promise_follows_the_settings() -> None:
    assert ask().answer_by is not None
    change_settings(opening_hours="")
    row = ask()
    assert row.answer_by is None
    assert "as soon as possible" in row.messages.get().text


# ---- mailed ----------------------------------------------------------------------------------------


def test_staff_get_the_question_the_transcript_and_the_receipt_in_plain_words(mailbox: Mailbox) -> None:
    conversation = make_conversation("Does it send texts too?")
    failed = add_turn(
        conversation, "And in Germany?", state="failed", ended_by="upstream", text="", notice="Sorry."
    )
    add_call(failed, error_class="RateLimited", http_status=429, error_detail="slow down", finish_reason="")
    row = ask(Who(conversation.visitor_id, address="x"), conversation_id=conversation.pk, reason="failed")
    send_all()
    (mail,) = mailbox.to(STAFF)
    text = text_of(mail)
    assert mail["Subject"] == f"[Request {row.number}] My invoice is wrong."
    assert (mail["Reply-To"], mail["Auto-Submitted"]) == (VISITOR, "auto-generated")
    for part in (
        "Why: The answer failed", "My invoice is wrong.", "Does it send texts too?", "An answer.", "Sorry.",
        "Route: ", "because:", "Asked gemini-3.5-flash-lite: failed, RateLimited, HTTP 429. slow down",
        "Result: failed, ended by upstream", f"/admin/assistant/request/{row.pk}/change/",
    ):  # fmt: skip
        assert part in text, part
    row.refresh_from_db()
    assert (row.mail_state, row.mail_attempts, mail_queue.said(row, now())) == ("sent", 1, "")


def test_the_visitor_gets_a_receipt_in_their_language_that_no_machine_answers(mailbox: Mailbox) -> None:
    row = ask(text="Ich brauche bitte eine Rechnung für meine Buchung")
    send_all()
    (mail,) = mailbox.to(VISITOR)
    assert mail["Subject"] == f"Ihre Anfrage Nr. {row.number} an Larkfield assistant"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["Reply-To"] == STAFF
    assert row.messages.get().text in text_of(mail)
    assert "> Ich brauche bitte eine Rechnung" in text_of(mail)


@pytest.mark.parametrize("off", ["setting", "own address", "fourth within an hour"])
def test_no_receipt_goes_where_none_is_wanted(mailbox: Mailbox, off: str) -> None:
    if off == "setting":
        change_settings(confirm_requests=False)
    if off == "fourth within an hour":
        for _ in range(3):
            ask()
        Message.objects.update(mail_state=Mailed.MailState.SENT)
    row = ask(email=STAFF.upper() if off == "own address" else VISITOR)
    send_all()
    receipt = row.messages.get()
    assert receipt.mail_state == "none"
    assert mail_queue.said(receipt, now()).startswith("No mail: ")
    assert not [mail for mail in mailbox.mails if mail["Auto-Submitted"] == "auto-replied"]
    assert receipt.text, "the visitor reads it in the chat all the same"


def test_an_answer_threads_under_its_receipt(mailbox: Mailbox) -> None:
    row = ask()
    user = User.objects.get(username="support")
    requests.answer(row.pk, user, "We have mended it.", 0)
    requests.answer(row.pk, user, "And sent a new one.", 1)
    send_all()
    receipt, first, second = mailbox.to(VISITOR)
    assert first["Subject"] == f"Re: {receipt['Subject']}"
    assert first["In-Reply-To"] == receipt["Message-ID"]
    assert second["In-Reply-To"] == first["Message-ID"]
    assert str(second["References"]).split() == [receipt["Message-ID"], first["Message-ID"]]
    assert first["Auto-Submitted"] is None
    assert text_of(first).startswith("We have mended it.")
    with pytest.raises(requests.TakenMeanwhile):
        requests.answer(row.pk, user, "Too late.", 1)


def test_a_mail_is_tried_again_with_longer_pauses_and_given_up_aloud(mailbox: Mailbox) -> None:
    mailbox.refuses = "451 greylisted"
    row = ask()
    for tries in range(1, mail_queue.QUEUE.most + 1):
        assert ("request", row.pk) in mail_queue.due(now())
        letters.deliver("request", row.pk)
        row.refresh_from_db()
        assert row.mail_attempts == tries
        assert "greylisted" in mail_queue.said(row, now())
        assert ("request", row.pk) not in mail_queue.due(now())
        pause = mail_queue.QUEUE.pauses[min(tries, len(mail_queue.QUEUE.pauses)) - 1]
        Request.objects.update(mail_tried_at=now() - pause - timedelta(seconds=1))
    assert row.mail_state == "failed"
    assert not [due for due in mail_queue.due(now()) if due[0] == "request"]
    mailbox.refuses = ""
    mail_queue.send_again(row)
    send_all()
    row.refresh_from_db()
    assert (row.mail_state, len(mailbox.to(STAFF))) == ("sent", 1)


def test_an_address_that_no_mail_can_have_is_a_failure_in_words(mailbox: Mailbox) -> None:
    row = ask()
    Request.objects.update(email=f"a@{'ä' * 60}.example")
    letters.deliver("request", row.pk)
    row.refresh_from_db()
    assert (row.mail_state, row.mail_attempts) == ("pending", 1)
    assert "UnicodeError" in mail_queue.said(row, now())


def test_a_mail_whose_worker_was_killed_in_the_last_try_ends_in_words(mailbox: Mailbox) -> None:
    mailbox.refuses = "451 greylisted"
    row = ask()
    Request.objects.update(
        mail_attempts=mail_queue.QUEUE.most,
        mail_tried_at=now() - mail_queue.QUEUE.pauses[-1] - timedelta(hours=1),
    )
    send_due_mails()
    row.refresh_from_db()
    assert row.mail_state == "failed"
    assert ("request", row.pk) not in mail_queue.due(now())


def test_mails_about_a_conversation_without_a_word_have_no_heading_for_it(mailbox: Mailbox) -> None:
    who = someone()
    ask(who, conversation_id=reserve(who.visitor_id))
    send_all()
    (team,), (receipt,) = mailbox.to(STAFF), mailbox.to(VISITOR)
    assert "What was said" not in text_of(team)
    assert "conversation so far" not in text_of(receipt)


def test_two_workers_send_a_mail_once(mailbox: Mailbox) -> None:
    row = ask()
    one, other = Request.objects.get(pk=row.pk), Request.objects.get(pk=row.pk)
    assert mail_queue.claim(one)
    assert not mail_queue.claim(other)
    Request.objects.update(mail_attempts=0)
    letters.deliver("request", row.pk)
    letters.deliver("request", row.pk)
    assert len(mailbox.to(STAFF)) == 1


def test_what_lacks_is_named(settings: Settings, mailbox: Mailbox) -> None:
    change_settings(staff_email="")
    row = ask()
    send_all()
    row.refresh_from_db()
    assert row.mail_state == "not_configured"
    assert "staff e-mail" in mail_queue.said(row, now())
    settings.ENV = replace(django_settings.ENV, mail=None, debug=False)
    other = ask()
    send_all()
    assert "EMAIL_URL" in mail_queue.said(other.messages.get(), now())


def test_without_a_broker_the_request_is_stored_and_beat_sends_its_mails(
    mailbox: Mailbox, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as handed_over:  # no Redis runs beside this test
        row = ask()
    assert handed_over
    assert Request.objects.filter(pk=row.pk, mail_state="pending").exists()
    send_all()
    assert len(mailbox.mails) == 2
