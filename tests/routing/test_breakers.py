"""When a breaker opens and closes, with clocks in hand and no network."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from routing import errors
from routing.breaker_rules import COOL_DOWN_S, Fault, fault_of, longer
from routing.breakers import MIN_CALLS, UNPROBED_S, WINDOW_S, Breakers, Called, Closed, Opened, Reset
from routing.events import FinishReason

AT = datetime(2026, 11, 29, 14, 3, 10, tzinfo=UTC)
DOWN = Fault("provider error (status 503)")
REFUSED = Fault("no connection", connection=True)


class Desk:
    """Breakers with a clock that stands until it is moved."""

    def __init__(self) -> None:
        self.breakers, self.now = Breakers(), 1000.0

    @property
    def at(self) -> datetime:
        return AT + timedelta(seconds=self.now - 1000)

    def call(self, model: str, *faults: Fault | None) -> list[Any]:
        provider, _, name = model.partition("/")
        told: list[Any] = []
        for fault in faults:
            told += self.breakers.take(Called(provider, name, fault), self.now, self.at)
        return told

    def status(self, model: str) -> str:
        provider, _, name = model.partition("/")
        return self.breakers.status(provider, name, self.now, self.at)


@pytest.fixture
def desk() -> Desk:
    return Desk()


FAULTS = [
    (None, None),
    (errors.RequestRejected("no", status=400), None),
    (errors.ContextTooLong("long", status=400), None),
    (errors.TotalTimeout("late"), None),
    (errors.RateLimited("", status=429), Fault("too many requests (status 429)", "model", 5)),
    (
        errors.RateLimited("", status=429, retry_after=3600),
        Fault("too many requests (status 429), asked to wait 3600 s", "model", 60),
    ),
    (errors.KeyRefused("", status=401), Fault("key refused (status 401)", "provider")),
    (errors.KeyRefused("", status=403), Fault("key refused (status 403)", "model")),
    (errors.UnknownModel("", status=404), Fault("model unknown (status 404)", "model")),
    (errors.QuotaExhausted("", status=402), Fault("no credit (status 402)", "provider")),
    (errors.ConnectFailed(""), REFUSED),
    (errors.ProviderDown("", status=503), DOWN),
    (errors.Stalled(""), Fault("went silent")),
    (errors.TruncatedOutput(""), Fault("cut off")),
]


@pytest.mark.parametrize(("failure", "fault"), FAULTS, ids=lambda value: type(value).__name__)
def test_what_a_failure_says_against_its_model(
    failure: errors.CallFailed | None, fault: Fault | None
) -> None:
    assert fault_of(failure, FinishReason.PROVIDER_ERROR) == fault
    assert fault_of(failure, FinishReason.LENGTH) is None, "who runs out of room is alive"


def test_a_model_is_left_alone_when_half_of_enough_calls_failed(desk: Desk) -> None:
    assert desk.call("p/a", None, *[DOWN] * (MIN_CALLS - 2)) == []
    assert desk.status("p/a") == ""
    desk.now += 1
    told = desk.call("p/a", DOWN, DOWN)
    assert [type(event) for event in told] == [Opened]
    assert desk.status("p/a").startswith("open: 4 of 5 calls within 60 s failed, last: provider error")
    assert desk.status("p/a").endswith("(status 503); since 14:03:11 UTC, until 14:03:26")
    assert desk.breakers.open_among([("p", "a"), ("p", "b")], desk.now) == {"a"}
    assert desk.status("p/b") == ""


def test_failures_among_many_answers_or_long_ago_open_nothing(desk: Desk) -> None:
    desk.call("p/a", *[None] * 10, *[DOWN] * 9)
    assert desk.status("p/a") == ""
    desk.now += WINDOW_S + 1
    desk.call("p/a", *[DOWN] * (MIN_CALLS - 1))
    assert desk.status("p/a") == ""
    desk.call("p/a", DOWN)
    assert desk.status("p/a")


def test_only_a_probe_closes_it_and_each_that_fails_doubles_the_wait(desk: Desk) -> None:
    desk.call("p/a", *[DOWN] * MIN_CALLS)
    assert desk.breakers.due(desk.now) == ()
    desk.now += COOL_DOWN_S
    assert desk.breakers.due(desk.now) == ((("p", "a"), "a"),)
    desk.call("p/a", None)
    assert desk.status("p/a").endswith("until a probe is answered"), "a visitor's answer does not close it"
    (again,) = desk.breakers.probed(("p", "a"), "a", DOWN, desk.now)
    assert isinstance(again, Opened)
    assert again.rest_s == longer(COOL_DOWN_S) == 30
    assert "last probe: provider error (status 503); since 14:03:10" in desk.status("p/a")
    desk.now += 30
    (closed,) = desk.breakers.probed(("p", "a"), "a", None, desk.now)
    assert closed == Closed("p", "a", "a")
    assert desk.status("p/a") == ""
    desk.call("p/a", *[DOWN] * (MIN_CALLS - 1))
    assert desk.status("p/a") == "", "what failed before counts no more"


def test_a_breaker_that_nobody_can_probe_closes_by_itself(desk: Desk) -> None:
    desk.call("p/a", *[DOWN] * MIN_CALLS)
    desk.now += COOL_DOWN_S + UNPROBED_S
    assert desk.status("p/a")
    desk.now += 1
    assert desk.status("p/a") == ""
    assert desk.breakers.due(desk.now) == ()


@pytest.mark.parametrize(
    "fault", [Fault("key refused (status 401)", "provider"), Fault("no credit (status 402)", "provider")]
)
def test_a_refused_key_and_an_empty_account_open_the_provider_at_once(desk: Desk, fault: Fault) -> None:
    desk.call("p/a", fault)
    assert desk.status("p/b").startswith(f"open: p: {fault.words}; since")
    assert desk.status("q/a") == ""
    desk.now += COOL_DOWN_S
    assert desk.breakers.due(desk.now) == ((("p", ""), "a"),)
    desk.breakers.probed(("p", ""), "a", None, desk.now)
    assert desk.status("p/b") == ""


def test_a_provider_opens_when_nobody_connects_or_several_of_its_models_fail(desk: Desk) -> None:
    desk.call("p/a", *[REFUSED] * 3)
    desk.call("p/b", *[REFUSED] * 2)
    assert desk.status("p/c").startswith("open: p: 5 of 5 calls within 60 s found no connection; since")

    desk.call("q/a", *[DOWN] * MIN_CALLS)
    assert desk.status("q/c") == ""
    desk.call("q/b", *[DOWN] * MIN_CALLS)
    assert desk.status("q/c").startswith("open: q: 2 of its models fail: a, b; since")

    desk.call("r/c", None)
    desk.call("r/a", *[DOWN] * MIN_CALLS)
    desk.call("r/b", *[DOWN] * MIN_CALLS)
    assert desk.status("r/c") == "", "one of its models answers"


def test_a_reset_closes_one_or_all(desk: Desk) -> None:
    for model in ("p/a", "p/b", "q/a"):
        desk.call(model, Fault("too many requests", "model"))
    desk.breakers.take(Reset("p", "a"), desk.now, desk.at)
    assert [bool(desk.status(model)) for model in ("p/a", "p/b", "q/a")] == [False, True, True]
    desk.breakers.take(Reset(), desk.now, desk.at)
    assert not any(desk.status(model) for model in ("p/a", "p/b", "q/a"))


def test_the_snapshot_says_it_in_full(desk: Desk) -> None:
    desk.call("p/a", None, *[DOWN] * MIN_CALLS)
    whole, view = desk.breakers.snapshot(desk.now + 1, desk.at + timedelta(seconds=1))
    assert (whole.provider, whole.model, whole.state) == ("p", "", "closed")
    assert (view.state, view.calls, view.failed, view.openings) == ("open", 6, 5, 1)
    assert view.reason == "4 of 5 calls within 60 s failed, last: provider error (status 503)"
    assert (view.since, view.until) == (AT, AT + timedelta(seconds=COOL_DOWN_S))
    assert view.errors == ((AT, DOWN.words),) * MIN_CALLS
    (_, later) = desk.breakers.snapshot(desk.now + COOL_DOWN_S + 1, desk.at)
    assert later.state == "half-open"


def test_what_one_process_tells_holds_in_another(desk: Desk) -> None:
    other = Breakers()
    told = desk.call("p/a", *[DOWN] * MIN_CALLS)
    for event in told:
        other.take(event, 50.0, AT)
    assert other.status("p", "a", 51.0, AT)
    assert other.due(50.0 + COOL_DOWN_S) == ((("p", "a"), "a"),)
    desk.now += COOL_DOWN_S
    for event in desk.breakers.probed(("p", "a"), "a", None, desk.now):
        other.take(event, 66.0, AT)
    assert other.status("p", "a", 66.0, AT) == ""
