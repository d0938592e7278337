"""What an answer would clash with: duplicates, opposites and contradictions, and what is no clash."""

import pytest

from faq.guard import Entry, Finding, Kind, judge
from faq.likeness import Likeness, Question, likeness
from faq.matcher import Candidate


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("What are your opening hours?", "opening hours", Likeness("same")),
        ("Can clients cancel a booking?", "Can't clients cancel a booking?", Likeness("negated")),
        ("Can clients cancel?", "Why can't clients cancel?", Likeness("negated")),
        ("What are the limits of Free?", "What are the limits of Pro?", Likeness("apart", "free", "pro")),
        ("How do I cancel my account?", "How do I cancel my plan?", Likeness("apart", "account", "plan")),
        ("How do I turn on reminders?", "How do I turn off reminders?", Likeness("apart", "on", "off")),
        ("How do I cancel a booking?", "How do I move a booking?", None),
        ("API token", "API limits", None),
        ("Cancel a client's booking", "Can clients cancel their bookings?", None),
        ("Where is my refund?", "Please help me get a refund", None),
        ("When do you open?", "Why do you open?", None),
        ("", "How do I pay?", None),
    ],
)  # fmt: skip
def test_how_two_questions_stand_to_each_other(mine: str, theirs: str, expected: Likeness | None) -> None:
    assert likeness(Question.of(mine), Question.of(theirs)) == expected
    swapped = likeness(Question.of(theirs), Question.of(mine))
    assert swapped == (Likeness(expected.kind, expected.theirs, expected.mine) if expected else None)


def candidate(entry: Entry, confidence: float, phrasing: str = "") -> Candidate:
    return Candidate(entry.id, confidence, confidence, False, phrasing or entry.question)


RETURNS = Entry("7", ("How long can I send a parcel back?", "return period"), "You have 30 days.")


def test_the_only_neighbour_is_no_duplicate_for_that() -> None:
    text = "Where can I park?"
    unlike = Candidate(RETURNS.id, 0.9, 0.1, False, RETURNS.question)
    assert judge(Entry("", (text,), "x"), {text: [unlike]}, {RETURNS.id: RETURNS}) == []


def judged(mine: Entry, other: Entry, *sure: float) -> list[Finding]:
    """Judge `mine` with a matcher that is so sure of the other entry for each of its texts."""
    ranked = {text: [candidate(other, p)] for text, p in zip(mine.texts, sure, strict=True)}
    return judge(mine, ranked, {other.id: other})


def test_a_duplicate_by_meaning_whose_answer_differs_contradicts() -> None:
    mine = Entry("", ("Until when do you take goods back?", "money back deadline"), "You have 14 days.")
    (found,) = judged(mine, RETURNS, 0.95, 0.9)
    assert (found.kind, found.taken) == (Kind.CONTRADICTION, 2)
    assert [(fact.mine, fact.theirs) for fact in found.facts] == [("14 days", "30 days")]
    assert (found.mine, found.theirs) == (mine.question, RETURNS.question)

    same = Entry("", mine.texts, "You have 30 days.")
    (near,) = judged(same, RETURNS, 0.95, 0.9)
    assert (near.kind, near.facts) == (Kind.NEAR, ())
    assert judged(mine, RETURNS, 0.95, 0.6) == []  # one of two may be a slip
    assert judged(Entry("", mine.texts[:1], ""), RETURNS, 0.95)[0].kind == Kind.NEAR


def test_an_opposite_names_what_separates_it_and_which_phrasings_lack_it() -> None:
    free = Entry("1", ("What are the limits of the Free plan?",), "50 bookings.")
    pro = Entry("2", ("What are the limits of the Pro plan?", "plan limits"), "No limit.")
    (found,) = judged(pro, free, 0.95, 0.1)
    assert (found.kind, found.apart, found.lacking) == (Kind.OPPOSITE, ("pro", "free"), ("plan limits",))

    can = Entry("3", ("Can clients cancel a booking?",), "Yes.")
    (found,) = judged(Entry("4", ("Can't clients cancel a booking?",), "No."), can, 0.99)
    assert (found.kind, found.negated, found.facts) == (Kind.OPPOSITE, True, ())


def test_consent_is_bound_to_what_was_found() -> None:
    mine = Entry("", ("Until when do you take goods back?",), "You have 14 days.")
    (found,) = judged(mine, RETURNS, 0.95)
    (again,) = judged(Entry("", ("until WHEN do you take goods back",), "You have 14 days."), RETURNS, 0.9)
    assert again.key == found.key  # case and the matcher's certainty are no other finding
    (other,) = judged(Entry("", mine.texts, "You have 10 days."), RETURNS, 0.95)
    assert other.key != found.key


def test_the_gravest_comes_first_and_drafts_after_what_visitors_see() -> None:
    draft = Entry("8", ("Return period of goods",), "You have 60 days.", published=False)
    mine = Entry("", ("How long can I send a parcel back?", "return period of goods"), "You have 14 days.")
    ranked = {mine.texts[0]: [candidate(RETURNS, 0.95)], mine.texts[1]: [candidate(draft, 0.95)]}
    found = judge(mine, ranked, {"8": draft, "7": RETURNS})
    assert [(each.other.id, each.kind) for each in found] == [("7", "contradiction"), ("8", "contradiction")]
