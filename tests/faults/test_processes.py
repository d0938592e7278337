"""F1 to F8, F24, F25: the short set, with real processes killed at named moments and at seeded ones.

`make faults` is the long one. No time is asserted here: what is waited for is bounded by PATIENCE_S alone.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from tests.faults.batch import Outcome, play
from tests.faults.plan import Backend, named, plan
from tests.faults.reconnects import reconnect
from tests.faults.restarts import herd, roll
from tests.faults.rig import Rig, running_rig

pytestmark = [pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

PATIENCE_S = 60.0
VISITORS = 8
SEEDED = 10  # on each database
GAP_S = 1.2


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgres"])
async def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """Run a desk of two web processes that may be killed."""
    backend = cast(Backend, request.param)
    async with running_rig(Path(tmp_path_factory.mktemp(f"faults-{backend}")), backend) as running:
        yield running


def words(outcome: Outcome) -> list[str]:
    return [str(breach) for breach in outcome.breaches]


async def test_killed_at_named_moments_nothing_is_lost_twice_or_left(rig: Rig) -> None:
    strikes = named(rig.backend)
    outcome = await play(rig, strikes, VISITORS, 1, PATIENCE_S, in_turn=True)
    assert words(outcome) == []
    assert outcome.missed <= 1, "a cut may find no line; every other fault has hit something"
    assert outcome.points_missed == []
    assert outcome.resumes > 0
    assert outcome.ends.get("completed", 0) > 0


async def test_seeded_faults_break_nothing_either(rig: Rig) -> None:
    strikes = plan(2026, SEEDED, rig.backend, (GAP_S / 2, 1.5 * GAP_S))
    outcome = await play(rig, strikes, VISITORS, 2, PATIENCE_S)
    assert words(outcome) == []
    assert sum(outcome.struck.values()) > SEEDED / 2


async def test_a_text_is_the_stored_one_however_often_its_line_is_cut(rig: Rig) -> None:
    found = await reconnect(rig, 60, 3)
    assert [str(breach) for breach in found.breaches] == []
    assert found.equal == 60
    assert found.cuts >= 60


async def test_a_rolling_restart_fails_no_reply(rig: Rig) -> None:
    if rig.backend == "sqlite":
        pytest.skip("once is enough, and several processes are what PostgreSQL is for")
    found = await roll(rig, 10, 4)
    assert [str(breach) for breach in found.breaches] == []
    assert found.failed == 0, found.ends


async def test_a_herd_comes_back_after_a_restart(rig: Rig) -> None:
    if rig.backend == "postgres":
        pytest.skip("once is enough")
    found = await herd(rig, 80, 5)
    assert len(found.back) == 80
