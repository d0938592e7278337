"""A person, live, at the functions that the inbox and the sockets call: who may do what, and only once."""

import uuid
from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth.models import User

from assistant import frames, live_states
from assistant.models import (
    AssistantSettings,
    Conversation,
    LiveState,
    Mailed,
    Message,
    Reply,
    Request,
    StaffPresence,
)
from assistant.person import live, live_shown, live_visitor
from assistant.person.requests import RequestRefused, Wish
from assistant.reserved import reserve
from assistant.selectors import NotFound
from assistant.services import NotAvailable
from assistant.settings_snapshot import as_snapshot
from assistant.who import Who
from common.clock import now
from routing.publishing import publish
from tests.admin.conftest import seeded  # noqa: F401 - a fixture
from tests.admin.pages import add_turn, make_conversation

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.fixture(autouse=True)
def always_open(seeded: None) -> None:  # noqa: F811
    """Have no opening hours: the example's are not those of whoever runs the tests."""
    change_settings(opening_hours="", closed_on="")


@pytest.fixture
def anna(seeded: None) -> User:  # noqa: F811
    """Have somebody of the team with the inbox open."""
    user = User.objects.create_user("anna", first_name="Anna", is_staff=True)
    live.present(user)
    return user


@pytest.fixture
def ben(seeded: None) -> User:  # noqa: F811
    return User.objects.create_user("ben", is_staff=True)


def change_settings(**values: object) -> None:
    AssistantSettings.objects.update(**values)
    publish(by="test", settings=as_snapshot(AssistantSettings.objects.get()))


def someone(language: str = "en") -> Who:
    return Who(uuid.uuid4(), language=language, address=uuid.uuid4().hex)


def ask(who: Who, conversation_id: uuid.UUID | None = None, email: str = "", key: str = "") -> Request:
    conversation_id = conversation_id or reserve(who.visitor_id)
    wish = Wish("button", email, "My invoice is wrong.", key or uuid.uuid4().hex, conversation_id)
    made = live_visitor.ask(who, wish)
    return Request.objects.get(pk=made.message["request"]["request_id"])


def view(request: Request) -> dict[str, object]:
    assert request.conversation_id
    return live_shown.views([request.conversation_id])[request.conversation_id]


def gone(user: User, since: timedelta) -> None:
    StaffPresence.objects.filter(pk=user.pk).update(seen_at=now() - since)


def said(request: Request) -> list[str]:
    return list(request.messages.order_by("created_at").values_list("text", flat=True))


# ---- the table -----------------------------------------------------------------------------------


def test_moves_name_states_that_exist_and_what_is_over_is_left_by_staff_alone() -> None:
    assert {*live_states.STATES} == {*LiveState.values}
    for name, move in live_states.MOVES.items():
        assert {*move.froms, move.to} <= {*live_states.STATES}, name
        assert move.by == "staff" or not {*move.froms} & {*live_states.OVER}, name
    allowed = {
        (name, state)
        for name, state in product(live_states.MOVES, live_states.STATES)
        if live_states.allowed(name, state)
    }
    assert {state for name, state in allowed if name == "take"} == {"waiting", "back"}
    assert ("take", "closed") not in allowed and ("cancel", "with_staff") not in allowed
    assert all(live_states.refusal(state) for state in live_states.STATES)


# ---- asking --------------------------------------------------------------------------------------


def test_without_anybody_there_an_address_is_needed_and_with_one_it_is_a_request_by_mail(ben: User) -> None:
    who = someone(language="de")
    with pytest.raises(RequestRefused) as refused:
        ask(who)
    assert (refused.value.code, refused.value.field) == ("nobody_there", "email")
    assert "niemand aus dem Team hier" in refused.value.message  # as the page, whatever was written
    by_mail = ask(who, email="a@visitor.example")
    assert (by_mail.live, by_mail.mail_state) == ("", Mailed.MailState.PENDING)
    live.present(ben)
    waiting = ask(someone())
    assert (waiting.live, waiting.email, waiting.mail_state) == ("waiting", "", Mailed.MailState.NONE)
    assert waiting.live_until is not None and waiting.live_asked_at is not None
    assert waiting.live_until - waiting.live_asked_at == timedelta(minutes=3)


@pytest.mark.parametrize(
    ("values", "there"),
    [
        ({}, True),
        ({"live_chat": False}, False),
        ({"opening_hours": "daily 00:00-24:00"}, True),
        ({"opening_hours": "daily 00:00-24:00", "closed_on": f"{now():%Y-%m-%d}"}, False),
    ],
)
def test_live_chat_is_offered_within_hours_while_it_is_switched_on(
    anna: User, values: dict[str, object], there: bool
) -> None:
    change_settings(**values)
    assert live_shown.available() is there
    gone(anna, timedelta(seconds=61))
    assert not live_shown.available() and not live.anybody_there()


def test_a_conversation_has_one_live_chat_however_often_it_is_asked_for(anna: User) -> None:
    who, conversation_id = someone(), uuid.UUID(int=0)
    conversation_id = reserve(who.visitor_id)
    first = ask(who, conversation_id, key="one")
    assert ask(who, conversation_id, key="one").pk == first.pk
    assert ask(who, conversation_id, key="two").pk == first.pk
    assert Request.objects.filter(conversation_id=conversation_id).count() == 1
    live_visitor.do(who, first.pk, "cancel")
    assert ask(who, conversation_id, key="three").pk != first.pk


def test_who_waits_is_told_their_place_and_until_when(anna: User) -> None:
    first, second = ask(someone()), ask(someone())
    assert [view(first)["position"], view(second)["position"]] == [1, 2]
    assert view(second)["until"] == second.live_until.isoformat()  # type: ignore[union-attr]
    live.take(first.pk, anna)
    assert (view(second)["position"], view(first)["position"]) == (1, None)


# ---- taking, talking, giving back ----------------------------------------------------------------


def test_of_two_who_take_at_once_one_has_it_and_taking_twice_changes_nothing(anna: User, ben: User) -> None:
    request = ask(someone())
    live.take(request.pk, anna)
    before = said(request)
    with pytest.raises(live.TakenMeanwhile):
        live.take(request.pk, ben)
    taken = live.take(request.pk, anna)
    assert (taken.live, taken.live_user, said(request)) == ("with_staff", anna, before)
    assert before[-1].startswith("Anna from the team is here")
    assert view(request) | {"by": "Anna", "away": False, "taken": True} == view(request)
    conversation = request.conversation
    assert conversation is not None
    conversation.refresh_from_db()
    assert conversation.state == Conversation.State.WITH_STAFF


def test_a_colleague_who_is_gone_is_relieved_and_the_visitor_is_told(anna: User, ben: User) -> None:
    request = ask(someone())
    live.take(request.pk, anna)
    gone(anna, timedelta(seconds=119))
    with pytest.raises(live.TakenMeanwhile):
        live.take(request.pk, ben)
    assert view(request)["away"] is False
    gone(anna, timedelta(seconds=121))
    assert view(request)["away"] is True
    assert [row.number for row in live.waiting_and_mine(ben)] == [request.number]
    live.present(ben)
    assert live.take(request.pk, ben).live_user == ben
    assert view(request) | {"away": False, "by": ""} == view(request)
    with pytest.raises(live.LiveRefused):
        live.say(request.pk, anna, "I am back!", "late")


def test_the_team_is_named_only_when_the_settings_say_so(anna: User) -> None:
    change_settings(live_shows_name=False)
    request = ask(someone())
    live.take(request.pk, anna)
    assert view(request)["by"] == "" and "Anna" not in " ".join(said(request))


def test_what_is_said_is_stored_once_and_only_by_whose_conversation_it_is(anna: User, ben: User) -> None:
    request = ask(someone())
    with pytest.raises(live.LiveRefused, match="Nobody has taken"):
        live.say(request.pk, anna, "Hello", "1")
    live.take(request.pk, anna)
    first = live.say(request.pk, anna, " Hello <b> ", "1")
    assert live.say(request.pk, anna, "Hello", "1").pk == first.pk
    assert (first.text, first.mail_state) == ("Hello <b>", Mailed.MailState.NONE)
    assert "&lt;b&gt;" in first.html
    for text in (" ", "x" * (live.SAY_LIMIT + 1)):
        with pytest.raises(live.LiveRefused):
            live.say(request.pk, anna, text, "2")
    with pytest.raises(live.LiveRefused, match="A colleague"):
        live.say(request.pk, ben, "Hello", "3")
    request.refresh_from_db()
    assert (request.answers, request.state) == (1, Request.State.ANSWERED)
    assert request.messages.filter(author=Message.Author.STAFF).count() == 1


def test_who_has_gone_gets_what_is_said_by_mail_when_they_left_an_address(anna: User) -> None:
    request = ask(someone(), email="c@visitor.example")
    live.take(request.pk, anna)
    assert live.say(request.pk, anna, "Are you there?", "1").mail_state == Mailed.MailState.NONE
    Request.objects.update(visitor_seen_at=now() - timedelta(seconds=61))
    assert live.say(request.pk, anna, "Here it is.", "2").mail_state == Mailed.MailState.PENDING


def test_giving_back_and_closing_end_it_once(anna: User, ben: User) -> None:
    request = ask(someone())
    live.take(request.pk, anna)
    with pytest.raises(live.LiveRefused, match="colleague"):
        live.give_back(request.pk, ben)
    live.say(request.pk, anna, "Done.", "1")
    live.give_back(request.pk, anna)
    assert live.give_back(request.pk, anna).live == "back"
    assert (
        said(request)[-1].startswith("The team has handed back")
        and said(request).count(said(request)[-1]) == 1
    )
    live.take(request.pk, ben)
    closed = live.close(request.pk, ben, note=" wanted a refund ")
    assert (closed.live, closed.live_note, closed.state) == (
        "closed",
        "wanted a refund",
        Request.State.CLOSED,
    )
    with pytest.raises(live.LiveRefused, match="closed"):
        live.take(request.pk, anna)
    assert closed.conversation is not None and closed.conversation.state == Conversation.State.OPEN


def test_taking_stops_what_the_assistant_is_writing(
    anna: User, django_capture_on_commit_callbacks: object
) -> None:
    conversation = make_conversation("Where is my parcel?")
    running = add_turn(conversation, "And the next?", state="streaming", ended_by="", ended_at=None)
    queued = add_turn(conversation, "And then?", state="queued", ended_by="", ended_at=None, text="")
    who = Who(conversation.visitor_id, language="en", address="1")
    request = ask(who, conversation.pk)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        live.take(request.pk, anna)
    running.refresh_from_db()
    queued.refresh_from_db()
    assert running.stop_requested and not queued.stop_requested
    assert (queued.state, queued.route, queued.text) == (Reply.State.COMPLETED, "person", "")
    assert frames.done(queued)["quiet"] and not frames.done(queued)["retryable"]


# ---- the visitor's moves -------------------------------------------------------------------------


def test_a_visitor_cancels_and_is_told_when_that_comes_too_late(anna: User) -> None:
    who = someone()
    request = ask(who)
    live_visitor.do(who, request.pk, "cancel")
    live_visitor.do(who, request.pk, "cancel")
    request.refresh_from_db()
    assert (request.live, request.state) == ("closed", Request.State.CLOSED)
    other = ask(who)
    live.take(other.pk, anna)
    with pytest.raises(NotAvailable, match="has taken"):
        live_visitor.do(who, other.pk, "cancel")
    with pytest.raises(NotFound):
        live_visitor.do(someone(), other.pk, "end")


@pytest.mark.parametrize(("doing", "state"), [("back", "back"), ("end", "closed")])
def test_a_visitor_goes_back_to_the_assistant_or_ends_it(anna: User, doing: str, state: str) -> None:
    who = someone()
    request = ask(who)
    live.take(request.pk, anna)
    for _ in range(2):
        live_visitor.do(who, request.pk, doing)
    request.refresh_from_db()
    assert (request.live, len(said(request))) == (state, 3)


def test_staff_offer_a_live_chat_to_whom_wrote_a_mail(anna: User) -> None:
    who = someone()
    gone(anna, timedelta(minutes=5))
    request = ask(who, email="d@visitor.example")
    live.present(anna)
    live.offer(request.pk, anna)
    assert view(request) | {"state": "offered", "by": "Anna"} == view(request)
    live_visitor.do(who, request.pk, "decline")
    request.refresh_from_db()
    assert (request.live, request.state) == ("", Request.State.NEW)
    live.offer(request.pk, anna)
    for _ in range(2):
        live_visitor.do(who, request.pk, "accept")
    request.refresh_from_db()
    assert (request.live, request.live_user) == ("with_staff", anna)
    with pytest.raises(live.LiveRefused, match="colleague"):
        live.offer(request.pk, anna)


def test_an_address_that_is_left_while_nobody_comes_makes_it_a_request_by_mail_once(anna: User) -> None:
    who = someone()
    request = ask(who)
    with pytest.raises(RequestRefused) as refused:
        live_visitor.do(who, request.pk, "email", "nobody")
    assert refused.value.code == "bad_email"
    for _ in range(2):
        live_visitor.do(who, request.pk, "email", "e@visitor.example")
    request.refresh_from_db()
    assert (request.live, request.email, request.mail_state) == (
        "failed",
        "e@visitor.example",
        Mailed.MailState.PENDING,
    )
    assert request.live_failed_at is not None
    receipts = [text for text in said(request) if "e…@visitor.example" in text]
    assert len(receipts) == 1


def test_an_address_that_is_left_with_somebody_there_ends_nothing(anna: User) -> None:
    who = someone()
    request = ask(who)
    live.take(request.pk, anna)
    live_visitor.do(who, request.pk, "email", "f@visitor.example")
    request.refresh_from_db()
    assert (request.live, request.email) == ("with_staff", "f@visitor.example")
    gone(anna, timedelta(minutes=3))
    live_visitor.do(who, request.pk, "email", "f@visitor.example")
    request.refresh_from_db()
    assert (request.live, request.mail_state) == ("failed", Mailed.MailState.PENDING)


def test_the_assistant_answers_again_when_whoever_took_an_offer_is_gone(anna: User) -> None:
    who = someone()
    gone(anna, timedelta(minutes=5))
    request = ask(who, email="i@visitor.example")
    Request.objects.update(mail_state=Mailed.MailState.SENT)
    live.present(anna)
    live.offer(request.pk, anna)
    live_visitor.do(who, request.pk, "accept")
    live.say(request.pk, anna, "Hello.", "1")
    gone(anna, timedelta(minutes=3))
    live_visitor.do(who, request.pk, "email")
    request.refresh_from_db()
    assert (request.live, request.state) == ("failed", Request.State.NEW)
    assert request.conversation is not None
    assert request.conversation.state == Conversation.State.WAITING


def test_a_conversation_with_the_team_is_rated_and_one_without_is_not(anna: User) -> None:
    who = someone()
    request = ask(who)
    with pytest.raises(NotAvailable):
        live_visitor.rate(who, request.pk, 5, "")
    live.take(request.pk, anna)
    live.close(request.pk, anna)
    live_visitor.rate(who, request.pk, 2, "  slow ")
    live_visitor.rate(who, request.pk, 4, "  kind after all ")
    request.refresh_from_db()
    assert (request.person_rating, request.person_rating_reason) == (4, "kind after all")
    assert view(request)["rating"] == 4


def test_a_transcript_is_asked_for_once_and_again_for_another_address(anna: User) -> None:
    who = someone()
    request = ask(who)
    live_visitor.do(who, request.pk, "transcript", "g@visitor.example")
    Request.objects.update(transcript_sent_at=now())
    live_visitor.do(who, request.pk, "transcript", "g@visitor.example")
    request.refresh_from_db()
    assert request.transcript_to == "g@visitor.example" and request.transcript_sent_at is not None
    live_visitor.do(who, request.pk, "transcript", "h@visitor.example")
    request.refresh_from_db()
    assert request.transcript_to == "h@visitor.example" and request.transcript_sent_at is None


# ---- what the team sees --------------------------------------------------------------------------


def test_the_thread_has_both_sides_in_order_and_goes_on_from_its_cursor(anna: User) -> None:
    conversation = make_conversation("Where is my parcel?")
    who = Who(conversation.visitor_id, language="en", address="1")
    request = ask(who, conversation.pk)
    live.take(request.pk, anna)
    live.say(request.pk, anna, "Hello.", "1")
    found = live.thread(request.pk, user=anna)
    assert [line.author for line in found.lines] == ["visitor", "assistant", "system", "system", "staff"]
    assert found.row.mine and found.row.visitor_there and found.lines[-1].name == "anna"
    live.say(request.pk, anna, "Anything else?", "2")
    later = live.thread(request.pk, found.cursor, anna)
    assert later.lines[-1].text == "Anything else?"
    Message.objects.update(created_at=now() - timedelta(minutes=1))
    assert not live.thread(request.pk, later.cursor, anna).row.visitor_writing


def test_the_list_has_mine_then_who_waits_longest_first(anna: User, ben: User) -> None:
    first, second, third = ask(someone()), ask(someone()), ask(someone())
    live.take(third.pk, anna)
    live.present(ben)
    assert [row.number for row in live.waiting_and_mine(anna)] == [third.number, first.number, second.number]
    assert [row.number for row in live.waiting_and_mine(ben)] == [first.number, second.number]
    row = live.waiting_and_mine(anna)[0]
    assert (row.mine, row.live, row.last_text, row.last_by_visitor) == (
        True,
        "with_staff",
        "My invoice is wrong.",
        True,
    )
