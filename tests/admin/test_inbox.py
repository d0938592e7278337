"""The inbox as support uses it: who waits, taking and talking, handing on, and what a colleague notices."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localtime

from assistant import drafting
from assistant.drafting import Written
from assistant.models import (
    AssistantSettings,
    Message,
    Reply,
    Request,
    RequestSummary,
    Site,
    StaffPresence,
    Transcript,
    Visitor,
)
from assistant.person import inbox, live, live_care, live_shown, live_visitor, requests, summaries
from assistant.settings_snapshot import as_snapshot
from assistant.who import Who
from common.clock import now
from routing.publishing import publish
from tests.admin.conftest import SignIn
from tests.admin.pages import add_turn, form_of, make_conversation, text_of, words_of

NEWS = "admin:inbox_news"
ASKED = "The visitor is asked whether they want to talk now"


@pytest.fixture(autouse=True)
def always_open(seeded: None) -> None:
    """Have no opening hours: the example's are not those of whoever runs the tests."""
    AssistantSettings.objects.update(opening_hours="", closed_on="")
    publish(by="test", settings=as_snapshot(AssistantSettings.objects.get()))


def ask(*texts: str, email: str = "", waits: bool = True, **more: Any) -> Request:
    """Store a request behind a conversation of these questions, by default from somebody who waits."""
    wanted = more.pop("text", texts[-1] if texts else "Please look.")
    conversation = make_conversation(*(texts or ("Where is my invoice?",)))
    who = Who(conversation.visitor_id, address=uuid.uuid4().hex)
    wish = requests.Wish(more.pop("reason", "button"), email, wanted, uuid.uuid4().hex, conversation.pk)
    return requests.create(who, wish, live=waits)


def page(row: Request) -> str:
    return reverse("admin:inbox_request", args=[row.pk])


def do(client: Client, row: Request, verb: str, **fields: str) -> str:
    """Press a button and return what the page then says."""
    pressed = client.post(reverse("admin:inbox_do", args=[row.pk]), {"do": verb, **fields}, follow=True)
    return words_of(pressed)


def say(client: Client, row: Request, text: str, message_id: str = "") -> Any:
    return client.post(
        reverse("admin:inbox_say", args=[row.pk]),
        {"text": text, "client_message_id": message_id or uuid.uuid4().hex},
        headers={"accept": "application/json"},
    )


def news(client: Client, row: Request | None = None, **fields: str) -> dict[str, Any]:
    answer = client.post(reverse(NEWS), {"open": str(row.pk) if row else "", **fields})
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.content)
    return found


def state_of(row: Request) -> str:
    row.refresh_from_db()
    return row.live


def test_the_list_has_who_waits_first_then_mine_theirs_mail_and_what_ended(
    support: Client, sign_in: SignIn
) -> None:
    me, colleague = User.objects.get(username="support"), User.objects.get(username="admin")
    late = ask(text="Overdue mail", email="late@visitor.example", waits=False)
    Request.objects.filter(pk=late.pk).update(answer_by=now() - timedelta(hours=1))
    ask(text="Newer mail", email="new@visitor.example", waits=False)
    older, newer = ask("The one who waits longest"), ask("The one who came later")
    Request.objects.filter(pk=older.pk).update(live_since=now() - timedelta(minutes=2))
    mine, theirs, ended = ask("Taken by me"), ask("Taken by another"), ask("Over and done")
    live.take(mine.pk, me)
    live.take(theirs.pk, colleague)
    live.take(ended.pk, me)
    live.close(ended.pk, me)
    shown = words_of(support.get(reverse("admin:inbox")))
    wanted = [
        "Waiting for a person 2", "The one who waits longest", "The one who came later", "With you 1",
        "Taken by me", "With colleagues 1", "Taken by another", "To be answered by e-mail 2",
        "late@visitor.example", "Overdue", "new@visitor.example", "Ended today 1",
    ]  # fmt: skip
    assert sorted(wanted, key=shown.index) == wanted
    assert newer.number and "Inbox 2" in shown, "the menu counts who waits"


def test_an_empty_inbox_says_so(support: Client) -> None:
    shown = words_of(support.get(reverse("admin:inbox")))
    assert "Nothing is open here. What comes appears in the list by itself." in shown


@pytest.mark.parametrize(("role", "status"), [("support", 200), ("admin", 200), ("manager", 403)])
def test_only_those_who_talk_with_visitors_may_look(sign_in: SignIn, role: str, status: int) -> None:
    row, client = ask(), sign_in(role)
    assert client.get(reverse("admin:inbox")).status_code == status
    assert client.get(page(row)).status_code == status
    assert client.post(reverse(NEWS), {}).status_code == status
    assert say(client, row, "Hello").status_code == (409 if status == 200 else 403)
    taken = client.post(reverse("admin:inbox_do", args=[row.pk]), {"do": "take"})
    assert taken.status_code == (302 if status == 200 else 403)
    assert state_of(row) == ("with_staff" if status == 200 else "waiting")
    figures = words_of(client.get(reverse("admin:inbox_figures")))
    assert "Asked for a person 1" in figures
    assert "Where is my invoice" not in figures


def test_the_page_has_the_transcript_a_line_of_receipt_and_what_was_handed_over(support: Client) -> None:
    row = ask("Does it send texts too?", "And reminders?", text="Nothing helps", reason="failed")
    assert row.conversation is not None
    failed = add_turn(
        row.conversation, "Later", state="failed", ended_by="upstream", text="", notice="Sorry."
    )
    Reply.objects.filter(turn__text="And reminders?").update(rating=-1, answering_model="some-model")
    shown = words_of(support.get(page(row)))
    assert "· some-model ·" in shown
    assert reverse("admin:reply", args=[failed.pk]) in text_of(support.get(page(row)))
    handed = shown[shown.index("Handed over") :]
    assert "First question Does it send texts too?" in handed
    assert "Last question And reminders?" in handed
    assert "Thumbs down: 1" in handed
    assert "Why a person The answer failed" in handed
    assert "Nothing helps" in shown


def test_what_a_site_said_of_its_visitor_stands_beside_the_conversation(support: Client) -> None:
    row = ask()
    row.visitor.claims, row.visitor.name = {"seats": 9}, "Ada <b>Lovelace</b>"
    row.visitor.save()
    assert "Lovelace" not in words_of(support.get(page(row))), "nobody has vouched for that name"
    row.visitor.external_id = "ada-1"
    row.visitor.save()
    other = make_conversation("An older question")
    other.visitor = row.visitor
    other.save()
    answer = support.get(page(row))
    shown = words_of(answer)
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in shown and "<b>Lovelace" not in answer.content.decode()
    assert "Seats 9" in shown
    assert "Language English" in shown and "Site the desk's own page" in unescape(shown)
    Site.objects.create(key="garden", name="The garden shop")
    Visitor.objects.filter(pk=row.visitor_id).update(site="garden")
    Request.objects.filter(pk=row.pk).update(language="pt-br")
    shown = words_of(support.get(page(row)))
    assert "Language Brazilian Portuguese" in shown and "Site The garden shop" in shown
    assert "Other conversations 1" in shown and "An older question" in shown


def test_taking_talking_and_closing_is_noted_by_name(support: Client, admin: Client) -> None:
    row = ask()
    assert "Take" in words_of(support.get(page(row)))
    assert "With staff: you" in do(support, row, "take")
    assert say(support, row, "Hello.", "one").json() == say(support, row, "Hello.", "one").json()
    assert row.messages.filter(author=Message.Author.STAFF).count() == 1
    assert "With staff: support" in words_of(admin.get(page(row)))
    assert "is closed" in do(support, row, "close", note="Sent the invoice again.")
    assert state_of(row) == "closed"
    history = words_of(admin.get(page(row))).split("History")[-1]
    assert "Taken: support" in history
    assert "Closed: support “Sent the invoice again.”" in history


def test_of_two_who_take_at_once_one_wins_and_the_other_is_told_who(support: Client, admin: Client) -> None:
    live.present(User.objects.get(username="support"))
    row = ask()
    do(support, row, "take")
    assert "support has taken this conversation meanwhile." in do(admin, row, "take")
    refused = say(admin, row, "I also have an answer.")
    assert (refused.status_code, "problem" in refused.json()) == (409, True)
    assert row.messages.filter(author=Message.Author.STAFF).count() == 0
    assert row.events.filter(kind="taken").count() == 1


def test_a_conversation_goes_on_to_colleagues_or_back_to_the_assistant(
    support: Client, admin: Client
) -> None:
    row = ask()
    do(support, row, "take")
    assert "your colleagues see it as waiting" in do(support, row, "release")
    assert state_of(row) == "waiting"
    do(admin, row, "take")
    assert "The assistant answers again." in do(admin, row, "back")
    assert state_of(row) == "back"
    assert "Take again" in words_of(support.get(page(row)))
    do(support, row, "take")
    assert [event.kind for event in row.events.all()] == [
        "created", "taken", "released", "taken", "back", "taken",
    ]  # fmt: skip


def test_a_colleague_whose_inbox_is_closed_can_be_relieved(support: Client, admin: Client) -> None:
    colleague = User.objects.get(username="admin")
    live.present(colleague)
    row = ask()
    do(admin, row, "take")
    assert "Take over" not in words_of(support.get(page(row))) and "Left alone" not in news(support)["list"]
    StaffPresence.objects.update(seen_at=now() - timedelta(minutes=3))
    assert "Take over" in words_of(support.get(page(row))) and "Left alone" in news(support)["list"]
    assert "With staff: you" in do(support, row, "take")


def test_an_e_mail_request_is_answered_here_and_the_second_colleague_loses_no_word(
    support: Client, admin: Client
) -> None:
    row = ask(email="zoe@visitor.example", waits=False)
    assert "Answer to zoe@visitor.example by e-mail" in words_of(support.get(page(row)))
    done = do(support, row, "answer", seen="0", text="It is mended.")
    assert "on its way to zoe@visitor.example" in done
    late = admin.post(
        reverse("admin:inbox_do", args=[row.pk]), {"do": "answer", "seen": "0", "text": "Mine."}
    )
    assert "support has answered since you opened this page" in words_of(late)
    assert "Mine.</textarea>" in text_of(late)
    assert row.messages.filter(author=Message.Author.STAFF).count() == 1
    assert "Answered by e-mail: support" in words_of(admin.get(page(row)))


def test_no_word_is_lost_when_a_conversation_changed_hands_or_the_session_ended(
    support: Client, admin: Client
) -> None:
    row = ask()
    do(support, row, "take")
    address = reverse("admin:inbox_say", args=[row.pk])
    assert support.post(address, {"text": "Hello"}).status_code == 302
    do(support, row, "back")
    refused = support.post(address, {"text": "One more thing"})  # by the form, without the script
    assert refused.status_code == 200
    assert form_of(refused)["text"] == "One more thing"

    # Whoever signs in first is led to the address of the button, which shows the conversation.
    for name in ("admin:inbox_say", "admin:inbox_do"):
        led = support.get(reverse(name, args=[row.pk]))
        assert (led.status_code, led.headers["Location"]) == (302, page(row))

    mailed = ask(email="ada@visitor.example", waits=False)
    sent = support.post(
        reverse("admin:inbox_do", args=[mailed.pk]), {"do": "answer", "seen": "0", "text": "Yes."}
    )
    assert sent.headers["Location"] == f"{page(mailed)}?sent=1"
    do(support, mailed, "close", note="\x00done\u202e")
    assert mailed.events.get(kind="closed").note == "done"


def test_news_bring_only_what_has_changed(support: Client) -> None:
    row = ask()
    do(support, row, "take")
    first = news(support, row)
    assert set(first["parts"]) == {"head", "thread", "facts"} and first["mode"] == "live"
    listed = inbox.sign_of_list(inbox.lines(User.objects.get(username="support"), now()))
    quiet = news(support, row, sign=first["sign"], list=listed)
    assert "parts" not in quiet and "list" not in quiet
    assert row.conversation is not None
    add_turn(row.conversation, "Are you still there?", text="")
    after = news(support, row, sign=first["sign"], list=listed)
    assert "Are you still there?" in after["parts"]["thread"]
    assert "Wrote" in after["list"]
    other = ask("Somebody else")
    assert news(support)["waiting"] == [str(other.pk)]


def queries_of_a_look(client: Client, row: Request, **signs: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        news(client, row, available="1", **signs)
    return len(asked)


def test_a_look_asks_the_database_as_often_for_twenty_of_each_as_for_one(support: Client) -> None:
    me, colleague = User.objects.get(username="support"), User.objects.get(username="admin")
    row = ask()
    do(support, row, "take")

    def looks() -> tuple[int, int]:
        """Count for a page that knows nothing yet, and for one that is told nothing new."""
        first = news(support, row, available="1")
        signs = {"sign": first["sign"], "list": inbox.sign_of_list(inbox.lines(me, now()))}
        return queries_of_a_look(support, row), queries_of_a_look(support, row, **signs)

    one = looks()
    for number in range(20):
        ask(f"Question {number}")
        ask(email=f"{number}@visitor.example", waits=False)
        live.take(ask("Of a colleague").pk, colleague)
        ended = ask("Over")
        live.take(ended.pk, me)
        live.close(ended.pk, me)
    assert looks() == one
    everything, nothing_new = one
    assert nothing_new <= 22  # counted: the session and its rights, the list, the signs
    assert everything <= 40  # and the three parts once


def test_the_list_shows_what_is_wanted_of_a_person_and_then_what_was_written_last(support: Client) -> None:
    row = ask("How do I reset my password?", text="My invoice is wrong.")
    assert row.conversation is not None
    waits = news(support)["list"]
    assert "My invoice is wrong." in waits and "reset my password" not in waits
    assert "Asked the team My invoice is wrong." in words_of(support.get(page(row)))
    do(support, row, "take")
    Request.objects.update(visitor_writing_at=now())
    assert "is writing" in news(support, row)["parts"]["head"]
    add_turn(row.conversation, "It is number 4711.", text="")
    assert "It is number 4711." in news(support)["list"]


def test_who_is_available_is_what_the_switch_says(support: Client) -> None:
    user = User.objects.get(username="support")
    assert "Nobody is available" in news(support)["offered"]
    assert "Visitors are offered a live chat." in news(support, available="1")["offered"]
    assert live.anybody_there()
    assert "Nobody is available" in news(support, available="0")["offered"]
    row = ask()
    live.take(row.pk, user)
    news(support, row, writing="1", available="1")
    row.refresh_from_db()
    assert row.staff_writing_at is not None
    AssistantSettings.objects.update(live_chat=False)
    publish(by="test", settings=as_snapshot(AssistantSettings.objects.get()))
    assert "switched off" in news(support)["offered"]


def test_who_is_not_available_keeps_what_they_have_while_the_inbox_is_open(support: Client) -> None:
    user, row = User.objects.get(username="support"), ask()
    do(support, row, "take")  # without ever having been available
    assert live.is_there(user) and not live.anybody_there()
    assert row.conversation_id is not None
    assert live_shown.views([row.conversation_id])[row.conversation_id]["away"] is False
    StaffPresence.objects.update(seen_at=now() - timedelta(minutes=3))
    assert live_shown.views([row.conversation_id])[row.conversation_id]["away"] is True
    news(support, row)
    assert live.is_there(user) and not live.anybody_there()
    news(support, row, available="1")
    news(support, row)  # another page, on which the switch is off
    assert live.anybody_there()
    news(support, row, available="0")
    assert live.is_there(user) and not live.anybody_there()


def test_the_faq_offers_what_is_nearest_as_plain_text(support: Client) -> None:
    found = support.get(reverse("admin:inbox_faq"), {"q": "how do I reset my password"}).json()["entries"]
    assert "password" in found[0]["question"].lower()
    assert not any("**" in entry["answer"] or "](" in entry["answer"] for entry in found)
    found = support.get(reverse("admin:inbox_faq"), {"q": "rate limits of the API"}).json()["entries"]
    limits = next(entry["answer"] for entry in found if "rate limits" in entry["question"])
    assert "X-RateLimit-Limit: 60\n" in limits and "status 429" in limits and "`" not in limits
    assert support.get(reverse("admin:inbox_faq"), {"q": ""}).json()["entries"]


def test_staff_send_the_transcript_to_the_address_and_see_that_they_did(support: Client) -> None:
    row = ask(email="zoe@visitor.example", waits=False)
    assert "on its way to zoe@visitor.example" in do(support, row, "transcript")
    assert Transcript.objects.get().user == User.objects.get(username="support")
    assert "Transcript to zoe@visitor.example, sent by support" in words_of(support.get(page(row)))
    for _ in range(2):
        do(support, row, "transcript")
    assert "Not sent" in do(support, row, "transcript")
    nobody = ask()
    assert "E-mail the transcript" not in words_of(support.get(page(nobody)))


def test_a_summary_is_written_by_a_model_once_it_was_ordered(
    support: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask("My card 4111 1111 1111 1111 was charged twice")
    assert "Have a model sum it up" in words_of(support.get(page(row)))
    RequestSummary.objects.create(request=row, ordered_at=now())
    said: list[str] = []

    def written(role: str, call: Any, order: Any, alive: Any) -> Written:
        said.append(call.user)
        return Written("Wants the second charge back.", "A model")

    monkeypatch.setattr(drafting, "ask", written)
    summaries.write(row.pk)
    summaries.write(row.pk)
    assert "Wants the second charge back." in words_of(support.get(page(row)))
    assert len(said) == 1 and "4111" not in said[0] and "charged twice" in said[0]
    RequestSummary.objects.update(state="running", ordered_at=now() - timedelta(minutes=5))
    assert "The worker has not ended it" in words_of(support.get(page(row)))


def test_the_figures_count_waits_ratings_and_who_came_in_vain(sign_in: SignIn) -> None:
    manager, user = sign_in("manager"), User.objects.get(username="support")
    rated, vain = ask(), ask()
    Request.objects.filter(pk=rated.pk).update(live_asked_at=now() - timedelta(seconds=30))
    live.take(rated.pk, user)
    live.close(rated.pk, user)
    live_visitor.rate(Who(rated.visitor_id), rated.pk, 4, "Private words")
    Request.objects.filter(pk=vain.pk).update(live="failed", live_failed_at=now())
    shown = words_of(manager.get(reverse("admin:inbox_figures")))
    for words in ("In the chat 2", "Taken 1 50% of them", "Nobody came 1", "Median wait 30 s", "4.0 of 5"):
        assert words in shown
    assert "Private words" not in shown
    assert manager.get(reverse("admin:inbox")).status_code == 403


def test_a_visitor_who_is_there_can_be_offered_a_chat(support: Client) -> None:
    row = ask(email="zoe@visitor.example", waits=False)
    assert "Offer a live chat" not in words_of(support.get(page(row)))
    Request.objects.filter(pk=row.pk).update(visitor_seen_at=now())
    assert "Offer a live chat" in words_of(support.get(page(row)))
    assert ASKED in do(support, row, "offer")
    assert state_of(row) == "offered"


def _declines(client: Client, row: Request) -> None:
    live_visitor.do(Who(row.visitor_id), row.pk, "decline")


def _accepts(client: Client, row: Request) -> None:
    live_visitor.do(Who(row.visitor_id), row.pk, "accept")


def _lapses(client: Client, row: Request) -> None:
    with time_machine.travel(now() + live.OFFER_STANDS + timedelta(seconds=1)):
        live_care.sweep()


def _is_closed(client: Client, row: Request) -> None:
    do(client, row, "close")


@pytest.mark.parametrize("ends", [_declines, _accepts, _lapses, _is_closed])
def test_that_a_visitor_was_asked_is_said_as_long_as_it_is_true(
    support: Client, sign_in: SignIn, ends: Callable[[Client, Request], None]
) -> None:
    row = ask(email="zoe@visitor.example", waits=False)
    Request.objects.filter(pk=row.pk).update(visitor_seen_at=now())
    do(support, row, "offer")
    looked = news(support, row)
    until = localtime(Request.objects.get(pk=row.pk).live_until)
    assert f"{ASKED} and may answer until {until:%H:%M}." in looked["parts"]["head"]
    assert ASKED in words_of(support.get(page(row))), "on a page that is loaded again as well"
    assert "parts" not in news(support, row, sign=looked["sign"])
    ends(sign_in("admin"), row)
    assert ASKED not in news(support, row, sign=looked["sign"])["parts"]["head"]


def test_the_home_page_says_who_waits_in_the_chat(sign_in: SignIn) -> None:
    ask()
    steps = {
        step.title: (step.figure, step.url)
        for _, steps in sign_in("support").get(reverse("admin:index")).context["groups"]
        for step in steps
    }
    assert steps["Waiting in the chat"] == ("1", reverse("admin:inbox"))
    assert steps["Talking now"][0] == "0"
    assert "Waiting in the chat" not in words_of(sign_in("manager").get(reverse("admin:index")))
