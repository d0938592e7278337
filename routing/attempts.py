"""One attempt at one model, before and after: what the ledger is told about it.

`dispatch` makes these values, `recorder` turns them into rows; neither needs to know the other.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from routing.events import FinishReason, UsageReport


@dataclass(frozen=True, slots=True)
class AttemptStart:
    """One request that is about to be sent, with the money set aside for it in pico-USD.

    `plan` is the visitor's; `paid_by` is the route whose budgets pay, when it is not the call's own.
    """

    call_id: UUID
    reply_id: UUID
    turn_id: UUID
    purpose: str
    route: str
    tier: str
    provider: str
    asked_model: str
    config_number: int
    attempt: int
    cause: str
    started_at: datetime
    reserved_pico: int
    prompt_version: str
    plan: str = ""
    paid_by: str = ""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """How an attempt ended. Tokens and cost are None when unknown, never 0; times are ms from its start."""

    ended_at: datetime
    first_text_ms: int | None
    duration_ms: int
    answering_model: str
    usage: UsageReport | None
    usage_estimated: bool
    cost_pico: int | None
    finish: FinishReason
    finish_raw: str = ""
    error_class: str = ""
    error_detail: str = ""
    http_status: int | None = None
    truncated: bool = False
    partial_output: str = ""
