"""The pure parts of the chat page's benchmark: what it counts, and what it says of its goals."""

from benchmarks.chat_page_figures import Asked, Figure, Opened, Watched, figures, p95


def asked(acknowledged: float = 40, done: float = 200, shift: float = 0, *tasks: float) -> Asked:
    return Asked(shift, list(tasks), [16.0, 17.0, 60.0, 16.0], 20, acknowledged, 90, done)


def found(name: str, rows: list[Figure]) -> Figure:
    return next(row for row in rows if row.what.startswith(name))


def test_goals_are_held_against_the_median_the_95th_percentile_and_the_worst() -> None:
    approved = [asked(done=100 + number) for number in range(20)]
    rows = figures(approved, [asked(), asked(shift=0.01), asked(acknowledged=500)], [], [], [], [], [])
    assert (found("acknowledged", rows).value, found("acknowledged", rows).verdict) == (40, "met")
    assert (found("approved answer on screen, p95", rows).value, p95([1.0])) == (119, 1)
    shift = found("layout shift", rows)
    assert (shift.value, shift.verdict) == (0.01, "NOT MET")
    assert not any("slower" in row.what for row in rows)  # nothing was measured, nothing is said


def test_smoothness_counts_long_tasks_an_answer_and_late_frames_in_all() -> None:
    opened = Opened(0, [60.0], [16.0], 700)
    climbed = Watched(0, [], [16.0, 50.0])
    rows = figures(
        [], [], [asked(0, 0, 0, 51, 49), asked()], [asked(0, 0, 0, 80, 90)], [opened], [opened], [climbed]
    )
    short = found("short conversation, 4x slower: tasks", rows)
    assert (short.value, short.verdict) == (0.5, "NOT MET")
    assert found("long conversation, 4x slower: longest", rows).value == 90
    assert found("short conversation, 4x slower: frames that came", rows).value == 25
    assert found("long conversation opened, 4x slower: tasks", rows).verdict == "NOT MET"
    up = found("up through the long conversation, 4x slower: tasks", rows)
    assert (up.value, up.verdict) == (0, "met")
    assert (
        found("long conversation opened", rows).value,
        found("long conversation opened", rows).verdict,
    ) == (700, "")
