"""The ledger: one row for each model call, one for each reply, and the budgets beside them.

Everything here is called inside the caller's transaction, so that a reply and its books agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Count, F, Q, Sum, Value, When

from common.flat import fields_of
from routing import budget, telemetry
from routing.attempts import AttemptResult, AttemptStart
from routing.caps import ALL, scope_of
from routing.config import Config
from routing.events import FinishReason, UsageReport
from routing.evidence import Kind
from routing.heavy import heavy_cost
from routing.models import (
    Budget,
    ConversationDay,
    DayRow,
    HourRow,
    MinuteRow,
    ModelCall,
    PlanDay,
    RouteOutcome,
)
from routing.telemetry_names import Value as Fact

ERASE_CHUNK = 500  # below SQLite's limit of variables in one statement


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """How one reply ended, as the visitor felt it; times in ms from `send`.

    `tier` is that of the model which answered. `estimated_*_tokens` say what a model would have
    read and written, for replies that needed none (`faq`, `small_talk`, `person`). Tokens, costs
    and the escalations are not told but worked out from the calls, the rules and what follows.
    """

    reply_id: UUID
    turn_id: UUID
    purpose: str
    route: str
    tier: str
    config_number: int
    state: str
    ended_by: str
    ended_at: datetime
    conversation_id: UUID | None = None
    plan: str = ""
    cause: str = "first"
    answering_model: str = ""
    prompt_version: str = ""
    matcher_version: str = ""
    queue_ms: int | None = None
    match_ms: int | None = None
    first_text_ms: int | None = None
    total_ms: int | None = None
    attempts: int = 0
    fallbacks: int = 0
    continued: bool = False
    truncated: bool = False
    cached: bool = False
    support: float | None = None
    estimated_input_tokens: int | None = None
    estimated_output_tokens: int | None = None


def start_call(start: AttemptStart) -> None:
    """Reserve the cost of an attempt and store its row, before the request is sent.

    Raises BudgetExhausted, having stored nothing, when one of its budgets has no room.
    """
    route = start.paid_by or start.route
    rows = budget.reserve(start.purpose, start.started_at, start.reserved_pico, route, start.plan)
    facts = fields_of(start)
    ModelCall.objects.create(id=facts.pop("call_id"), budgets=rows, **facts)


def settle_call(start: AttemptStart, result: AttemptResult) -> bool:
    """Store how an attempt ended and turn its reservation into spend; False if it already was."""
    if not _end(start, result):
        return False
    _book(ModelCall.objects.values_list("budgets", flat=True).get(pk=start.call_id), start, result)
    return True


def _end(start: AttemptStart, result: AttemptResult) -> bool:
    usage = result.usage or UsageReport()
    changed = ModelCall.objects.filter(pk=start.call_id, ended_at=None).update(
        ended_at=result.ended_at,
        first_text_ms=result.first_text_ms,
        duration_ms=result.duration_ms,
        answering_model=_storable(result.answering_model, 120),
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
        usage_estimated=result.usage_estimated,
        cost_pico=result.cost_pico,
        finish_reason=result.finish.value,
        finish_raw=_storable(result.finish_raw, 120),
        error_class=_storable(result.error_class, 60),
        error_detail=_storable(result.error_detail, 500),
        http_status=result.http_status,
        truncated=result.truncated,
        partial_output=_storable(result.partial_output),
    )
    if changed:
        telemetry.tell(telemetry.of_call(start, result))
    return bool(changed)


def _book(rows: list[int] | None, start: AttemptStart, result: AttemptResult) -> None:
    budget.settle(
        rows or budget.day_row(start.purpose, start.started_at),
        reserved=start.reserved_pico,
        spent=_spend(start, result),
    )


def _spend(start: AttemptStart, result: AttemptResult) -> int:
    """Return what the budgets are charged: text at an unknown price costs its whole reservation."""
    if result.cost_pico is not None:
        return result.cost_pico
    return 0 if result.first_text_ms is None else start.reserved_pico


def settle_calls(
    reply_id: UUID, now: datetime, last: tuple[AttemptStart, AttemptResult] | None = None
) -> int:
    """Settle every open attempt of a reply: the `last` as it ended, the others as lost.

    Those that a dead process left open end at their reservation, flagged as estimates: for the end of a
    reply, for a takeover, and for the sweeper that ends orphans. Returns how many there were.
    """
    settled = 0
    for call in ModelCall.objects.filter(reply_id=reply_id, ended_at=None):
        known = last is not None and last[0].call_id == call.pk
        start, result = last if last is not None and known else (_start_of(call), _lost(call, now))
        if _end(start, result):
            _book(call.budgets, start, result)
            settled += 1
    return settled


def _start_of(call: ModelCall) -> AttemptStart:
    names = (item.name for item in fields(AttemptStart) if item.name != "call_id")
    return AttemptStart(call_id=call.pk, **{name: getattr(call, name) for name in names})


def _lost(call: ModelCall, now: datetime) -> AttemptResult:
    return AttemptResult(
        ended_at=now,
        first_text_ms=None,
        duration_ms=max(0, round((now - call.started_at).total_seconds() * 1000)),
        answering_model="",
        usage=None,
        usage_estimated=True,
        cost_pico=call.reserved_pico,
        finish=FinishReason.UNKNOWN_END,
        error_class="WorkerLost",
        error_detail="The process that ran this attempt died before it ended.",
        truncated=True,
    )


def record_outcome(facts: OutcomeFacts, config: Config) -> int | None:
    """Store the one row of a reply, after its last attempt was settled in the same transaction.

    Returns what it cost in pico-USD.

    Tokens and cost are sums over all its calls, failed ones included, of what is known of them; they
    are None when nothing is, and 0 for a reply that needed no model. A call whose text was cut makes the
    reply count as truncated, also when another model went on with it.
    """
    spent = _spent_on(facts)
    route = config.routes.get(facts.route)
    RouteOutcome.objects.create(
        **{
            name: value
            for name, value in fields_of(facts).items()
            if name not in {"estimated_input_tokens", "estimated_output_tokens", "truncated"}
        },
        truncated=facts.truncated or spent.cut > 0,
        escalated_before=facts.cause == "first" and route is not None and route.tier == "heavy",
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cost_pico=spent.cost_pico,
        heavy_cost_pico=_heavy(facts, spent, config),
    )
    telemetry.tell(
        telemetry.of_reply(facts.reply_id, facts.turn_id, facts.ended_at, facts.total_ms, _told(facts, spent))
    )
    return spent.cost_pico


# What is told of a reply, beside its ids: no text, and nothing of its visitor but the plan.
_TOLD = (
    "purpose",
    "route",
    "tier",
    "plan",
    "config_number",
    "state",
    "ended_by",
    "cause",
    "answering_model",
    "prompt_version",
    "matcher_version",
    "queue_ms",
    "match_ms",
    "first_text_ms",
    "total_ms",
    "attempts",
    "fallbacks",
    "continued",
    "cached",
)


def _told(facts: OutcomeFacts, spent: "_Spent") -> dict[str, Fact]:
    told: dict[str, Fact] = {name: getattr(facts, name) for name in _TOLD}
    told["conversation_id"] = str(facts.conversation_id) if facts.conversation_id else None
    told["truncated"] = facts.truncated or spent.cut > 0
    told["input_tokens"], told["output_tokens"] = spent.input_tokens, spent.output_tokens
    told["cost_pico"] = spent.cost_pico
    return {name: value if value != "" else None for name, value in told.items()}


@dataclass(frozen=True, slots=True)
class _Spent:
    calls: int
    cut: int
    input_tokens: int | None
    output_tokens: int | None
    cost_pico: int | None


def _spent_on(facts: OutcomeFacts) -> _Spent:
    if facts.estimated_input_tokens is not None:
        return _Spent(0, 0, 0, 0, 0)  # it needed no model, so there is no call to look for
    sums = ModelCall.objects.filter(reply_id=facts.reply_id).aggregate(
        calls=Count("pk"),
        cut=Count("pk", filter=Q(truncated=True, first_text_ms__isnull=False)),
        input=Sum("input_tokens"),
        output=Sum("output_tokens"),
        cost=Sum("cost_pico"),
    )
    if not sums["calls"]:
        return _Spent(0, 0, 0, 0, 0)
    return _Spent(sums["calls"], sums["cut"], sums["input"], sums["output"], sums["cost"])


def _heavy(facts: OutcomeFacts, spent: _Spent, config: Config) -> int | None:
    tokens = (
        (spent.input_tokens, spent.output_tokens)
        if spent.calls
        else (facts.estimated_input_tokens, facts.estimated_output_tokens)
    )
    return heavy_cost(config, *tokens, facts.ended_at.date())


def amend_outcome(
    reply_id: UUID,
    *,
    feedback: int | None = None,
    resolved: bool | None = None,
    escalated_after: bool | None = None,
    escalated_by: Kind = "",
    handed_off: bool = False,
    handoff_failed: bool = False,
    re_asked: bool = False,
) -> bool:
    """Add what became known after the end of a reply, and have its minute rolled up again.

    `feedback` is 1 or -1, or 0 to take a thumb back; None leaves a field as it is. Returns False when
    the reply has no outcome yet. `escalated_after` belongs to the answer that did not do, not to the
    larger model's answer under it, and so does `escalated_by`, of which the first stays. `re_asked` says that
    the next message asked the same again or that it did not help, whatever that message went to.
    """
    changes: dict[str, int | bool | Case | None] = {"rolled_up": False}
    if feedback is not None:
        changes["feedback"] = feedback or None
    if resolved is not None:
        changes["resolved"] = resolved
    if escalated_after is not None:
        changes["escalated_after"] = escalated_after
    if escalated_by:
        first = When(escalated_by="", then=Value(escalated_by))
        changes["escalated_by"] = Case(first, default=F("escalated_by"))
    flags = {"handed_off": handed_off, "handoff_failed": handoff_failed, "re_asked": re_asked}
    changes |= {name: True for name, said in flags.items() if said}
    return RouteOutcome.objects.filter(pk=reply_id).update(**changes) == 1


def note_support(reply_id: UUID, support: float, judged_by: str) -> bool:
    """Note how much of an answer stands in its passages, and have its minute rolled up again."""
    changes = {"support": support, "judged_by": judged_by, "rolled_up": False}
    return RouteOutcome.objects.filter(pk=reply_id).update(**changes) == 1


def erase(uuids: Iterable[UUID]) -> int:
    """Remove what was said from the calls of these turns or replies; the figures stay.

    Returns the number of calls changed.
    """
    wanted = list(uuids)
    erased = 0
    for index in range(0, len(wanted), ERASE_CHUNK):
        chunk = wanted[index : index + ERASE_CHUNK]
        calls = ModelCall.objects.filter(Q(reply_id__in=chunk) | Q(turn_id__in=chunk))
        erased += calls.update(partial_output="", error_detail="")
    return erased


def remove_purpose(purpose: str) -> int:
    """Delete every trace of a purpose, roll-ups included: example traffic goes as it came."""
    # What was spent stays spent; only the calls that explain it are gone.
    own = Budget.objects.filter(scope=scope_of(purpose)).exclude(scope=ALL)
    own.update(carried_pico=F("spent_pico"), reserved_pico=0)
    for rows in (MinuteRow, HourRow, DayRow, ConversationDay, PlanDay):
        rows._default_manager.filter(purpose=purpose).delete()
    ModelCall.objects.filter(purpose=purpose).delete()
    return RouteOutcome.objects.filter(purpose=purpose).delete()[0]


def _storable(text: str, limit: int | None = None) -> str:
    """Return `text` as PostgreSQL takes it: no NUL, no lone surrogates, not longer than the column."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")[:limit]
