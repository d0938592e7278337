"""The pure parts of the streaming benchmark: its sizes, its medians, and what it says of its figures."""

from typing import Any

import pytest

from benchmarks import streaming, streaming_report
from benchmarks.streaming_contenders import DAPHNE, NAIVE, RAW, UVICORN
from benchmarks.streaming_latency import FirstText, Resume
from benchmarks.streaming_measures import Streaming, medians, with_ratios
from benchmarks.streaming_memory import Idle, Stuck


def window(
    contender: str, us: float, p99_ms: float = 20.0, streams: int = 200, load: float = 0.2
) -> Streaming:
    return Streaming(contender, streams, 1, us, 0.0, 1e4, 0.6, 9.0, 15.0, p99_ms, load, 0.1, 1.0)


def test_the_ratio_is_that_of_each_round_and_the_median_is_shown() -> None:
    rounds = [
        with_ratios([window(RAW, raw), window(UVICORN, desk)], RAW)
        for raw, desk in ((50.0, 100.0), (100.0, 150.0), (50.0, 150.0))
    ]
    row = medians([rows[1] for rows in rounds])
    assert (row.contender, row.us_a_token, row.ratio) == (UVICORN, 150, 2.0)
    assert with_ratios([window(UVICORN, 100)], RAW)[0].ratio == 0.0
    cells = [cell.strip() for cell in streaming_report.show([row]).splitlines()[-1].strip("|").split("|")]
    assert cells[:5] == [UVICORN, "200", "1", "150", "2.00"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("cpu", window(UVICORN, 100), window(UVICORN, 100, p99_ms=41.0)),
        ("cpu", window(DAPHNE, 139), window(DAPHNE, 141)),
        ("cpu", window(NAIVE, 900), window(NAIVE, 900, load=0.9)),
        ("first-text", FirstText(UVICORN, 50, 9, 1, 1, 1, 9, 29), FirstText(UVICORN, 50, 9, 1, 1, 1, 9, 31)),
        ("idle", Idle(UVICORN, 5000, 24.0, 1, 1), Idle(UVICORN, 5000, 26.0, 1, 1)),
        ("stuck", Stuck(DAPHNE, 9, "is silent", 900, 9, 9), Stuck(DAPHNE, 9, "is silent", 1100, 9, 0)),
        ("resume", Resume(UVICORN, 9, 3, 9, 49, 60, 9, 9, 0), Resume(UVICORN, 9, 3, 9, 49, 60, 9, 9, 1)),
        ("resume", Resume(UVICORN, 9, 3, 9, 50, 60, 9, 9, 0), Resume(UVICORN, 9, 3, 9, 49, 60, 9, 8, 0)),
        ("resume", Resume(UVICORN, 9, 3, 9, 50, 60, 9, 9, 0), Resume(UVICORN, 9, 0, 0, 0, 0, 9, 9, 0)),
    ],
)
def test_a_goal_that_was_missed_is_said_to_be(kind: str, good: object, bad: object) -> None:
    def said(row: object) -> list[str]:
        rows = with_ratios([window(RAW, 50), row], RAW)[1:] if isinstance(row, Streaming) else [row]
        return streaming_report.verdicts({kind: rows})

    assert said(good) and not any("NOT MET" in line for line in said(good))
    assert sum("NOT MET" in line for line in said(bad)) == 1


def test_goals_are_judged_only_at_the_sizes_that_they_name() -> None:
    small: dict[str, list[Any]] = {
        "idle": [Idle(UVICORN, 500, 99.0, 1, 1)],
        "cpu": [window(UVICORN, 100, 99.0, streams=50)],
    }
    assert not any("KiB" in line or "frame p99" in line for line in streaming_report.verdicts(small))


def test_what_is_given_replaces_the_sizes_of_a_full_or_quick_run() -> None:
    full, quick = streaming.parse([]).sizes, streaming.parse(["--quick"]).sizes
    assert (full, quick) == (streaming.FULL, streaming.QUICK)
    given = ["--only", "resume", "cpu", "--streams", "50", "--seconds", "8", "--contenders", UVICORN, RAW]
    sizes = streaming.parse(given).sizes
    assert (sizes.only, sizes.contenders) == (("cpu", "resume"), (RAW, UVICORN))
    assert (sizes.streams, sizes.seconds, sizes.rounds, sizes.sockets) == (50, 8, 1, full.sockets)
