"""Whatever comes of its attempts, a reply ends: the ladder played with any outcomes at all."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.config import ModelSpec
from routing.errors import Action
from routing.events import FinishReason
from routing.ladder import MAX_WAIT_S, Next, Standing, Tried, hedge, next_attempt, output_cap

MODELS = tuple(
    ModelSpec(name, provider, "openai", name, "lite", context, output, thinking=thinking)
    for name, provider, context, output, thinking in (
        ("a", "p", 8_000, 1_000, ""),
        ("b", "p", 100_000, 8_000, "low"),
        ("c", "q", 1_000_000, 64_000, ""),
        ("d", "r", 100_000, 8_000, "high"),
    )
)
End = tuple[FinishReason, Action | None, float | None, bool]
Outcome = tuple[End, bool, float, frozenset[str], frozenset[str]]
FINAL = {FinishReason.COMPLETE, FinishReason.BLOCKED}

NONE, ALL = frozenset[str](), frozenset("abcd")
FAILED, LENGTH = FinishReason.PROVIDER_ERROR, FinishReason.LENGTH
# Few values, and those that lead on more often than those that end: what matters is the order.
ENDS: tuple[End, ...] = (
    *((finish, None, None, False) for finish in FinishReason),
    *[(LENGTH, None, None, False)] * 8,
    *[(FAILED, Action.NEXT_MODEL, None, True)] * 6,
    *((FAILED, action, wait, False) for action in Action for wait in (None, 0.5, 5.0)),
    *((FinishReason.UNKNOWN_END, Action.NEXT_MODEL, None, False) for _ in range(6)),
)
OUTCOME = st.tuples(
    st.sampled_from(ENDS),
    st.sampled_from((False, False, False, True)),  # whether it showed text
    st.sampled_from((0.1, 0.1, 0.1, 8.0, 40.0)),  # seconds it took
    st.sampled_from((NONE, NONE, frozenset("a"), frozenset("bc"), ALL)),  # whose breaker is open then
    st.sampled_from((ALL, ALL, NONE, frozenset("ad"))),  # whose retry budget has room
)


# On a busy machine it may take its time; what is promised is the order of attempts.
@settings(max_examples=400)
@given(
    steps=st.lists(st.sampled_from(MODELS), min_size=1, max_size=4, unique=True),
    cap=st.sampled_from((12, 500, 1_000, 8_000)),
    may_continue=st.booleans(),
    outcomes=st.lists(OUTCOME, min_size=9, max_size=9),
    hedges=st.booleans(),
)
def test_it_always_ends_and_keeps_its_promises(
    steps: list[ModelSpec],
    cap: int,
    may_continue: bool,
    outcomes: list[
        tuple[
            tuple[FinishReason, Action | None, float | None, bool],
            bool,
            float,
            frozenset[str],
            frozenset[str],
        ]
    ],
    hedges: bool,
) -> None:
    now = Standing(tuple(steps), (), False, may_continue, 0.0, 10.0, 90.0)
    step, asked = Next(steps[0], "first", cap), [Next(steps[0], "first", cap)]
    for (finish, action, retry_after, rejected), showed, took, resting, paid in outcomes:
        beside = hedge(now, step.model, step.cap) if hedges else None
        if beside is not None:
            assert beside.model.id not in now.resting | {tried.model.id for tried in now.tried}
            asked.append(beside)
            lost = Tried(step.model, step.cause, step.cap, FinishReason.CANCELLED)
            now, step = replace(now, tried=(*now.tried, lost)), beside
        ended = Tried(step.model, step.cause, step.cap, finish, action, retry_after, rejected)
        now = replace(
            now, tried=(*now.tried, ended), shown=now.shown or showed, elapsed_s=now.elapsed_s + took,
            resting=resting, paid=paid,
        )  # fmt: skip
        following = next_attempt(now)
        if not isinstance(following, Next):
            break
        check(now, ended, following)
        step = following
        asked.append(step)
        now = replace(now, elapsed_s=now.elapsed_s + step.wait_s)
    else:
        raise AssertionError(f"still going after {len(asked)} attempts")

    causes = [each.cause for each in asked]
    # Each model once, and beside that one retry, one larger cap and one continuation.
    assert len(asked) <= len(steps) + 3
    assert causes.count("continuation") <= int(may_continue)
    assert causes.count("retry") <= 1
    assert causes.count("hedge") <= 1


def check(now: Standing, last: Tried, following: Next) -> None:
    """Hold one step against what happened before it."""
    assert last.finish not in FINAL
    assert last.action is not Action.STOP
    assert now.elapsed_s + following.wait_s < now.total_s
    assert following.wait_s <= MAX_WAIT_S
    assert following.cause == "retry" or following.wait_s == 0, "a fallback waits for nothing"
    assert (following.cause == "continuation") == now.shown
    if following.cause == "retry":
        assert following.model.id == last.model.id
        assert now.elapsed_s + following.wait_s < now.first_text_s
    assert following.extra == (following.cause == "retry" or following.model.id in now.resting)
    assert not following.extra or following.model.id in now.paid
    same = [tried for tried in now.tried if tried.model.id == following.model.id]
    assert not any(tried.rejected for tried in same), "what was rejected is rejected again"
    for tried in same:
        if tried.finish is FinishReason.LENGTH:
            assert output_cap(tried.model, following.cap) > output_cap(tried.model, tried.cap)
    if last.action is Action.LARGER_CONTEXT or last.finish is FinishReason.CONTEXT_EXCEEDED:
        assert (
            last.finish is FinishReason.LENGTH or following.model.context_tokens > last.model.context_tokens
        )
