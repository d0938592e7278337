"""From the example to one's own desk: gone for good, nothing of staff's with it, back on request."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from assistant.example import company
from assistant.example.company import LARKFIELD
from assistant.models import AssistantSettings, Conversation, Visitor
from common import example as choice
from common.clock import now
from faq import index, services
from faq.models import Entry
from routing import example as figures
from routing import publishing
from routing.models import Route, RouteOutcome, Rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seeded(db: None) -> Iterator[None]:
    index.forget()
    publishing.forget()
    call_command("seed", stdout=StringIO())
    yield
    index.forget()
    publishing.forget()


def example(*arguments: str) -> str:
    said = StringIO()
    call_command("example", *arguments, stdout=said)
    return said.getvalue()


def edit(key: str) -> Entry:
    entry = Entry.objects.get(example_key=key)
    entry.answer = "Ask Ada."
    return services.save_entry(entry)


def conversation(purpose: str) -> Conversation:
    visitor = Visitor.objects.create()
    return Conversation.objects.create(visitor=visitor, purpose=purpose, title=purpose)


def test_it_goes_and_neither_seed_nor_the_chat_page_brings_it_back(client: Client) -> None:
    assert b"Pro plan (paid)" in client.get("/").content
    theirs, ours = conversation("demo"), conversation("visitor")
    before = (Rule.objects.count(), Route.objects.count())
    said = example("--remove")
    assert "Removed 50 entries, 1 example conversations" in said
    call_command("seed", stdout=StringIO())
    assert not Entry.objects.exists()
    assert (Rule.objects.count(), Route.objects.count()) == before
    row = AssistantSettings.objects.get()
    assert (row.name, row.contact, row.link_hosts) == ("Support assistant", "", "")
    assert "arkfield" not in str(publishing.current().settings)
    assert list(Conversation.objects.all()) == [ours]
    assert not Visitor.objects.filter(pk=theirs.visitor_id).exists()
    page = client.get("/").content
    assert b"Pro plan (paid)" not in page
    assert b"arkfield" not in page
    assert client.post("/example/plan", {"plan": "pro"}).status_code == 404
    assert "sent away" in example("--list")


def test_words_that_staff_wrote_are_kept_and_named() -> None:
    AssistantSettings.objects.update(name="Ada", contact="help@ada.example")
    said = example("--remove")
    row = AssistantSettings.objects.get()
    assert (row.name, row.contact, row.tone) == ("Ada", "help@ada.example", "")
    assert "Settings kept as you wrote them: name, contact." in said


def test_an_edited_entry_stops_it_until_somebody_says_what_becomes_of_it() -> None:
    entry = edit("reset-password")
    by_hand = Entry.objects.get(example_key="deposits").phrasings.create(text="Money up front?")
    by_hand.history.update(history_user=User.objects.create_user("ada"))
    before = Entry.objects.count()
    with pytest.raises(CommandError, match="Nothing was removed"):
        example("--remove")
    assert Entry.objects.count() == before
    assert not choice.removed()
    assert AssistantSettings.objects.get().name == "Larkfield assistant"
    listed = example("--list")
    assert f"no. {entry.pk}: How do I reset my password?" in listed
    assert "edited by staff: 2" in listed


@pytest.mark.parametrize(
    ("answer", "status"), [("keep", "published"), ("archive", "archived"), ("remove", "")]
)
def test_edited_entries_go_where_staff_say(answer: str, status: str) -> None:
    edit("reset-password")
    example("--remove", "--edited", answer)
    assert list(Entry.objects.values_list("status", "example_key")) == ([(status, "")] if status else [])


def test_a_command_that_ran_before_finds_nothing_more_to_do() -> None:
    example("--remove")
    number = publishing.current().number
    assert "Removed 0 entries, 0 example conversations" in example("--remove")
    assert publishing.current().number == number


def test_it_comes_back_when_somebody_asks_and_not_over_an_entry_that_answers_the_same() -> None:
    example("--remove")
    own = services.save_entry(
        Entry(question="How do I reset my password?", answer="By post.", status="published")
    )
    with pytest.raises(CommandError, match="Nothing was loaded"):
        example("--load")
    assert list(Entry.objects.all()) == [own]
    assert choice.removed()
    services.delete([own])
    assert "50 entries loaded" in example("--load")
    assert not choice.removed()


def test_it_waits_for_traffic_that_is_being_played() -> None:
    assert figures.begin(5, now())
    with pytest.raises(CommandError, match="being played"):
        example("--remove")
    assert Entry.objects.exists()


def test_a_desk_that_was_begun_without_the_example_stays_without_it() -> None:
    Entry.objects.all().delete()
    call_command("seed", "--no-example", stdout=StringIO())
    call_command("seed", stdout=StringIO())
    assert not Entry.objects.exists()
    assert not RouteOutcome.objects.exists()


def test_hours_that_a_desk_of_its_own_shares_with_the_example_stay() -> None:
    hours = {name: LARKFIELD[name] for name in ("time_zone", "opening_hours", "closed_on")}
    own = AssistantSettings(name="Acme help", contact="help@acme.example", **hours)
    assert company.its_words(own) == company.neutralise(own) == []
    assert set(hours) < set(company.staff_words(own))
    assert own.opening_hours == "Mon-Fri 09:00-17:00"
    example = AssistantSettings(**LARKFIELD)
    assert set(company.neutralise(example)) == set(LARKFIELD)
    assert (example.opening_hours, example.time_zone) == ("", "UTC")
