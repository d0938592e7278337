"""Keep a conversation on a higher tier for some messages, so that its answers do not flap between tiers.

Pure. Only routes that ask a model count: an approved answer, a greeting or a handoff in between neither
keeps nor ends anything, and is never replaced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from routing.config import RouteSpec
from routing.ladder import confined
from routing.policy import RouteDecision

_ORDER = {"none": 0, "lite": 1, "standard": 2, "heavy": 3}


@dataclass(frozen=True)
class Answered:
    """The route that answered an earlier message, and the how manieth in a row it was to be kept there.

    `stayed` is 0 where the rules, or the visitor, wanted that route themselves.
    """

    route: str
    stayed: int = 0


def stick(
    decision: RouteDecision,
    earlier: Sequence[Answered],
    routes: Mapping[str, RouteSpec],
    message_tokens: int = 0,
) -> tuple[RouteDecision, RouteSpec]:
    """Return the decision and its route, or those of the conversation's higher tier.

    `earlier` is oldest first. A route with `sticky_turns` n keeps a conversation until more than n messages
    in a row would have gone lower by the rules: the n+1st goes down. A message that is kept lets out no more
    than it would have below.
    """
    wanted = routes[decision.route]
    last = next((one for one in reversed(earlier) if _asks(routes.get(one.route))), None)
    if wanted.kind != "model" or last is None:
        return decision, wanted
    held, stayed = routes[last.route], last.stayed + 1
    if not _can_hold(held, wanted, message_tokens) or stayed > held.sticky_turns:
        return decision, wanted
    route = confined(held, wanted)
    if route.slug != held.slug:  # no provider is allowed on both
        return decision, wanted
    reason = _reason(wanted, held, stayed)
    return replace(decision, route=held.slug, reason=reason, wanted=wanted.slug, stayed=stayed), route


def _asks(route: RouteSpec | None) -> bool:
    return route is not None and route.kind == "model"


def _can_hold(held: RouteSpec, wanted: RouteSpec, message_tokens: int) -> bool:
    higher = _ORDER[held.tier] > _ORDER[wanted.tier]
    return higher and held.enabled and bool(held.ladder) and message_tokens <= held.max_message_tokens


def _reason(wanted: RouteSpec, held: RouteSpec, stayed: int) -> str:
    left = held.sticky_turns - stayed
    until = f"for {left} more message{'' if left == 1 else 's'}" if left else "for this message"
    return f"The rules would have sent this to {wanted.name}; the conversation stays on {held.name} {until}."
