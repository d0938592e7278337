"""How well entries are recognised: measured by the worker, shown in the list, the form and on a page."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from common.clock import now
from faq import expected, health_shown, index, measuring, services, tasks
from faq.found import FaqMatch
from faq.health import Asked, Outcome, asked, health
from faq.health_models import EntryHealth
from faq.matcher import Candidate
from faq.models import AskedQuestion, Entry
from tests.staff.conftest import SignIn
from tests.staff.pages import LIST, page, publish

HEALTH = "/admin/faq-health/"


def match(*candidates: tuple[str, float], mode: str = "answer") -> FaqMatch:
    found = tuple(Candidate(key, p, p, False, "x") for key, p in candidates)
    return FaqMatch(found, 0.8, "v", 1, 1, suggest_threshold=0.3, mode=mode)


@pytest.mark.parametrize(
    ("found", "outcome", "rival", "shown"),
    [
        (match(("1", 0.9), ("2", 0.1)), Outcome.RECOGNISED, "", False),
        (match(("1", 0.9), mode="shadow"), Outcome.RECOGNISED, "", False),
        (match(("2", 0.9), ("1", 0.1)), Outcome.LOST, "2", True),
        (match(("2", 0.5), ("1", 0.4)), Outcome.OFFERED, "", False),
        (match(("2", 0.5), ("1", 0.01)), Outcome.LOST, "2", False),
        (match(("1", 0.2)), Outcome.MISSED, "", False),
        (match(), Outcome.MISSED, "", False),
    ],
)
def test_what_becomes_of_a_way_to_ask(found: FaqMatch, outcome: Outcome, rival: str, shown: bool) -> None:
    row = asked("1", "text", found)
    assert (row.outcome, row.rival, row.shown) == (outcome, rival, shown)


def test_one_way_to_ask_says_nothing_and_many_say_most() -> None:
    row = Asked("x", Outcome.RECOGNISED, 0.9)
    assert health([row], False).expected == expected.by_number(1, False)
    assert 0.7 < health([row] * 30, False).expected < 1
    table = expected.coverage(True)
    assert [expected.by_number(number, True) for number, _ in table] == [share / 100 for _, share in table]
    assert expected.by_number(4, True) == pytest.approx(
        (expected.by_number(3, True) + expected.by_number(5, True)) / 2
    )
    assert expected.by_number(500, True) == table[-1][1] / 100
    assert expected.of_all([]) is None
    assert expected.of_all([(1.0, 9), (0.0, 0)]) == pytest.approx(10 / 11)


def measured(entry: Entry) -> EntryHealth:
    return EntryHealth.objects.get(entry=entry)


def test_the_worker_measures_what_is_due_and_nothing_else(larkfield: None) -> None:
    answers = measuring.answers().count()
    assert 0 < measuring.measure(0.0) < answers  # some at a time
    tasks.measure_health()
    while measuring.measure():
        pass
    assert EntryHealth.objects.count() == answers
    rows = EntryHealth.objects.all()
    assert sum(row.recognised for row in rows) > 100
    assert all(row.recognised + row.offered + row.lost <= row.texts == len(row.rows) for row in rows)
    reset = Entry.objects.get(question="How do I reset my password?")
    assert measured(reset).texts == reset.phrasings.count() + 1
    assert {row["text"] for row in measured(reset).rows} >= {reset.question}

    services.add_phrasing(reset, "My secret word is gone")
    assert measuring.measure() == 1
    assert measured(reset).rows[-1]["text"] == "My secret word is gone"
    services.archive(reset)
    assert measuring.measure() == 0
    assert not EntryHealth.objects.filter(entry=reset).exists()

    EntryHealth.objects.update(measured_at=now() - timedelta(days=2))
    assert measuring.measure(60) == answers - 1  # once a day, since something has changed
    EntryHealth.objects.update(measured_at=now() - timedelta(days=2), number=10**9)
    assert measuring.measure(60) == 0  # nothing has


def test_each_is_asked_without_itself(db: None) -> None:
    entry = publish("Where can I park my car?", "Mill Lane.", "zzz yyy xxx")
    publish("Do you sell vouchers?", "Yes.", "gift cards")
    publish("When do you open?", "At nine.", "opening hours")
    measuring.measure(60)
    outcomes = {row["text"]: row["outcome"] for row in measured(entry).rows}
    assert outcomes["zzz yyy xxx"] != Outcome.RECOGNISED
    index.refresh()
    assert index.match("zzz yyy xxx").answered  # as it stands it is an exact hit


def ask(entry: Entry, times: int, **more: Any) -> None:
    for _ in range(times):
        AskedQuestion.objects.create(
            uuid=uuid4(), text="Where is the car park?", route="faq", shown_entry=str(entry.pk), **more
        )


def test_staff_see_what_is_recognised_and_what_to_do(larkfield: None, sign_in: SignIn) -> None:
    support = sign_in("support")
    assert "wait to be measured" in page(support.get(HEALTH))
    measuring.measure(60)
    entry = Entry.objects.get(question="How do I reset my password?")
    ask(entry, 3, thumb=-1, label="wrong")
    ask(entry, 2, thumb=1, label="right")
    text = page(support.get(f"{LIST}{entry.pk}/change/"))
    row = measured(entry)
    assert "How well visitors are understood" in text and f"of {row.texts} ways to ask" in text
    assert "<b>Next:</b> Visitors found it wrong 3 times" in text
    assert text.count("Where is the car park?") == 5
    assert "<td>5</td><td>2</td><td>3</td><td>2</td><td>3</td>" in text

    text = page(support.get(LIST, {"q": "reset my password"}))
    assert f"{row.recognised} of {row.texts}, {health_shown.grade(row.expected)}" in text
    assert "2 up, 3 down" in text
    never = page(support.get(LIST, {"use": "never"}))
    assert "How do I reset my password?" not in never and "How do I block time" in never

    for grade in ("well", "partly", "poorly", "confused"):
        shown = page(support.get(LIST, {"recognised": grade}))
        wanted = set(Entry.objects.filter(health_shown.RECOGNISED[grade]).values_list("question", flat=True))
        everything = set(Entry.objects.values_list("question", flat=True))
        found = {each for each in everything if f'<span class="faq-title">{each}</span>' in shown}
        assert found == wanted, grade

    text = page(support.get(HEALTH))
    seen = health_shown.overview()
    assert seen.expected is not None and f"about {round(100 * seen.expected)} of 100" in text
    assert (seen.measured, seen.well + seen.partly + seen.poorly) == (seen.answers, seen.answers)
    assert seen.never == seen.answers - 1
    assert "?recognised=poorly" in text and "?review=soon" in text and "?use=never" in text
    assert sign_in("manager").get(HEALTH).status_code == 403


def test_a_new_entry_is_told_what_phrasings_bring(sign_in: SignIn) -> None:
    entry = publish("Where can I park my car?", "Mill Lane.")
    support = sign_in("support")
    assert "Publish it, and within a minute" in page(support.get(f"{LIST}{entry.pk}/change/"))
    measuring.measure(60)
    text = page(support.get(f"{LIST}{entry.pk}/change/"))
    assert "Add four phrasings: entries with 5 ways to ask are recognised in about" in text
    assert "Nothing is published yet" not in page(support.get(HEALTH))
    services.archive(entry)
    assert "Nothing is published yet" in page(support.get(HEALTH))
    assert "How well visitors" not in page(support.get(f"{LIST}{entry.pk}/change/"))
