"""Which steps a route may use, and what follows a failure."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from routing.config import ModelSpec, RouteSpec, Tier
from routing.errors import Action
from routing.events import FinishReason
from routing.ladder import (
    NOT_ALLOWED,
    OPEN,
    Aside,
    Cause,
    Ending,
    Next,
    Standing,
    Tried,
    answers_for,
    confined,
    next_attempt,
    output_cap,
    set_aside,
    steps_of,
    usable_steps,
)


def spec(model_id: str, provider: str = "p", **more: Any) -> ModelSpec:
    base = ModelSpec(model_id, provider, "openai", model_id, "lite", 100_000, 8_000)
    return replace(base, **more)


A, B, C = (
    spec("a", "alpha"),
    spec("b", "beta"),
    spec("c", "gamma", context_tokens=1_000_000, max_output_tokens=64_000),
)
MODELS = {step.id: step for step in (A, B, C)}
ROUTE = RouteSpec("common", "Common", "model", "lite", ("a", "b"))


def keys(*providers: str) -> Callable[[ModelSpec], str | None]:
    return lambda model: None if model.provider in providers else f"no key for {model.provider}"


B_OPEN = f"{OPEN}5 of 5 calls failed"


def b_is_open(model: ModelSpec) -> str | None:
    return B_OPEN if model.id == "b" else None


def test_steps_without_a_key_are_shown_and_skipped() -> None:
    views = usable_steps(ROUTE, MODELS, keys("beta"))
    assert [(view.model.id, view.status, view.usable) for view in views] == [
        ("a", "no key for alpha", False),
        ("b", "", True),
    ]
    assert steps_of(views) == (B,)


def test_any_provider_is_enough_for_every_route() -> None:
    light, heavy = spec("light", "own"), spec("heavy", "own", tier="heavy")
    expected_of: dict[Tier, ModelSpec] = {"lite": light, "standard": light, "heavy": heavy}
    for tier, expected in expected_of.items():
        views = usable_steps(replace(ROUTE, tier=tier), MODELS, keys("own"), (light, heavy))
        assert [view.last_resort for view in views] == [False, False, True]
        assert steps_of(views) == (expected,)
    assert steps_of(usable_steps(ROUTE, MODELS, keys())) == ()
    with_own_step = usable_steps(ROUTE, MODELS, keys("alpha", "own"), (light,))
    assert steps_of(with_own_step) == (A,)


def test_a_route_asks_only_the_providers_that_it_allows() -> None:
    route = replace(ROUTE, allowed_providers=("beta",))
    views = usable_steps(route, MODELS, keys("alpha", "beta"))
    assert [view.status for view in views] == [NOT_ALLOWED, ""]
    assert steps_of(views) == (B,)
    own = spec("own", "own")
    assert steps_of(usable_steps(route, MODELS, keys("alpha", "own"), (own,))) == (), "nor as a last resort"
    open_to_it = replace(route, allowed_providers=("own",))
    assert steps_of(usable_steps(open_to_it, MODELS, keys("alpha", "own"), (own,))) == (own,)


def test_what_goes_on_with_an_answer_goes_nowhere_that_its_beginning_may_not() -> None:
    source = replace(ROUTE, slug="source", allowed_providers=("alpha",), redact=True)
    anywhere = replace(ROUTE, slug="long")
    assert confined(anywhere, source).allowed_providers == ("alpha",)
    assert confined(anywhere, source).redact
    assert confined(replace(anywhere, allowed_providers=("beta",)), source) is source
    both = replace(anywhere, allowed_providers=("beta", "alpha"))
    assert confined(both, source).allowed_providers == ("alpha",)
    assert confined(both, replace(source, allowed_providers=())).allowed_providers == ("beta", "alpha")
    assert confined(anywhere, None) is anywhere


def test_retired_unknown_and_open_steps() -> None:
    today = date(2026, 11, 23)
    gone = replace(A, retires_on=today)
    route = replace(ROUTE, ladder=("a", "b", "z"))
    views = usable_steps(route, {"a": gone, "b": B}, b_is_open, (C,), today)
    assert [view.status for view in views] == ["retired on 2026-11-23", B_OPEN, "not in the catalogue"]
    assert steps_of(views) == (B,), "a model whose breaker is open is better than none"
    views = usable_steps(replace(ROUTE, ladder=("b", "a", "c")), MODELS, b_is_open)
    assert steps_of(views) == (A, C, B), "and stands last where there are others"


SPENT = Aside("a", datetime(2026, 11, 30, 12, 3, tzinfo=UTC), "the error budget of its error rate is spent")


def test_a_first_model_that_is_set_aside_is_asked_after_the_others() -> None:
    route = replace(ROUTE, ladder=("a", "b", "c"))
    everything = usable_steps(route, MODELS, keys("alpha", "beta", "gamma"))
    views = set_aside(everything, SPENT)
    assert views[0].status == (
        "set aside: since 30 Nov, 12:03 UTC, because the error budget of its error rate is spent"
    )
    assert steps_of(views) == (B, C, A)
    b_open = set_aside(usable_steps(route, MODELS, b_is_open), SPENT)
    assert steps_of(b_open) == (C, A, B), "what was left alone is asked last"
    for stays in (
        set_aside(everything, None),
        set_aside(everything, replace(SPENT, model="b")),  # staff have put another model first meanwhile
        set_aside(usable_steps(replace(ROUTE, ladder=("a",)), MODELS, keys("alpha")), SPENT),
        set_aside(usable_steps(ROUTE, MODELS, keys("alpha")), SPENT),  # nothing else can be asked
        set_aside(usable_steps(ROUTE, MODELS, b_is_open), SPENT),
    ):
        assert steps_of(stays)[0] == A
    assert set_aside((), SPENT) == ()


NAMES = [
    ("claude-sonnet-5-5", "claude-sonnet-5-5", True),
    ("claude-sonnet-5-5", "claude-sonnet-5-5-20260901", True),
    ("claude-sonnet-5-5-20260901", "claude-sonnet-5-5", True),
    ("gpt-x", "gpt-x-2026-09-01", True),
    ("gemini-y", "models/gemini-y-001", True),
    ("gemini-y", "nickname", True),
    ("gemini-y", "", True),
    ("gemini-y", "gemini-y-lite", False),
    ("claude-5", "claude-5-5", False),
    ("gemini-y", "gemini-z", False),
]


@pytest.mark.parametrize(("asked", "answering", "same"), NAMES)
def test_dated_ids_and_aliases_are_no_mismatch(asked: str, answering: str, same: bool) -> None:
    assert answers_for(spec(asked, answers_as=("nickname",)), answering) is same


def test_thinking_gets_room_beyond_the_answer() -> None:
    assert output_cap(spec("m"), 500) == 500
    assert output_cap(spec("m", thinking="low"), 500) == 1_524
    assert output_cap(spec("m", thinking="0"), 500) == 500
    assert output_cap(spec("m", thinking="HIGH"), 500) == 8_000


def failed(model: ModelSpec, action: Action, wait: float | None = None, cause: Cause = "first") -> Tried:
    return Tried(model, cause, 500, FinishReason.PROVIDER_ERROR, action, wait)


def ended(model: ModelSpec, finish: FinishReason, cap: int = 500, cause: Cause = "first") -> Tried:
    return Tried(model, cause, cap, finish)


def rejected(model: ModelSpec, cause: Cause = "first") -> Tried:
    return Tried(model, cause, 500, FinishReason.PROVIDER_ERROR, Action.NEXT_MODEL, rejected=True)


ALL = frozenset("abc")
START = Standing(
    (A, B), (), shown=False, may_continue=True, elapsed_s=0.5, first_text_s=10, total_s=90, paid=ALL
)
RETRY, NEXT, LARGER, STOP = Action.RETRY, Action.NEXT_MODEL, Action.LARGER_CONTEXT, Action.STOP
LENGTH, COMPLETE, OTHER = FinishReason.LENGTH, FinishReason.COMPLETE, FinishReason.OTHER

TABLE: list[tuple[str, dict[str, Any], list[Tried], Next | Ending]] = [
    ("a whole answer", {"shown": True}, [ended(A, COMPLETE)], "completed"),
    ("a refusal stays one", {}, [ended(A, FinishReason.BLOCKED)], "refused"),
    ("a refusal after text too", {"shown": True}, [ended(A, FinishReason.BLOCKED)], "refused"),
    ("fall back", {}, [failed(A, NEXT)], Next(B, "fallback", 500)),
    ("fall back rather than retry", {}, [failed(A, RETRY)], Next(B, "fallback", 500)),
    ("a short wish is waited for", {}, [failed(A, RETRY, 1.0)], Next(A, "retry", 500, 1.0, extra=True)),
    ("a long wish is not", {}, [failed(A, RETRY, 3.0)], Next(B, "fallback", 500)),
    ("nor one past the deadline", {"elapsed_s": 9.5}, [failed(A, RETRY, 1.0)], Next(B, "fallback", 500)),
    (
        "no second retry",
        {},
        [failed(A, RETRY, 1.0), failed(A, RETRY, 1.0, "retry")],
        Next(B, "fallback", 500),
    ),
    (
        "a lone model is asked again",
        {"steps": (A,)},
        [failed(A, RETRY)],
        Next(A, "retry", 500, 0.25, extra=True),
    ),
    ("but not when it cannot help", {"steps": (A,)}, [failed(A, NEXT)], "failed"),
    ("and once only", {"steps": (A,)}, [failed(A, RETRY), failed(A, RETRY, None, "retry")], "failed"),
    (
        "no retry beyond the budget",
        {"paid": frozenset()},
        [failed(A, RETRY, 1.0)],
        Next(B, "fallback", 500),
    ),
    ("nor of a lone model", {"paid": frozenset(), "steps": (A,)}, [failed(A, RETRY)], "failed"),
    (
        "an open model is asked last",
        {"resting": frozenset("b"), "steps": (A, B, C)},
        [failed(A, NEXT)],
        Next(C, "fallback", 500),
    ),
    (
        "and as the last one left it is asked, from the retry budget",
        {"resting": frozenset("b")},
        [failed(A, NEXT)],
        Next(B, "fallback", 500, extra=True),
    ),
    (
        "unless that is used up",
        {"resting": frozenset("b"), "paid": frozenset("ac")},
        [failed(A, NEXT)],
        "failed",
    ),
    (
        "what rejected the request does not go on with it either",
        {"shown": True},
        [rejected(A), failed(B, NEXT, None, "fallback")],
        Next(B, "continuation", 500),
    ),
    ("the ladder ends", {}, [failed(A, NEXT), failed(B, NEXT, None, "fallback")], "failed"),
    ("stop means stop", {}, [failed(A, STOP)], "failed"),
    ("out of time", {"elapsed_s": 90}, [failed(A, NEXT)], "failed"),
    ("continue", {"shown": True}, [failed(A, NEXT)], Next(B, "continuation", 500)),
    (
        "continue with the only model",
        {"shown": True, "steps": (A,)},
        [failed(A, NEXT)],
        Next(A, "continuation", 500),
    ),
    ("continue once", {"shown": True}, [failed(A, NEXT), failed(B, RETRY, None, "continuation")], "failed"),
    ("not when it may not", {"shown": True, "may_continue": False}, [failed(A, NEXT)], "failed"),
    ("length goes on with more room", {"shown": True}, [ended(A, LENGTH)], Next(B, "continuation", 2000)),
    (
        "with the larger model first",
        {"shown": True, "steps": (A, B, C)},
        [ended(A, LENGTH)],
        Next(C, "continuation", 2000),
    ),
    ("never with the same cap", {"shown": True}, [ended(A, LENGTH, 8_000)], "truncated"),
    ("only thoughts: anew", {"steps": (A,)}, [ended(A, LENGTH)], Next(A, "fallback", 2000)),
    (
        "length twice",
        {"shown": True},
        [ended(A, LENGTH), ended(B, LENGTH, 2000, "continuation")],
        "truncated",
    ),
    ("length twice unseen", {}, [ended(A, LENGTH), ended(B, LENGTH, 2000, "fallback")], "failed"),
    ("length may not go on", {"shown": True, "may_continue": False}, [ended(A, LENGTH)], "truncated"),
    ("too long for it", {"steps": (A, B, C)}, [failed(A, LARGER)], Next(C, "fallback", 500)),
    ("too long for all", {}, [failed(A, LARGER)], "failed"),
    (
        "window full",
        {"shown": True, "steps": (A, C)},
        [ended(A, FinishReason.CONTEXT_EXCEEDED)],
        Next(C, "continuation", 500),
    ),
    ("window full everywhere", {"shown": True}, [ended(A, FinishReason.CONTEXT_EXCEEDED)], "truncated"),
    ("an unknown end before text", {}, [ended(A, OTHER)], Next(B, "fallback", 500)),
    ("an unknown end after text", {"shown": True, "may_continue": False}, [ended(A, OTHER)], "truncated"),
]


@pytest.mark.parametrize(("name", "standing", "tried", "following"), TABLE, ids=[row[0] for row in TABLE])
def test_what_follows(
    name: str, standing: dict[str, Any], tried: list[Tried], following: Next | Ending
) -> None:
    now = replace(START, tried=tuple(tried), **standing)
    assert next_attempt(now) == following
