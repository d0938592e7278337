"""What `make faults` concludes from what it measured."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.faults import checker
from tests.faults.batch import Outcome
from tests.faults.checker import Breach
from tests.faults.long import backend_of, options
from tests.faults.reconnects import MOST_CUTS, Reconnects, schedule
from tests.faults.report import Report, table, write
from tests.faults.restarts import Herd, Rolling
from tests.faults.soak import Sample, Soaked, slope

BROKEN = Outcome(Counter(kill_web=2), breaches=[Breach(checker.LOST, "p1", "message m1 is in no row")])
WHOLE = Outcome(Counter(kill_web=3), ends={"completed": 4})


def test_a_report_names_the_smallest_failing_seed_and_how_to_play_it_again() -> None:
    report = Report({4: ("postgres", BROKEN), 3: ("sqlite", BROKEN), 2: ("postgres", WHOLE)})
    assert (report.failing, report.kept) == ([3, 4], False)
    assert "make faults RUNS=1 SEED=3" in table(report)
    whole = Report({2: ("postgres", WHOLE)})
    assert whole.kept
    assert "BROKEN" not in table(whole)


@pytest.mark.parametrize(
    "broken",
    [
        Report(reconnects={"sqlite": Reconnects(10, 12, 9)}),
        Report(rolling={"sqlite": Rolling(10, {"completed": 9, "failed with text (orphan)": 1})}),
        Report(rolling={"sqlite": Rolling(10, {"completed": 9, "truncated (drain)": 1})}),
        Report(herds={"sqlite": Herd(20, [1.0] * 18)}),
        Report(herds={"sqlite": Herd(20, [1.0] * 18 + [16.0] * 2)}),
        Report(soaks={"sqlite": Soaked(1, 10, ends={"completed": 998, "failed with text (orphan)": 2})}),
        Report(broken=["the desk"]),
    ],
)
def test_each_part_can_break_its_promise(broken: Report) -> None:
    assert not broken.kept
    assert "BROKEN" in table(broken)


def test_each_part_can_keep_its_promise(tmp_path: Path) -> None:
    samples = [Sample("web-0-1", 30.0 + at, 100.0) for at in range(5)]
    report = Report(
        reconnects={"sqlite": Reconnects(10, 12, 10)},
        rolling={"sqlite": Rolling(10, {"completed": 9, "continued by another process": 1})},
        herds={"sqlite": Herd(20, [1.0] * 19 + [40.0])},
        soaks={"sqlite": Soaked(1, 10, ends={"completed": 999, "cancelled": 1}, samples=samples)},
    )
    assert report.kept, table(report)
    write(report, tmp_path / "new" / "faults.json")
    told = json.loads((tmp_path / "new" / "faults.json").read_text())
    assert told["commit"]
    assert told["machine"]["cpus"]
    assert len(told["verdicts"]) == 6


def test_memory_is_one_slope_over_all_lives_each_with_a_level_of_its_own() -> None:
    def life(name: str, mib: float, growth: float) -> list[Sample]:
        return [Sample(name, float(age), mib + growth * age / 60) for age in range(0, 300, 10)]

    flat_but_lower = [*life("a", 300, 0.0), *life("b", 100, 0.0)]
    assert slope(flat_but_lower) == pytest.approx(0.0)
    assert slope([*life("a", 300, 2.0), *life("b", 100, 2.0)]) == pytest.approx(2.0)
    assert slope([Sample("a", 40.0, 1.0), Sample("b", 50.0, 2.0)]) is None
    assert slope([Sample("a", float(age), float(age)) for age in range(20)]) is None, "it still loads"


def test_a_seed_alone_is_the_same_run_again() -> None:
    assert {backend_of(2), backend_of(3)} == {"postgres", "sqlite"}
    assert options(["--runs", "1", "--seed", "3"]).seed == 3
    drawn = [schedule(seed, 100) for seed in range(200)]
    assert drawn == [schedule(seed, 100) for seed in range(200)]
    assert {len(cuts) for cuts in drawn} == set(range(1, MOST_CUTS + 1))
    assert all(-1 <= cut < 100 for cuts in drawn for cut in cuts)
