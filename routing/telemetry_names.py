"""The one table of names under which figures leave the desk. Pure.

OpenTelemetry's are those of its semantic conventions for generative AI; what these have no name for begins
with `support.`. docs/export.md and docs/metrics.md repeat them, and tests hold both to it.
"""

from collections.abc import Mapping

Value = str | int | float | bool | None

# Our name of a fact -> the attribute of a span.
ATTRIBUTES: Mapping[str, str] = {
    "provider": "gen_ai.provider.name",
    "asked_model": "gen_ai.request.model",
    "answering_model": "gen_ai.response.model",
    "finish": "gen_ai.response.finish_reasons",
    "input_tokens": "gen_ai.usage.input_tokens",
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "error": "error.type",
    "http_status": "http.response.status_code",
    "evaluation": "gen_ai.evaluation.name",
    "score": "gen_ai.evaluation.score.value",
    "label": "gen_ai.evaluation.score.label",
    "conversation_id": "gen_ai.conversation.id",
    "route": "support.route",
    "tier": "support.tier",
    "purpose": "support.purpose",
    "plan": "support.plan",
    "attempt": "support.attempt",
    "cause": "support.cause",
    "config_number": "support.config.number",
    "prompt_version": "support.prompt.version",
    "matcher_version": "support.matcher.version",
    "truncated": "support.truncated",
    "usage_estimated": "support.usage.estimated",
    "cost_pico": "support.cost.pico_usd",
    "first_text_ms": "support.first_text_ms",
    "duration_ms": "support.duration_ms",
    "total_ms": "support.total_ms",
    "queue_ms": "support.queue_ms",
    "match_ms": "support.match_ms",
    "state": "support.state",
    "ended_by": "support.ended_by",
    "attempts": "support.attempts",
    "fallbacks": "support.fallbacks",
    "continued": "support.continued",
    "cached": "support.stored_answer",
    "judged_by": "support.judged_by",
}
# What the histograms are divided by: few values each, or the store behind them fills up.
DIMENSIONS = ("provider", "asked_model", "answering_model", "error", "route", "purpose")

CHAT = "chat"  # gen_ai.operation.name of a call
DURATION = "gen_ai.client.operation.duration"
FIRST_CHUNK = "gen_ai.client.operation.time_to_first_chunk"
TOKENS = "gen_ai.client.token.usage"
EVALUATION = "gen_ai.evaluation.result"

# Metric -> (unit, what it is, the `support_*` metric of /metrics that says the same).
METRICS: Mapping[str, tuple[str, str, str]] = {
    DURATION: ("s", "From a request to a model to its end.", "support_model_call_seconds"),
    FIRST_CHUNK: ("s", "From a request to a model to its first text.", "support_model_first_text_seconds"),
    TOKENS: ("{token}", "Tokens that a model read and wrote.", "support_model_tokens_total"),
}
# The conventions' own advice for the boundaries of each histogram.
BOUNDARIES: Mapping[str, tuple[float, ...]] = {
    DURATION: (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
    FIRST_CHUNK: (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
    TOKENS: tuple(float(4**power) for power in range(14)),
}


def attributes(facts: Mapping[str, Value]) -> dict[str, str | int | float | bool]:
    """Return the attributes of a span for these facts; what is unknown has none."""
    return {ATTRIBUTES[name]: value for name, value in facts.items() if value is not None}


def dimensions(facts: Mapping[str, Value]) -> dict[str, str | int | float | bool]:
    """Return the attributes that a measurement is counted under."""
    return {"gen_ai.operation.name": CHAT, **attributes({name: facts.get(name) for name in DIMENSIONS})}
