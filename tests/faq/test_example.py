"""The example company: what it ships, and that it keeps its hands off what staff have changed."""

import re

import pytest

from common.clock import now
from faq import example, index, services
from faq.models import ANSWER_LIMIT, Entry

pytestmark = pytest.mark.usefixtures("larkfield")


def test_it_ships_what_the_design_lists() -> None:
    live = Entry.objects.filter(status="published", kind="answer", language="en")
    assert {name: live.filter(category=name).count() for name in live.values_list("category", flat=True)} == {
        "Account and sign-in": 7,
        "Plans and invoices": 8,
        "Bookings and calendars": 9,
        "Reminders": 4,
        "Team and locations": 4,
        "API and webhooks": 5,
        "Privacy and data": 3,
    }
    assert Entry.objects.filter(kind="article", status="published").count() == 4
    assert Entry.objects.filter(status="archived").count() == 1
    assert Entry.objects.filter(language="de", featured__isnull=False).count() == 5
    assert [entry.overdue(now().date()) for entry in live].count(True) == 1
    assert all(
        "```" in answer for answer in live.filter(category__startswith="API").values_list("answer", flat=True)
    )


def test_its_answers_fit_and_have_enough_phrasings() -> None:
    for entry in Entry.objects.filter(kind="answer").prefetch_related("phrasings"):
        assert len(entry.answer) <= ANSWER_LIMIT, entry.question
        assert 4 <= len(entry.phrasings.all()) <= 9, entry.question


def test_its_prices_agree_wherever_they_stand() -> None:
    """Each amount in the FAQ is one of the price list, or worked out from it in the comparison."""
    known = {"$0", "$29", "$290", "$79", "$790", "$0.06", "$4", "$15", "$12", "$91"}
    answers = Entry.objects.values_list("answer", flat=True)
    stated = {amount.rstrip(".") for answer in answers for amount in re.findall(r"\$\d[\d.]*", answer)}
    assert stated == known
    german = {
        "$" + amount.replace(",", ".") for each in answers for amount in re.findall(r"([\d,]+) \$", each)
    }
    assert {"$29", "$0.06"} <= german <= known


def test_the_first_starter_is_the_password() -> None:
    index.refresh()
    assert index.starters()[0].question == "How do I reset my password?"
    assert len(index.starters()) == 5
    assert len(index.starters(3)) == 3
    german = index.starters(5, "de")
    assert [german[0].question, len(german)] == ["Wie setze ich mein Passwort zurück?", 5]
    assert {each.language for each in german} == {"de"}
    assert {each.language for each in index.starters()} == {"en"}, "no mixture where nobody asks for one"


def test_archived_and_foreign_entries_behave() -> None:
    index.refresh()
    assert not index.match("PayPal payment").answered
    german = index.match("Wie kann ich mein Passwort ändern?")
    assert german.answered and german.best is not None
    view = index.entry(german.best.entry_id)
    assert view is not None and view.language == "de"
    near = index.match("Wie kann ich mein Passwort zurücksetzen?")
    assert near.exact_only and not near.answered  # what is shipped was fitted on English questions
    assert [each.entry_id for each in near.suggested] == [view.id]


def test_loading_again_changes_nothing_and_never_undoes_what_staff_did() -> None:
    edited = Entry.objects.get(example_key="reset-password")
    edited.answer = "Ask Ada."
    services.save_entry(edited)
    services.archive(Entry.objects.get(example_key="deposits"))
    services.delete([Entry.objects.get(example_key="roles")])
    before = Entry.objects.count()
    loaded = example.load()
    assert (loaded.created, loaded.updated) == (0, 0)
    assert Entry.objects.count() == before
    assert Entry.objects.get(example_key="reset-password").answer == "Ask Ada."
    assert Entry.objects.get(example_key="deposits").status == "archived"


def test_a_new_release_updates_what_nobody_has_edited() -> None:
    entry = Entry.objects.get(example_key="reset-password")
    Entry.objects.filter(pk=entry.pk).update(answer="As an older release wrote it.")
    assert example.load().updated == 1
    entry.refresh_from_db()
    assert entry.answer.startswith("1. Open the sign-in page")
    assert example.load().updated == 0


def test_passages_of_answers_and_articles_are_found() -> None:
    index.refresh()
    passages = index.nearest_passages(
        "Compare Pro and Studio for 3 locations, 12 staff and SMS; what happens if we downgrade mid-month?"
    )
    keys = dict(Entry.objects.values_list("pk", "example_key"))
    assert len(passages) == 6
    assert any(keys[int(each.entry_id)] == "guide-plans" and "Downgrading" in each.title for each in passages)
    best = index.nearest_passages("Does it send texts too?", 3)
    assert {keys[int(each.entry_id)] for each in best} & {
        "sms-cost",
        "reminders-on",
        "reminder-wording",
        "guide-plans",
    }
