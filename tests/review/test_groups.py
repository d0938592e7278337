"""What counts as one question in other words, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.engine_models import key_of
from faq.review_groups import MOST_TEXTS, group


def together(*texts: str) -> list[list[int]]:
    return group([key_of(text) for text in texts])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I reset my password?", "how can I have my password reset"),
        ("Is there a student discount?", "do you have any discounts for students"),
        ("export all bookings", "Please export all my bookings, thanks"),
    ],
)
def test_the_same_words_in_other_order_are_one_question(one: str, other: str) -> None:
    assert together(one, other) == [[0, 1]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can I export my bookings?", "Can't I export my bookings?"),
        ("How do I switch to plan A?", "How do I switch to plan B?"),
        ("Are 10 people allowed in a team?", "Are 20 people allowed in a team?"),
        ("Who cancelled my booking?", "Why was my booking cancelled?"),
        ("Where is my card?", "Do you take my card?"),
        ("Export bookings to Excel", "Export bookings to Outlook"),
    ],
)
def test_what_differs_in_substance_stays_apart(one: str, other: str) -> None:
    assert together(one, other) == [[0], [1]]


def test_a_slip_joins_the_word_that_others_use() -> None:
    texts = ("cancel my subscription", "how to cancel a subscription", "cancel my subscirption")
    assert together(*texts) == [[0, 1, 2]]
    assert together("cancel my subscirption", "cancel my subscription") == [[0], [1]], (
        "either may be the slip"
    )


def test_a_group_stays_a_form_and_the_first_leads_it() -> None:
    texts = [f"{'please ' * i}cancel {'my ' * i}subscription" for i in range(MOST_TEXTS + 3)]
    sizes = [len(each) for each in group(texts)]
    assert sizes == [MOST_TEXTS, 3]
    assert group(["b c", "a b", "c b"]) == [[0, 2], [1]]


@given(st.lists(st.text("abc dno t1", max_size=12), max_size=30))
def test_every_text_stands_in_one_group_in_order(texts: list[str]) -> None:
    found = group(texts)
    assert sorted(place for each in found for place in each) == list(range(len(texts)))
    assert [each[0] for each in found] == sorted(each[0] for each in found)
    assert found == group(texts)
