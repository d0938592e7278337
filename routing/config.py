"""The configuration that one turn runs under: frozen values, read from a published snapshot.

Everything staff may change about routing (models, routes, rules, assistant settings) reaches the
runtime only through a `ConfigVersion` snapshot parsed here, so a running reply keeps the
configuration it was decided with and the number stored beside it says which one that was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

Tier = Literal["none", "lite", "standard", "heavy"]
RouteKind = Literal["faq", "fixed", "person", "model"]
WhenSpent = Literal["cheaper", "faq", "message"]
CacheMode = Literal["off", "exact", "near"]


class ConfigError(ValueError):
    """A snapshot does not have the shape this release reads; the message names the part."""


@dataclass(frozen=True)
class Price:
    """USD per token from a date on, for prompts above a size (0 for the ordinary price)."""

    effective_from: date
    input_above: int
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True)
class ModelSpec:
    """One row of the catalogue: what a model is called, holds, costs and accepts."""

    id: str
    provider: str
    wire: str
    label: str
    tier: Tier
    context_tokens: int
    max_output_tokens: int
    prices: tuple[Price, ...] = ()
    answers_as: tuple[str, ...] = ()
    allows_prefill: bool = False
    sends_sampling: bool = False
    thinking: str = ""
    max_tokens_field: str = "max_completion_tokens"
    api_version: str = ""
    token_factor: float = 1.0
    released_on: date | None = None
    retires_on: date | None = None
    replaced_by: str = ""
    asked_as: str = ""

    @property
    def sent_id(self) -> str:
        """Return the id that the provider knows this model by."""
        return self.asked_as or self.id


@dataclass(frozen=True)
class Deadlines:
    """Seconds an attempt may take: to connect, to its first text, between texts, and in all."""

    connect_s: float = 3.0
    first_text_s: float = 10.0
    stall_s: float = 10.0
    total_s: float = 90.0


# Four whole weeks, so that every weekday counts as often (SRE workbook, chapter 2).
PERIOD_DAYS = 28


@dataclass(frozen=True)
class Sla:
    """What a route promises over the last `period_days`; None is no promise.

    Times in ms, rates as shares of replies. `availability` is a floor, the others are ceilings.
    """

    first_text_p95_ms: int | None = None
    total_p95_ms: int | None = None
    error_rate: float | None = None
    truncation_rate: float | None = None
    total_p99_ms: int | None = None
    escalation_rate: float | None = None
    availability: float | None = None
    period_days: int = PERIOD_DAYS


@dataclass(frozen=True)
class RouteSpec:
    """A class of request with its own ladder, instructions, budgets and targets."""

    slug: str
    name: str
    kind: RouteKind
    tier: Tier
    ladder: tuple[str, ...] = ()
    instructions: str = ""
    max_message_tokens: int = 1500
    max_prompt_tokens: int = 8000
    max_output_tokens: int = 1024
    deadlines: Deadlines = Deadlines()
    sla: Sla = Sla()
    escalates_to: str = ""
    enabled: bool = True
    redact: bool = False
    allowed_providers: tuple[str, ...] = ()
    daily_budget_usd: Decimal | None = None
    monthly_budget_usd: Decimal | None = None
    when_spent: WhenSpent = "faq"
    hedge: bool = False
    promises_fallback: bool = False
    sticky_turns: int = 0
    cache: CacheMode = "off"
    cache_hours: int = 24
    escalate_on_evidence: bool = False
    min_support: float = 0.0
    demotes_itself: bool = False
    needs_transfer_test: bool = False

    def allows(self, provider: str) -> bool:
        """Return whether this route may ask `provider`; an empty list allows all."""
        return not self.allowed_providers or provider in self.allowed_providers


@dataclass(frozen=True)
class ConditionSpec:
    """One row of a rule: a signal, an operator, and a value as staff typed it."""

    signal: str
    operator: str
    value: str = ""


@dataclass(frozen=True)
class RuleSpec:
    """A rule fires when all conditions of any one group hold; no groups means always."""

    id: int
    position: int
    name: str
    route: str
    reason: str
    groups: tuple[tuple[ConditionSpec, ...], ...] = ()


@dataclass(frozen=True)
class PlanSpec:
    """What the visitors of a plan may cost together, in USD, and what they get when it is spent."""

    plan: str
    daily_budget_usd: Decimal | None = None
    monthly_budget_usd: Decimal | None = None
    when_spent: WhenSpent = "faq"


@dataclass(frozen=True)
class Config:
    """One published configuration."""

    number: int
    sha: str
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    routes: Mapping[str, RouteSpec] = field(default_factory=dict)
    rules: tuple[RuleSpec, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    plans: Mapping[str, PlanSpec] = field(default_factory=dict)
