"""When a stored answer may serve another question: the same things in other small words, nothing else."""

from collections.abc import Sequence

import numpy as np
import pytest

from faq.matching.sparse import Floats
from faq.same_question import MOST_EMBEDDED, SameQuestion

SAME = [
    ("How do I cancel my subscription?", "Hi, how can I cancel the subscription please"),
    ("Can clients switch off deposits?", "Can a client switch off the deposit?"),
    ("I can't cancel the booking", "I can not cancel my booking!"),
    ("How many staff can I have on Free?", "how many staff can we have on the Free"),
    ("Wie kann ich meine Buchung stornieren?", "Wie kann man die Buchung stornieren?"),
]
OTHER = [
    ("Can clients cancel online?", "Can't clients cancel online?", "negated"),
    ("Can clients switch off deposits?", "Can clients switch on deposits?", "opposite"),
    ("Can I import clients?", "Can I export clients?", "opposite"),
    ("How many staff can I have on Free?", "How many staff can I have on Pro?", "another plan"),
    ("Is there room for 5 staff?", "Is there room for 15 staff?", "another number"),
    ("Is there a charge of $1?", "Is there a charge of €1?", "another currency"),
    ("How do I parse it in C#?", "How do I parse it in C++?", "a sign"),
    ("How do I move from Pro to Studio?", "How do I move from Studio to Pro?", "the other way round"),
    ("Why can I cancel bookings?", "How can I cancel bookings?", "a reason is asked for"),
    ("How long does a transfer take?", "How often does a transfer take?", "another measure"),
    ("Can I use the gift card?", "Can I get the gift card?", "another act"),
    ("Must I verify my phone?", "Can I verify my phone?", "a duty"),
    ("Can I pay by card?", "Can I pay by card in Germany?", "a place more"),
    ("Cancel the booking for me", "Cancel the booking", "somebody is to do it"),
    ("Do you have a card for us?", "Do you have a card?", "US is a country as well"),
    ("What is it?", "What was that?", "nothing says what is meant"),
]


def alike(texts: Sequence[str]) -> Floats:
    """Make one and the same vector of every text, so that only the words decide."""
    return np.ones((len(texts), 1), np.float32)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_other_small_words_are_the_same_question(one: str, other: str) -> None:
    assert SameQuestion(one)(other) and SameQuestion(other)(one)
    assert SameQuestion(one, alike)(other)


@pytest.mark.parametrize(("one", "other", "why"), OTHER)
def test_what_changes_the_question_is_another_one_however_alike_it_sounds(
    one: str, other: str, why: str
) -> None:
    assert not SameQuestion(one, alike)(other), why
    assert not SameQuestion(other, alike)(one), why


def test_where_there_are_vectors_they_have_the_last_word_a_few_times_a_message() -> None:
    one, other = SAME[0]
    apart = {one: [1.0, 0.0], other: [0.0, 1.0]}
    assert not SameQuestion(one, lambda texts: np.array([apart[text] for text in texts], np.float32))(other)
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Floats:
        asked.extend(texts)
        return np.zeros((1, 1), np.float32)

    same = SameQuestion(one, embed)
    assert not any(same(other) for _ in range(20))
    assert len(asked) == 2 * MOST_EMBEDDED
    assert same(one), "the same words need no vector"
