"""Where two answers to one question say different things, and where they only word it differently."""

import pytest

from faq.disagreements import Disagreement, disagreements


@pytest.mark.parametrize(
    ("mine", "theirs", "said"),
    [
        ("You can return it within 14 days.", "Returns are taken for 30 days.", ("14 days", "30 days")),
        ("Sent within 3 business days.", "in 5 business days", ("3 business days", "5 business days")),
        ("$1,200 a year", "It costs $1,300.00 a year", ("$1,200", "$1,300.00")),
        ("There is a discount of 10 %.", "15 percent off", ("10 %", "15 percent")),
        ("Yes, if you allow it.", "No.", ("Yes, if you allow it.", "No.")),
        ("Only on the Pro plan.", "It is part of the Studio plan.", ("Pro plan", "Studio plan")),
        (
            "You can cancel a booking online.",
            "You cannot cancel a booking online.",
            ("You can cancel a booking online.", "You cannot cancel a booking online."),
        ),
        ("Sie haben 14 Tage Zeit.", "Innerhalb von 30 Tagen.", ("14 Tage", "30 Tagen")),
        ("Keep it for **two weeks**.", "Keep it for 20 days.", ("two weeks", "20 days")),
    ],
)  # fmt: skip
def test_answers_that_say_different_things(mine: str, theirs: str, said: tuple[str, str]) -> None:
    assert disagreements(mine, theirs) == [Disagreement(*said)]
    assert disagreements(theirs, mine) == [Disagreement(*reversed(said))]


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Within two weeks.", "within 14 days of delivery"),
        ("24 hours", "1 day"),
        ("It costs 29 USD a month.", "$29.00 a month, and 5 € for more."),
        ("You get 14 days.", "You get 14 days, and 3 days more on request."),
        ("Yes.", "Open the settings and choose Delete."),
        ("You can pay by card.", "Staff cannot see the calendar of others."),
        ("", "30 days"),
    ],
)
def test_answers_that_only_word_it_differently(mine: str, theirs: str) -> None:
    assert disagreements(mine, theirs) == []


def test_of_two_amounts_those_about_the_same_are_told() -> None:
    mine = "Refunds arrive after 5 days. You may return a parcel for 14 days."
    theirs = "A parcel may be returned for 30 days. We answer mails in 2 days."
    assert disagreements(mine, theirs) == [Disagreement("14 days", "30 days")]
