"""What is offered as "did you mean": by confidence where it was judged, by likeness where it was not."""

from dataclasses import replace

import pytest

from faq.found import ANSWER, EXACT_ONLY, SHADOW, suggestions
from faq.matcher import REFUSED, Candidate

SUGGEST, SHOWN = 0.3, 0.8


def test_what_must_not_answer_a_question_is_not_offered_for_it_either() -> None:
    sure, other = candidates((0.6, 0.7), (0.5, 0.6))
    barred = replace(sure, disputed=REFUSED)
    assert suggestions([barred, other], SHOWN, SUGGEST) == (other,)
    assert suggestions([barred, replace(other, disputed=REFUSED)], SHOWN, SUGGEST) == ()


def candidates(*pairs: tuple[float, float]) -> list[Candidate]:
    """Return candidates named 0, 1, 2 of (confidence, likeness)."""
    return [Candidate(str(i), chance, alike, False, "") for i, (chance, alike) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("pairs", "offered", "offered_by_likeness"),
    [
        ([(0.6, 0.7), (0.2, 0.3), (0.1, 0.1)], "01", "01"),
        ([(0.6, 0.7), (0.1, 0.6), (0.1, 0.6), (0.1, 0.6)], "0", "012"),
        ([(0.2, 0.7), (0.1, 0.6), (0.0, 0.3)], "", "01"),
        ([(0.2, 0.4), (0.1, 0.4)], "", ""),
        ([(0.9, 0.7), (0.1, 0.6)], "", "01"),
        ([], "", ""),
    ],
)
def test_what_is_offered(pairs: list[tuple[float, float]], offered: str, offered_by_likeness: str) -> None:
    found = candidates(*pairs)

    def named(threshold: float, mode: str, exact_only: bool) -> str:
        return "".join(each.entry_id for each in suggestions(found, threshold, SUGGEST, mode, exact_only))

    assert named(SHOWN, ANSWER, False) == offered
    assert named(EXACT_ONLY, ANSWER, True) == offered_by_likeness
    assert named(SHOWN, SHADOW, False) == named(EXACT_ONLY, SHADOW, True) == ""
