"""Which entries stand as "did you mean", beside which replies, and what a stored decision says of them."""

from dataclasses import dataclass

import pytest

from assistant import offering
from assistant.offering import Offered
from routing.signals import read_signals


@dataclass(frozen=True)
class Near:
    entry_id: str


@dataclass(frozen=True)
class View:
    question: str
    language: str


VIEWS = {str(number): View(f"Question {number}?", "en") for number in range(1, 6)}


def test_the_three_nearest_published_entries_that_were_not_read_are_offered() -> None:
    near = [Near("9"), *(Near(entry_id) for entry_id in VIEWS)]
    offer = offering.offered(near, VIEWS.get, frozenset({"2"}))
    assert [each.entry_id for each in offer] == ["1", "3", "4"]
    assert offer[0] == Offered("1", "Question 1?", "en")
    assert offering.offered(near, VIEWS.get, frozenset(VIEWS)) == ()


@pytest.mark.parametrize(
    ("route", "kind", "text", "room"),
    [
        ("common", "model", "my delivery address", True),
        ("did_you_mean", "fixed", "my delivery address", True),
        ("small_talk", "fixed", "hello", False),
        ("faq", "faq", "my delivery address", False),
        ("person", "person", "where is my refund?", True),
        ("person", "person", "I want to talk to a person", False),
    ],
)
def test_there_is_room_beside_a_model_and_where_an_account_is_needed(
    route: str, kind: str, text: str, room: bool
) -> None:
    assert offering.has_room(route, kind, read_signals(text)) is room


def test_a_stored_decision_gives_the_offer_back() -> None:
    offer = offering.offered([Near("1")], VIEWS.get, frozenset())
    decision = {offering.KEY: offering.stored(offer)}
    assert offering.offer_of(decision) == [{"entry_id": "1", "question": "Question 1?", "language": "en"}]
    assert offering.body_of(decision) == {"did_you_mean": offering.offer_of(decision)}
    assert offering.chosen_of({"chosen": "1"}) == "1"
    olders: tuple[object, ...] = ({}, None, {"did_you_mean": None}, [])
    for older in olders:
        assert offering.offer_of(older) == []
        assert offering.body_of(older) == {}
        assert offering.chosen_of(older) == ""
