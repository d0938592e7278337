"""Rows of the ledger for tests, with ordinary values for whatever a story does not care about."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from routing import publishing
from routing.attempts import AttemptResult, AttemptStart
from routing.config import Config, ModelSpec, Price, RouteSpec
from routing.events import FinishReason, UsageReport
from routing.models import Route, RouteOutcome, Rule
from routing.recorder import OutcomeFacts

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
USD = 10**12


def config() -> Config:
    """Return a configuration of three routes whose heavy model costs 3 and 15 USD per million tokens."""

    million = Decimal(10) ** 6
    price = Price(date(2026, 1, 1), 0, Decimal(3) / million, Decimal(15) / million)
    heavy = ModelSpec("big", "sandbox", "anthropic", "Big", "heavy", 200_000, 8_000, (price,))
    return Config(
        number=1,
        sha="",
        models={"big": heavy},
        routes={
            "faq": RouteSpec("faq", "FAQ", "faq", "none"),
            "common": RouteSpec("common", "Common", "model", "lite", ("small",)),
            "complex": RouteSpec("complex", "Complex", "model", "heavy", ("gone", "big")),
        },
    )


def publish_routes() -> None:
    """Publish the routes that a test has made, with the last rule that they need."""
    Rule.objects.get_or_create(
        name="The rest", defaults={"route": Route.objects.all()[0], "reason": "none other", "locked": True}
    )
    publishing.publish(settings={})
    publishing.refresh(force=True)


def outcome(**values: Any) -> RouteOutcome:
    """Store the outcome of one reply."""
    facts: dict[str, Any] = {
        "reply_id": uuid4(),
        "turn_id": uuid4(),
        "route": "common",
        "tier": "lite",
        "answering_model": "small",
        "state": "completed",
        "ended_by": "finish",
        "ended_at": NOON,
        "first_text_ms": 200,
        "total_ms": 900,
        "input_tokens": 1000,
        "output_tokens": 100,
        "cost_pico": 300_000_000,
        "heavy_cost_pico": 4_500_000_000,
        **values,
    }
    return RouteOutcome.objects.create(**facts)


def outcome_facts(**values: Any) -> OutcomeFacts:
    """Return what the desk tells the recorder about one reply."""
    facts: dict[str, Any] = {
        "reply_id": uuid4(),
        "turn_id": uuid4(),
        "purpose": "visitor",
        "route": "common",
        "tier": "lite",
        "config_number": 1,
        "state": "completed",
        "ended_by": "finish",
        "ended_at": NOON,
        **values,
    }
    return OutcomeFacts(**facts)


def attempt(**values: Any) -> AttemptStart:
    """Return an attempt that is about to be made, with a cent reserved for it."""
    facts: dict[str, Any] = {
        "call_id": uuid4(),
        "reply_id": uuid4(),
        "turn_id": uuid4(),
        "purpose": "visitor",
        "route": "common",
        "tier": "lite",
        "provider": "sandbox",
        "asked_model": "small",
        "config_number": 1,
        "attempt": 1,
        "cause": "first",
        "started_at": NOON,
        "reserved_pico": USD // 100,
        "prompt_version": "p1",
        **values,
    }
    return AttemptStart(**facts)


def result(**values: Any) -> AttemptResult:
    """Return how an attempt ended: well, unless told otherwise."""
    facts: dict[str, Any] = {
        "ended_at": NOON,
        "first_text_ms": 200,
        "duration_ms": 900,
        "answering_model": "small",
        "usage": UsageReport(input_tokens=1000, output_tokens=100),
        "usage_estimated": False,
        "cost_pico": 300_000_000,
        "finish": FinishReason.COMPLETE,
        **values,
    }
    return AttemptResult(**facts)
