"""Which models a route may use, and which one comes after a failure.

Pure. Words: a retry asks the same model again, a fallback another one because of a failure, a
continuation goes on with an answer that was cut after the visitor had seen its beginning, a hedge asks
a second model beside the first because that is late.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from routing.config import ModelSpec, RouteSpec
from routing.errors import Action
from routing.events import FinishReason

Cause = Literal["first", "retry", "fallback", "continuation", "hedge"]
Ending = Literal["completed", "truncated", "refused", "failed"]

# How the status of a step begins whose breaker is open: left alone, and asked when nothing else is left.
OPEN = "open: "
# And of a step that is set aside: asked after the others, before what is left alone.
ASIDE = "set aside: "
NOT_ALLOWED = "not allowed on this route"

# The longest a visitor is made to wait before the same model is asked again, in seconds.
MAX_WAIT_S = 2.0
# Back-off before a retry that nobody asked a time for: lets a restarted server open its port.
DEFAULT_WAIT_S = 0.25
# A continuation after `length` may be this much longer than the cut answer's cap.
LENGTH_FACTOR = 4
# Thinking is taken out of the same cap as the answer (adk-python #1357: 2,999 thought tokens, no text).
THINKING_HEADROOM = {"": 0, "off": 0, "0": 0, "minimal": 256, "low": 1024, "medium": 4096, "high": 8192}

_TIER_ORDER = {"lite": 0, "standard": 1, "heavy": 2}


@dataclass(frozen=True, slots=True)
class LadderView:
    """One step as staff see it; `status` is empty when it can be used, else says why not."""

    model: ModelSpec
    status: str = ""
    last_resort: bool = False

    @property
    def usable(self) -> bool:
        """Return whether a call may be sent to this step."""
        return not self.status

    @property
    def open(self) -> bool:
        """Return whether only this step's breaker speaks against it."""
        return self.status.startswith(OPEN)

    @property
    def aside(self) -> bool:
        """Return whether only a spent error budget speaks against this step."""
        return self.status.startswith(ASIDE)


@dataclass(frozen=True, slots=True)
class Aside:
    """The first model of a route, set aside since a moment, and why."""

    model: str
    since: datetime
    reason: str


def usable_steps(
    route: RouteSpec,
    models: Mapping[str, ModelSpec],
    usable: Callable[[ModelSpec], str | None],
    fallbacks: Sequence[ModelSpec] = (),
    on: date | None = None,
) -> tuple[LadderView, ...]:
    """Return the route's ladder, each step with its status, and a last resort when no step is usable.

    The last resort is the model of `fallbacks` whose tier is nearest to the route's: any configured
    provider is enough to serve every route, unless the route says which it may ask. `on` marks models
    that have retired by that day.
    """
    views = [_view(models.get(model_id), model_id, _allowed(route, usable), on) for model_id in route.ladder]
    if any(view.usable or view.open for view in views):
        return tuple(views)
    resort = nearest_tier([model for model in fallbacks if route.allows(model.provider)], route.tier)
    if resort is not None:
        views.append(LadderView(resort, last_resort=True))
    return tuple(views)


def _allowed(
    route: RouteSpec, usable: Callable[[ModelSpec], str | None]
) -> Callable[[ModelSpec], str | None]:
    """Return `usable` under the route's own list of providers."""
    return lambda model: usable(model) if route.allows(model.provider) else NOT_ALLOWED


def set_aside(views: Sequence[LadderView], aside: Aside | None) -> tuple[LadderView, ...]:
    """Return a ladder whose first step is passed over for new replies, where it is the model set aside.

    Only where another step can be asked instead: a ladder of one step is never demoted.
    """
    if aside is None or not views or views[0].model.id != aside.model or not views[0].usable:
        return tuple(views)
    if not any(view.usable for view in views[1:]):
        return tuple(views)
    why = f"{ASIDE}since {aside.since:%-d %b, %H:%M} UTC, because {aside.reason}"
    return (replace(views[0], status=why), *views[1:])


def confined(route: RouteSpec, source: RouteSpec | None) -> RouteSpec:
    """Return `route` for an answer that was begun on `source`: it may go nowhere the beginning may not.

    Without a provider that both allow, the answer stays on `source`.
    """
    if source is None or source.slug == route.slug:
        return route
    both = tuple(name for name in route.allowed_providers or source.allowed_providers if source.allows(name))
    if not both and (route.allowed_providers or source.allowed_providers):
        return source
    return replace(route, redact=route.redact or source.redact, allowed_providers=both)


def _view(
    model: ModelSpec | None, model_id: str, usable: Callable[[ModelSpec], str | None], on: date | None
) -> LadderView:
    if model is None:
        return LadderView(_unlisted(model_id), "not in the catalogue")
    if on is not None and model.retires_on is not None and model.retires_on <= on:
        return LadderView(model, f"retired on {model.retires_on:%Y-%m-%d}")
    return LadderView(model, usable(model) or "")


def _unlisted(model_id: str) -> ModelSpec:
    return ModelSpec(model_id, "", "", model_id, "none", 0, 0)


def nearest_tier(models: Sequence[ModelSpec], tier: str) -> ModelSpec | None:
    """Return the first model of the tier nearest to `tier`, None of none."""
    wanted = _TIER_ORDER.get(tier, 0)
    return min(models, key=lambda model: abs(_TIER_ORDER.get(model.tier, 0) - wanted), default=None)


def steps_of(views: Sequence[LadderView]) -> tuple[ModelSpec, ...]:
    """Return the models to try in order: the usable ones, one that is set aside, those whose breaker is open.

    A wrong breaker must not silence the desk: what is open is asked when nothing else is left.
    """
    return (
        *(view.model for view in views if view.usable),
        *(view.model for view in views if view.aside),
        *(view.model for view in views if view.open),
    )


def output_cap(model: ModelSpec, wanted: int) -> int:
    """Return the output cap to send: what is wanted plus room to think, within the model's own."""
    setting = model.thinking.lower()
    room = int(setting) if setting.isdecimal() else THINKING_HEADROOM.get(setting, 1024)
    return min(model.max_output_tokens, wanted + room)


def answers_for(model: ModelSpec, answering: str) -> bool:
    """Return whether `answering` is a name of `model`: its id, an alias, or a dated form of either."""
    known = (model.id, model.sent_id, *model.answers_as)
    bare = answering.removeprefix("models/")
    return not answering or any(bare == name or _dated(bare, name) for name in known)


def _dated(answering: str, name: str) -> bool:
    """Return whether one of two ids is the other with a release date or number: `-20250929`, `-001`."""
    longer, shorter = (answering, name) if len(answering) > len(name) else (name, answering)
    rest = longer.removeprefix(shorter)
    digits = rest.lstrip("-@").replace("-", "")
    return rest != longer and rest[:1] in "-@" and digits.isdecimal() and len(digits) in {3, 8}


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt that is over. `action` is None when the provider ended the stream itself.

    `rejected`: the provider finds this request, its key or the model wrong, so asking again cannot help.
    """

    model: ModelSpec
    cause: Cause
    cap: int
    finish: FinishReason
    action: Action | None = None
    retry_after: float | None = None
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """The attempt to make now, after waiting `wait_s`, with its output cap before thinking room.

    `extra` marks a request that the retry budget pays: a retry, or a model whose breaker is open.
    """

    model: ModelSpec
    cause: Cause
    cap: int
    wait_s: float = 0.0
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a reply stands between two attempts. Times in seconds.

    `resting` are the models whose breaker is open now, `paid` those whose provider's retry budget has
    room for one more request. `resumed`: the first attempt goes on with what a lost process had shown.
    """

    steps: tuple[ModelSpec, ...]
    tried: tuple[Tried, ...]
    shown: bool
    may_continue: bool
    elapsed_s: float
    first_text_s: float
    total_s: float
    resting: frozenset[str] = frozenset()
    paid: frozenset[str] = frozenset()
    resumed: bool = False


def next_attempt(now: Standing) -> Next | Ending:
    """Return the attempt that follows the last one, or how the reply ends."""
    last = now.tried[-1]
    if last.finish is FinishReason.COMPLETE:
        return "completed"
    if last.finish is FinishReason.BLOCKED:
        return "refused"
    if last.action is Action.STOP or now.elapsed_s >= now.total_s:
        return _given_up(now)
    if last.finish is FinishReason.LENGTH:
        return _after_length(now)
    if last.finish is FinishReason.CONTEXT_EXCEEDED or last.action is Action.LARGER_CONTEXT:
        return _after_context(now)
    return _continuation(now) if now.shown else _before_text(now)


def hedge(now: Standing, running: ModelSpec, cap: int) -> Next | None:
    """Return the attempt to make beside `running`, which is late; None when there is none to make.

    Once a reply, before its first text, and only at a model that nothing speaks against.
    """
    if now.shown or any(tried.cause == "hedge" for tried in now.tried):
        return None
    ready = (step for step in _untried(now, cap) if step.id != running.id and _ready(step, now))
    return next((Next(step, "hedge", cap) for step in ready), None)


def _given_up(now: Standing) -> Ending:
    """Return truncated for an answer that ran out of room, failed for one that broke."""
    roomy = {FinishReason.LENGTH, FinishReason.CONTEXT_EXCEEDED, FinishReason.OTHER, FinishReason.PAUSED}
    return "truncated" if now.shown and now.tried[-1].finish in roomy else "failed"


def _ready(step: ModelSpec, now: Standing) -> bool:
    return step.id not in now.resting


def _left(now: Standing, cap: int) -> list[ModelSpec]:
    """Return the models that may be asked now with `cap`, those whose breaker is open last.

    Not what has rejected this very request, nor what ran out of the same room already.
    """
    rejected = {tried.model.id for tried in now.tried if tried.rejected}
    left = [
        step
        for step in now.steps
        if step.id not in rejected
        and (_ready(step, now) or step.id in now.paid)
        and not _same_room(step, cap, now)
    ]
    return sorted(left, key=lambda step: not _ready(step, now))


def _same_room(model: ModelSpec, cap: int, now: Standing) -> bool:
    """Return whether `cap` gives a model no more room than that in which it ran out before."""
    return any(
        tried.finish is FinishReason.LENGTH and output_cap(model, cap) <= output_cap(model, tried.cap)
        for tried in now.tried
        if tried.model.id == model.id
    )


def _untried(now: Standing, cap: int) -> list[ModelSpec]:
    """Return those of the models left that this reply has not asked yet."""
    used = {tried.model.id for tried in now.tried}
    return [step for step in _left(now, cap) if step.id not in used]


def _ask(model: ModelSpec, cause: Cause, cap: int, now: Standing, wait_s: float = 0.0) -> Next:
    return Next(model, cause, cap, wait_s, extra=cause == "retry" or not _ready(model, now))


def _before_text(now: Standing) -> Next | Ending:
    """Fail over invisibly; ask the same model again only when it asked for a short wait or is alone."""
    last = now.tried[-1]
    retried = any(tried.cause == "retry" for tried in now.tried)
    may_retry = (
        last.action is Action.RETRY
        and not (retried or last.rejected)
        and last.model.id in now.paid
        and _fits(last, now)
    )
    if may_retry and last.retry_after is not None:
        return _ask(last.model, "retry", last.cap, now, last.retry_after)
    for model in _untried(now, last.cap):
        return _ask(model, "fallback", last.cap, now)
    if may_retry:
        return _ask(last.model, "retry", last.cap, now, DEFAULT_WAIT_S)
    return "failed"


def _fits(last: Tried, now: Standing) -> bool:
    """Return whether the wait leaves time for a first text, within the first and the whole deadline."""
    wait = DEFAULT_WAIT_S if last.retry_after is None else last.retry_after
    return wait <= MAX_WAIT_S and now.elapsed_s + wait < min(now.first_text_s, now.total_s)


def _continued(now: Standing) -> bool:
    # That a process was lost is no model's fault, so the attempt that makes up for it is not the one chance.
    allowed = 2 if now.resumed else 1
    return not now.may_continue or sum(tried.cause == "continuation" for tried in now.tried) >= allowed


def _continuation(now: Standing) -> Next | Ending:
    """Go on once: with the next model, with the same one when the route has no other."""
    last = now.tried[-1]
    if _continued(now):
        return _given_up(now)
    left = _left(now, last.cap)
    others = [step for step in left if step.id != last.model.id]
    for model in [*_untried(now, last.cap), *others, *left]:
        return _ask(model, "continuation", last.cap, now)
    return _given_up(now)


def _after_length(now: Standing) -> Next | Ending:
    """Go on, or begin anew when only thoughts came, once and never with the same cap again."""
    last = now.tried[-1]
    lengths = sum(tried.finish is FinishReason.LENGTH for tried in now.tried)
    if lengths > 1 or (now.shown and _continued(now)):
        return "truncated" if now.shown else "failed"
    left = _left(now, last.cap * LENGTH_FACTOR)
    others = [step for step in left if step.id != last.model.id]
    larger = [step for step in others if step.max_output_tokens > last.model.max_output_tokens]
    for model in [*larger, *others, *left]:
        cap = min(model.max_output_tokens, last.cap * LENGTH_FACTOR)
        if cap > last.cap:
            return _ask(model, "continuation" if now.shown else "fallback", cap, now)
    return "truncated" if now.shown else "failed"


def _after_context(now: Standing) -> Next | Ending:
    """Only a model with a larger window can help."""
    last = now.tried[-1]
    if now.shown and _continued(now):
        return _given_up(now)
    for model in _untried(now, last.cap):
        if model.context_tokens > last.model.context_tokens:
            return _ask(model, "continuation" if now.shown else "fallback", last.cap, now)
    return _given_up(now)
