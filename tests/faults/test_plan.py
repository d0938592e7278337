"""A seed is a whole plan: the same each time, of faults that its database can have."""

from itertools import pairwise

import pytest

from routing.sandbox.faults import KINDS as SANDBOX_FAULTS
from tests.faults.plan import KINDS, POINTS, PROVIDER_FAULTS, WEBS, Backend, named, plan, provider_fault
from tests.faults.strikes import DEEDS

BACKENDS: tuple[Backend, ...] = ("sqlite", "postgres")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_seed_says_it_all(backend: Backend) -> None:
    first = plan(7, 25, backend)
    assert first == plan(7, 25, backend)
    assert first != plan(8, 25, backend)
    assert len(first) == 25
    assert all(one.at < other.at for one, other in pairwise(first))


@pytest.mark.parametrize("backend", BACKENDS)
def test_twenty_seeds_draw_every_fault_that_the_database_can_have_and_no_other(backend: Backend) -> None:
    drawn = [strike for seed in range(20) for strike in plan(seed, 25, backend)]
    assert {strike.fault for strike in drawn} == {
        name for name, kind in KINDS.items() if backend in kind.backends
    }
    assert {strike.point for strike in drawn} == {*POINTS, ""}
    for strike in drawn:
        kind = KINDS[strike.fault]
        assert kind.span[0] <= strike.span <= kind.span[1]
        assert not strike.point or strike.point in kind.points
        assert strike.target in range(WEBS)


def test_every_fault_is_something_that_can_be_done() -> None:
    assert set(DEEDS) == set(KINDS)
    assert set(PROVIDER_FAULTS) <= set(SANDBOX_FAULTS)
    assert {provider_fault(amount) for amount in range(100)} == set(PROVIDER_FAULTS)
    assert {strike.fault for backend in BACKENDS for strike in named(backend)} <= set(DEEDS)
