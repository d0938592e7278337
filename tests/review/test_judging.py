"""What a decision stores, that it is stored once, and that it is undone whole."""

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from common.clock import now
from faq import index, judging, negatives, review
from faq.engine_models import Negative
from faq.judging import AlreadyJudged, Refused, Verb, decide
from faq.models import AskedQuestion, Entry
from faq.review_models import ReviewDecision
from faq.services import save_entry
from tests.review.conftest import ask

Faq = dict[str, Entry]


def judged(*rows: AskedQuestion) -> list[tuple[str, str, str, str]]:
    fresh = [AskedQuestion.objects.get(pk=row.pk) for row in rows]
    return [(each.label, each.right_entry, each.labelled_by, each.judged_by) for each in fresh]


def ids(*rows: AskedQuestion) -> list[UUID]:
    return [row.pk for row in rows]


def test_a_phrasing_is_added_and_every_message_learns_its_entry(faq: Faq) -> None:
    reset, invoice = faq["reset"], faq["invoice"]
    near, other = ask("phone password", reset), ask("password phone", invoice)
    made = decide(ids(near, other), Verb.PHRASING, "anna", entry=reset, wordings=["Password  by phone", ""])
    pk = str(reset.pk)
    assert judged(near, other) == [("right", pk, "staff", "anna"), ("wrong", pk, "staff", "anna")]
    assert reset.phrasings.filter(text="Password by phone").exists()
    assert (made.messages, len(made.phrasings)) == (2, 1)
    index.refresh()
    match = index.match("password by phone")
    assert match.best is not None and match.best.exact and match.best.entry_id == pk


@pytest.mark.parametrize(
    ("verb", "label", "entry_is_right"),
    [(Verb.RIGHT, "right", True), (Verb.WRONG, "wrong", False), (Verb.NEW, "right", True)],
)
def test_plain_labels(faq: Faq, verb: str, label: str, entry_is_right: bool) -> None:
    row = ask("phone password", faq["reset"], label="wrong", labelled_by="visitor")
    decide(ids(row), verb, "anna", entry=faq["reset"])
    assert judged(row) == [(label, str(faq["reset"].pk) if entry_is_right else "", "staff", "anna")]


def test_set_aside_leaves_the_visitors_word(faq: Faq) -> None:
    row = ask("phone password", faq["reset"], label="wrong", labelled_by="visitor")
    decide(ids(row), Verb.ASIDE, "anna")
    assert judged(row) == [("wrong", "", "visitor", "anna")]
    assert review.read(review.Filters()).groups == ()
    with pytest.raises(AlreadyJudged, match="Already set aside by anna"):
        decide(ids(row), Verb.WRONG, "ben")


def test_not_an_faq_and_not_this_entry_become_negatives(faq: Faq) -> None:
    reset = faq["reset"]
    first, second = ask("sell my car", reset), ask("my car, sell it", faq["invoice"])
    decide(ids(first, second), Verb.NOT_THIS, "anna", entry=reset, wordings=["Sell my car"])
    assert judged(first, second) == [("wrong", "", "staff", "anna"), ("", "", "", "")]
    assert Negative.objects.get().entry == reset
    decide(ids(second), Verb.NOT_FAQ, "anna", wordings=["Sell my car"], language="en")
    assert judged(second) == [("not_faq", "", "staff", "anna")]
    assert Negative.objects.filter(entry=None, created_by="anna", language="en").count() == 1


def test_a_negative_is_kept_from_entries_of_the_language_that_came_near(faq: Faq) -> None:
    near, far = ask("sell my car", faq["reset"], language="de"), ask("Auto verkaufen", language="de")
    decide(ids(near), Verb.NOT_FAQ, "anna", wordings=["Sell my car"], language="de")
    decide(ids(far), Verb.NOT_FAQ, "anna", wordings=["Auto verkaufen"], language="de")
    assert dict(Negative.objects.values_list("text", "language")) == {
        "Sell my car": "en",
        "Auto verkaufen": "de",
    }


@pytest.mark.parametrize("verb", [Verb.PHRASING, Verb.NOT_THIS, Verb.NOT_FAQ])
def test_what_the_faq_refuses_changes_nothing(faq: Faq, verb: str) -> None:
    row = ask("where are bills", faq["reset"])
    entry = faq["reset"] if verb == Verb.PHRASING else faq["invoice"]
    with pytest.raises(Refused, match="Where do I find my invoices"):
        decide(ids(row), verb, "anna", entry=entry, wordings=["Where are bills?", "download a bill"])
    assert judged(row) == [("", "", "", "")]
    assert not Negative.objects.exists() and not ReviewDecision.objects.exists()
    assert faq["reset"].phrasings.count() == 2


def test_a_decision_lacks_nothing(faq: Faq) -> None:
    row = ask("where are bills", faq["reset"])
    article = save_entry(Entry(question="About us", answer="Long.", kind="article", status="published"))
    for verb, values, told in (
        (Verb.RIGHT, {}, "Choose the entry"),
        (Verb.PHRASING, {"entry": faq["reset"], "wordings": [" "]}, "Write the wording"),
        (Verb.PHRASING, {"entry": article, "wordings": ["us"]}, "no answer in use"),
        (Verb.PHRASING, {"entry": faq["reset"], "wordings": list(map(str, range(99)))}, "At most 20"),
        (Verb.PHRASING, {"entry": faq["reset"], "wordings": ["x" * 301]}, "300"),
        (Verb.NOT_THIS, {"entry": faq["invoice"], "wordings": ["us"]}, "came nearest"),
    ):
        with pytest.raises(Refused, match=told):
            decide(ids(row), verb, "anna", **values)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="deleted"):
        decide([uuid4()], Verb.WRONG, "anna")


def test_a_phrasing_that_must_not_be_answered_is_refused(faq: Faq) -> None:
    negatives.add("sell my car", language="en")
    row = ask("sell my car", faq["reset"])
    with pytest.raises(Refused, match="must not be answered by any entry"):
        decide(ids(row), Verb.PHRASING, "anna", entry=faq["reset"], wordings=["Sell my car!"])
    assert judged(row) == [("", "", "", "")]


def test_undo_brings_everything_back_once(faq: Faq) -> None:
    reset = faq["reset"]
    first = ask("phone password", reset, label="wrong", labelled_by="visitor")
    second = ask("password phone", reset)
    made = decide(ids(first, second), Verb.PHRASING, "anna", entry=reset, wordings=["phone password"])
    assert judging.last("anna") == made and judging.last("ben") is None
    assert judging.undo(made) == 2
    assert judged(first, second) == [("wrong", "", "visitor", ""), ("", "", "", "")]
    assert reset.phrasings.count() == 2
    assert judging.last("anna") is None
    with pytest.raises(Refused):
        judging.undo(made)
    barred = decide(ids(second), Verb.NOT_FAQ, "anna", wordings=["phone password"], language="en")
    later = decide(ids(first), Verb.WRONG, "anna")
    with pytest.raises(Refused):
        judging.undo(barred)
    judging.undo(later)
    assert Negative.objects.count() == 1, "only the newest is undone"


def test_undo_leaves_what_stood_before_and_what_was_erased(faq: Faq) -> None:
    reset = faq["reset"]
    row = ask("phone password", reset)
    gone = ask("password phone", reset)
    made = decide(ids(row, gone), Verb.PHRASING, "anna", entry=reset, wordings=["Forgot my password"])
    gone.delete()
    assert judging.undo(made) == 1
    assert reset.phrasings.filter(text="Forgot my password").exists(), "it had been there already"


def test_the_effect_counts_what_was_asked_since_in_these_words(faq: Faq) -> None:
    reset = faq["reset"]
    assert judging.effect() == judging.Effect(0, 0, 0)
    row = ask("phone password", reset)
    made = decide(ids(row), Verb.PHRASING, "anna", entry=reset, wordings=["phone password", "by phone"])
    ask("Phone password?", reset, 1.0, shown_entry=str(reset.pk), route="faq")
    ask("phone password", reset, 0.5)
    ask("phone password", reset, 0.5, purpose="demo")
    assert judging.effect() == judging.Effect(phrasings=2, asked=2, answered=1)
    ReviewDecision.objects.filter(pk=made.pk).update(at=now() - timedelta(days=8))
    assert judging.effect() == judging.Effect(0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_is_told(own_index: None) -> None:
    reset = save_entry(Entry(question="How do I reset it?", answer="So.", status="published"))
    rows = [ask("phone password", reset) for _ in range(5)]
    told: list[str] = []
    begin = threading.Barrier(2)

    def review_by(who: str) -> None:
        begin.wait()
        try:
            decide(ids(*rows), Verb.WRONG, who, seen=[rows[0].pk])
            told.append("stored")
        except AlreadyJudged as problem:
            told.append(str(problem))
        finally:
            connection.close()

    people = [threading.Thread(target=review_by, args=(who,)) for who in ("anna", "ben")]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert told.count("stored") == 1
    assert any(text.startswith("Already judged “wrong” by ") for text in told)
    assert ReviewDecision.objects.count() == 1
    assert len({by for _, _, _, by in judged(*rows)}) == 1
