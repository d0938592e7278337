"""One reply as a row of the export: every fact of it that a manager may see, and no text."""

from collections.abc import Callable, Iterator, Mapping

from common.money import from_pico
from common.safe_csv import MARK, lines
from routing.models import RouteOutcome
from routing.reply_list import Wanted, chunks
from routing.tally import resolution


def _usd(pico: int | None) -> str:
    return "" if pico is None else f"{from_pico(pico):f}"


def _said(value: object) -> str:
    if value is None:
        return ""
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


_WRITTEN: Mapping[str, Callable[[RouteOutcome], str]] = {
    "ended_at": lambda reply: reply.ended_at.isoformat(timespec="milliseconds"),
    "feedback": lambda reply: {1: "up", -1: "down"}.get(reply.feedback or 0, ""),
    "resolution": resolution,
    "cost_usd": lambda reply: _usd(reply.cost_pico),
    "heavy_cost_usd": lambda reply: _usd(reply.heavy_cost_pico),
}
# Columns and what they hold, as docs/metrics.md lists them.
COLUMNS = {
    "reply_id": "The reply.",
    "turn_id": "The message it answers.",
    "conversation_id": "The conversation it stands in.",
    "ended_at": "When it ended, in UTC, ISO 8601.",
    "purpose": "visitor, or demo for example traffic.",
    "plan": "The visitor's plan, as the site gave it.",
    "route": "The route's short name.",
    "tier": "The route's tier.",
    "answering_model": "The model whose text was shown; empty without one.",
    "cause": "Why there is this reply: first, retry, escalation and so on.",
    "state": "completed, truncated, failed, refused or cancelled.",
    "ended_by": "What ended it.",
    "resolution": "How the matter stands after it, as on the page.",
    "queue_ms": "Milliseconds it waited for its turn.",
    "match_ms": "Milliseconds of looking for an approved answer.",
    "first_text_ms": "Milliseconds to its first text; empty when there was none.",
    "total_ms": "Milliseconds to its end.",
    "attempts": "Requests to models.",
    "fallbacks": "How often another model stepped in.",
    "escalated_before": "yes when the rules sent it to the heavy tier at once.",
    "escalated_after": "yes when a larger model was asked under it.",
    "escalated_by": "What spoke against it first.",
    "continued": "yes when a cut text was gone on with.",
    "truncated": "yes when its text broke off or ran out of room.",
    "cached": "yes when a stored answer was given.",
    "feedback": "up or down; empty without a thumb.",
    "resolved": "yes or no as the visitor said; empty without a word.",
    "handed_off": "yes when its visitor then asked for a person.",
    "handoff_failed": "yes when that visitor waited for a person and nobody came.",
    "assumed": "yes when nothing was said against it for some hours.",
    "re_asked": "yes when the next message asked the same again or said that it did not help.",
    "support": "Share of it that stands in its passages, 0 to 1; empty when not known.",
    "judged_by": "By what its support was judged; empty when it is not part of the sample.",
    "input_tokens": "Tokens of all prompts; empty when not known.",
    "output_tokens": "Tokens written and billed; empty when not known.",
    "cost_usd": "What all its attempts cost; empty when not known.",
    "heavy_cost_usd": "The same on the heavy model alone; empty when not known.",
    "config_number": "The version of the rules it ran on.",
    "prompt_version": "The version of its instructions.",
    "matcher_version": "The version of the matcher.",
}


def row(reply: RouteOutcome) -> list[str]:
    """Return the cells of one reply, in the order of COLUMNS."""
    return [_WRITTEN[name](reply) if name in _WRITTEN else _said(getattr(reply, name)) for name in COLUMNS]


def csv_parts(wanted: Wanted) -> Iterator[str]:
    """Yield the file in parts, the newest reply first; no more than one part's rows are in memory."""
    yield MARK + lines([list(COLUMNS)])
    for rows in chunks(wanted):
        yield lines(row(reply) for reply in rows)
