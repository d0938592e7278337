"""What is called a change between two periods, and what is not."""

from collections.abc import Iterable

import pytest

from routing.comparing import Change, change
from routing.histogram import Histogram
from routing.tally import Tally


def side(requests: int, times: Iterable[int] = (), **counts: int) -> Tally:
    return Tally({"requests": requests, **counts}, {"first_text": Histogram.of(times)})


def seen(name: str, before: Tally, after: Tally) -> Change:
    found = change(name, before, after)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "before", "after", "verdict"),
    [
        ("errors", side(1000, errors=10), side(1000, errors=40), "worse"),
        ("errors", side(1000, errors=40), side(1000, errors=10), "better"),
        ("thumbs_up", side(1000, thumbs_up=10), side(1000, thumbs_up=40), "better"),
        ("cached", side(1000, cached=10), side(1000, cached=40), "changed"),
        ("errors", side(1000, errors=10), side(1000, errors=13), "same"),
        ("errors", side(19, errors=1), side(1000, errors=900), "few"),
        ("errors", side(0), side(1000, errors=900), "few"),
        (
            "grounded",
            side(900, support_judged=100, grounded=90),
            side(900, support_judged=100, grounded=60),
            "worse",
        ),
        (
            "grounded",
            side(900, support_judged=9, grounded=9),
            side(900, support_judged=100, grounded=6),
            "few",
        ),
        ("first_text_p50", side(200, range(100, 300)), side(200, range(400, 600)), "worse"),
        ("first_text_p50", side(200, range(400, 600)), side(200, range(100, 300)), "better"),
        ("first_text_p50", side(200, range(100, 300)), side(200, range(105, 305)), "same"),
        ("first_text_p95", side(40, range(40)), side(400, range(400, 800)), "few"),
        ("requests", side(100), side(150), ""),
        ("cost", side(100, cost_pico=5), side(150, cost_pico=500), ""),
        ("requests", side(3), side(150), "few"),
    ],
)
def test_a_change_is_said_only_where_chance_does_not_make_it_as_easily(
    name: str, before: Tally, after: Tally, verdict: str
) -> None:
    assert seen(name, before, after).verdict == verdict


def test_a_change_says_what_was_before_and_by_how_much() -> None:
    errors = seen("errors", side(1000, errors=10), side(500, errors=20))
    assert (errors.before, errors.of) == (10, 1000)
    assert errors.by == pytest.approx(0.03)
    assert errors.within is not None
    assert 0 < errors.within[0] < 0.03 < errors.within[1]
    assert seen("requests", side(100), side(150)).by == pytest.approx(0.5)
    assert seen("cost_per_1000", side(50, cost_pico=50), side(100, cost_pico=200)).by == pytest.approx(1.0)
    assert change("target", side(1), side(1)) is None
