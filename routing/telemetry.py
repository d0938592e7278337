"""What is told outside the database of each call and reply that has ended: no word of what was said.

The ledger tells it when its transaction is committed, so nothing is told that was not stored. Listeners must
not block: they write to a queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from django.db import transaction

from routing.attempts import AttemptResult, AttemptStart
from routing.telemetry_names import Value


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that has ended: its ids, its span of time, its facts by our own names; None is unknown."""

    kind: str  # call, turn or evaluation
    turn_id: UUID
    reply_id: UUID
    span_id: UUID
    began: datetime
    ended: datetime
    facts: Mapping[str, Value]


class Listener(Protocol):
    """Takes what is told, at once and without blocking."""

    def __call__(self, told: Told, /) -> None: ...


_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have `listener` told from now on."""
    _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    """Leave `listener` alone from now on."""
    _listeners.remove(listener)


def tell(told: Told) -> None:
    """Tell every listener once the running transaction is committed, at once outside of one."""
    if _listeners:
        transaction.on_commit(partial(_tell, told))


def _tell(told: Told) -> None:
    for listener in _listeners:
        listener(told)


def of_call(start: AttemptStart, result: AttemptResult) -> Told:
    """Return what is told of a call that has ended."""
    usage = result.usage
    return Told(
        "call",
        start.turn_id,
        start.reply_id,
        start.call_id,
        start.started_at,
        result.ended_at,
        {
            "purpose": start.purpose,
            "route": start.route,
            "tier": start.tier,
            "plan": start.plan or None,
            "provider": start.provider,
            "asked_model": start.asked_model,
            "answering_model": result.answering_model or None,
            "attempt": start.attempt,
            "cause": start.cause,
            "config_number": start.config_number,
            "prompt_version": start.prompt_version or None,
            "finish": result.finish.value,
            "error": result.error_class or None,
            "http_status": result.http_status,
            "truncated": result.truncated,
            "first_text_ms": result.first_text_ms,
            "duration_ms": result.duration_ms,
            "input_tokens": usage.input_tokens if usage else None,
            "cached_tokens": usage.cached_tokens if usage else None,
            "output_tokens": usage.output_tokens if usage else None,
            "usage_estimated": result.usage_estimated,
            "cost_pico": result.cost_pico,
        },
    )


def of_reply(
    reply_id: UUID, turn_id: UUID, ended_at: datetime, total_ms: int | None, facts: Mapping[str, Value]
) -> Told:
    """Return what is told of a reply that has ended; it began `total_ms` before."""
    began = ended_at - timedelta(milliseconds=total_ms or 0)
    return Told("turn", turn_id, reply_id, reply_id, began, ended_at, facts)


def of_evaluation(
    reply_id: UUID, turn_id: UUID, route: str, score: float, label: str, judged_by: str, at: datetime
) -> Told:
    """Return what is told of an answer whose support in its passages was judged."""
    facts: dict[str, Value] = {
        "route": route,
        "evaluation": "groundedness",
        "score": score,
        "label": label,
        "judged_by": judged_by,
    }
    return Told("evaluation", turn_id, reply_id, reply_id, at, at, facts)
