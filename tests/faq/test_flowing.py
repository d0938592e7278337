"""Grouping questions into flows: pure, so small sets say what may share a flow and what may not."""

from random import Random

import numpy as np
import pytest

from faq import flowing

ASKED = {
    "refund": [
        "How do I get a refund?",
        "get a refund please",
        "I want a refund for my order",
        "refund order",
    ],
    "hours": [
        "When are you open on Sunday?",
        "open on Sunday",
        "are you open this Sunday",
        "Sunday open when",
    ],
    "login": ["I cannot log in", "cannot log in", "I cannot log in today"],
}


def grouped(texts: list[str], weights: list[int], like: float = 0.3) -> list[set[str]]:
    places = flowing.ordered(texts, weights)
    rows = flowing.word_vectors([texts[place] for place in places])
    flows = flowing.group(rows, [weights[place] for place in places], like)
    return [{texts[places[each]] for each in flow} for flow in flows]


def test_questions_of_one_kind_share_a_flow_and_others_do_not() -> None:
    texts = [text for each in ASKED.values() for text in each]
    flows = grouped(texts, [1] * len(texts))
    for mine in ASKED.values():
        assert sum(bool(set(mine) & flow) for flow in flows) == 1
    assert all(sum(bool(set(mine) & flow) for mine in ASKED.values()) == 1 for flow in flows)
    assert len(grouped(texts, [1] * len(texts), like=1.1)) > len(ASKED)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_a_file_changes_nothing(seed: int) -> None:
    texts = [text for each in ASKED.values() for text in each]
    mixed = Random(seed).sample(texts, len(texts))
    assert grouped(mixed, [1] * len(texts)) == grouped(texts, [1] * len(texts))


def test_the_largest_flow_comes_first_by_what_its_questions_weigh() -> None:
    texts = [*ASKED["login"], *ASKED["hours"]]
    heavy_login = [5 if text in ASKED["login"] else 1 for text in texts]
    assert grouped(texts, heavy_login)[0] == set(ASKED["login"])
    assert grouped(texts, [1] * len(texts))[0] == set(ASKED["hours"])


def test_a_grouping_that_is_gone_on_with_ends_as_one_in_one_go() -> None:
    random = np.random.default_rng(7)
    centres = random.normal(size=(20, 32))
    rows = centres[random.integers(0, 20, size=900)] + random.normal(size=(900, 32)) * 0.4
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    weights = [1] * len(rows)
    held = flowing.Grouping(rows, weights, 0.6)
    assert held.step()
    goes_on = flowing.Grouping(rows, weights, 0.6, flow=held.flow.tolist())
    while goes_on.step():
        pass
    assert goes_on.settled() == flowing.group(rows, weights, 0.6)
    assert len(goes_on.settled()) == 20


def test_nothing_has_no_flows() -> None:
    assert flowing.group(np.zeros((0, 8), np.float32), [], 0.6) == []
    assert len(grouped(["???", "refund"], [1, 1])) == 2
