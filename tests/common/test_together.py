"""Things that may hang, done at the same time: the quick are not held back by the late."""

import threading

import pytest

from common.together import Late, together


def test_the_late_is_left_behind_and_the_others_are_there() -> None:
    never = threading.Event()
    results = together({"quick": (lambda: 7, 5.0), "hangs": (never.wait, 0.05)})
    assert results == {"quick": 7, "hangs": Late(0.05)}
    never.set()
    assert together({}) == {}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_inside_is_no_result() -> None:
    def broken() -> int:
        raise KeyError("x")

    with pytest.raises(RuntimeError, match="one failed inside"):
        together({"one": (broken, 5.0)})
    # The trace is printed after the result is known: it belongs to this test and no later one.
    for thread in threading.enumerate():
        if thread.name == "one":
            thread.join()
