"""How a matter stands after an answer: one word each, and none of them added up to a single rate."""

from typing import Any

import pytest

from routing import tally
from routing.models import RouteOutcome

CASES: list[tuple[dict[str, Any], str]] = [
    ({}, "open"),
    ({"assumed": True}, "assumed"),
    ({"resolved": True}, "confirmed"),
    ({"resolved": True, "assumed": True}, "confirmed"),
    ({"resolved": True, "handed_off": True}, "handed_off"),
    ({"escalated_after": True, "escalated_by": "thumbs_down", "feedback": -1}, "escalated"),
    ({"escalated_by": "re_ask", "assumed": True}, "re_asked"),
    ({"re_asked": True, "assumed": True}, "re_asked"),
    ({"feedback": -1, "assumed": True}, "unsolved"),
    ({"resolved": False}, "unsolved"),
    ({"state": "failed"}, "no_answer"),
    ({"state": "failed", "handed_off": True}, "handed_off"),
    ({"state": "cancelled"}, "no_answer"),
    ({"state": "truncated", "assumed": True}, "assumed"),
]


@pytest.mark.parametrize(("values", "word"), CASES)
def test_a_matter_stands_as_the_weightiest_thing_says(values: dict[str, Any], word: str) -> None:
    reply = RouteOutcome(**{"state": "completed", **values})
    assert tally.resolution(reply) == word
    counted = tally.of_replies([reply])
    assert {name: counted[f"left_{name}"] for name in tally.RESOLUTIONS if counted[f"left_{name}"]} == {
        word: 1
    }


def test_only_answers_that_were_judged_count_as_grounded_or_not() -> None:
    found = tally.of_replies(
        RouteOutcome(support=support, judged_by=by)
        for support in (None, 0.0, 0.79, 0.8, 1.0)
        for by in ("meaning", "")
    )
    assert (found["support_judged"], found["grounded"]) == (4, 2)
