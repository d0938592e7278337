"""A conversation by e-mail: what stands in it, who may have it, and how often."""

import uuid
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from assistant.limits import RateLimited
from assistant.models import Request, Transcript
from assistant.person import live, live_visitor, requests, transcripts
from assistant.person.requests import RequestRefused
from assistant.selectors import NotFound
from assistant.tasks import send_due_mails
from assistant.who import Who
from tests.admin.conftest import seeded  # noqa: F401 - a fixture
from tests.admin.pages import add_turn, make_conversation
from tests.mail_server import Mailbox, running_mail_server, text_of

VISITOR = "ada@visitor.example"

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with running_mail_server() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box


@pytest.fixture
def row() -> Request:
    """Have a conversation with an answer, which waits for a person."""
    conversation = make_conversation()
    add_turn(conversation, "Where is my invoice?", text="I have **no** access to it.")
    who = Who(conversation.visitor_id, address=uuid.uuid4().hex)
    wish = requests.Wish("button", "", "Please look.", uuid.uuid4().hex, conversation.pk)
    return requests.create(who, wish, live=True)


def test_the_visitor_gets_both_sides_in_order_and_the_row_says_that_it_went_out(
    row: Request, mailbox: Mailbox
) -> None:
    user = User.objects.get(username="support")
    live.take(row.pk, user)
    live.say(row.pk, user, "Here it is: no. 4711.", "one")
    live_visitor.do(Who(row.visitor_id), row.pk, "transcript", VISITOR)
    live_visitor.do(Who(row.visitor_id), row.pk, "transcript", VISITOR)
    live.say(row.pk, user, "Said after it was ordered.", "two")
    send_due_mails()
    (mail,) = mailbox.to(VISITOR)
    text = text_of(mail)
    words = ["Where is my invoice?", "I have **no** access to it.", "Please look.", "Here it is: no. 4711."]
    assert sorted(words, key=text.index) == words
    assert text.count("Please look.") == 1  # beside the receipt, and beside no other of our sentences
    assert "Said after" not in text
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["Subject"] == "Your conversation with Larkfield assistant"
    row.refresh_from_db()
    assert row.transcript_sent_at is not None
    assert Transcript.objects.get().mail_state == "sent"


def test_a_mail_server_that_is_away_is_tried_again(row: Request, mailbox: Mailbox) -> None:
    mailbox.refuses = "451 later"
    live_visitor.do(Who(row.visitor_id), row.pk, "transcript", VISITOR)
    send_due_mails()
    sent = Transcript.objects.get()
    row.refresh_from_db()
    assert (sent.mail_state, sent.mail_attempts, row.transcript_sent_at) == ("pending", 1, None)
    assert "451" in sent.mail_reason


def test_a_strangers_mailbox_is_not_filled(row: Request) -> None:
    assert row.conversation is not None
    user = User.objects.get(username="support")
    for _ in range(transcripts.AN_HOUR_TO_AN_ADDRESS):
        transcripts.send(row.conversation, VISITOR, "en", user)
    with pytest.raises(RateLimited) as limited:
        transcripts.send(row.conversation, VISITOR.upper(), "en", user)
    assert "Too many" in limited.value.message or "min" in limited.value.message
    transcripts.send(row.conversation, "other@visitor.example", "en", user)
    live_visitor.do(Who(row.visitor_id), row.pk, "transcript", VISITOR)
    refused = Transcript.objects.get(mail_state="none")
    assert "share" in refused.mail_reason


def test_only_its_visitor_may_ask_and_only_for_an_address(row: Request) -> None:
    assert row.conversation_id is not None
    with pytest.raises(NotFound):
        transcripts.ask(Who(uuid.uuid4()), row.conversation_id, VISITOR)
    with pytest.raises(RequestRefused):
        transcripts.ask(Who(row.visitor_id), row.conversation_id, "nobody at home")
    assert transcripts.ask(Who(row.visitor_id), row.conversation_id, f" {VISITOR} ").email == VISITOR


def test_a_long_conversation_is_cut_and_says_so(row: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    assert row.conversation is not None
    monkeypatch.setattr(transcripts, "TURNS", 1)
    add_turn(row.conversation, "The last question", text="The last answer.")
    made = transcripts.ask(Who(row.visitor_id), row.conversation.pk, VISITOR)
    text = transcripts.text_of(made)
    assert "The last question" in text and "Where is my invoice?" not in text
    assert "Earlier messages are left out" in text
