"""Considerations for stored replies: the first answer, and each way of asking for another one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from assistant import fixed_replies, offering, selectors, stored_answers
from assistant.models import Reply
from assistant.pipeline import Consideration, consider, judge, redirected
from assistant.who import Who
from common.clock import now
from faq import index
from faq.index import EntryView
from routing.config import Config, RouteSpec
from routing.evidence import REASONS
from routing.ladder import confined

# How alike a follow-up and the question have to be, to be about the same subject. Not the confidence: that
# says which one entry is meant, so that beside a sure one nothing is left for the others.
NEAR = 0.25
SUGGESTIONS = 3
INSTANT = (selectors.APPROVED, offering.ROUTE)  # the FAQ's own replies, in which no model was asked


def first(
    who: Who, conversation_id: UUID, text: str, config: Config, before: int | None = None
) -> Consideration:
    """Return the consideration of a new message; `before` is its turn number where that is known."""
    facts = selectors.facts(who, conversation_id, before)
    return stored_answers.looked_up(consider(text, facts, config), text, facts, config)


def next_route(source: Reply, config: Config) -> RouteSpec | None:
    """Return the route above that of `source`, None when it stands at the top already."""
    route = config.routes.get(source.route)
    above = config.routes.get(route.escalates_to) if route else None
    if above is None or not above.enabled or (route and above.slug == route.slug):
        return None
    return above


def again(who: Who, reply: Reply, source: Reply, config: Config) -> Consideration:
    """Return the consideration of a reply that retries, continues or escalates `source`."""
    facts = selectors.facts(who, source.conversation_id, before=source.turn.ordinal)
    excluded = frozenset(part for part in source.excluded_entry.split(",") if part)
    if reply.cause == Reply.Cause.ESCALATION and source.route == "faq" and source.sources:
        excluded |= {source.sources[0]["entry_id"]}
    text = source.turn.text
    fresh = judge(text, facts, config, exclude=excluded, approved=False)
    route, reason = _route_again(reply, source, fresh, config)
    partial = source.text if reply.cause == Reply.Cause.CONTINUE else ""
    moved = redirected(fresh, text, facts, config, route, reason, excluded, partial)
    notes = {"from": str(source.pk), "excluded": sorted(excluded)}
    if reply.cause == Reply.Cause.ESCALATION:
        notes["because"] = reply.decision.get("because", "visitor")
    return replace(moved, notes=notes)


def _route_again(reply: Reply, source: Reply, fresh: Consideration, config: Config) -> tuple[RouteSpec, str]:
    if reply.cause == Reply.Cause.ESCALATION:
        above = next_route(source, config) or fresh.route
        if source.route in INSTANT and fresh.route.kind == "model":
            above = fresh.route  # the rules know better than a fixed next step which model fits
        return above, REASONS[reply.decision.get("because", "visitor")]
    if reply.cause == Reply.Cause.CONTINUE:
        begun = config.routes.get(source.route)
        longer = confined(config.routes.get("long") or config.routes[source.route], begun)
        return longer, "The answer above was cut off; a model with room for the rest goes on."
    same = config.routes.get(source.route) or fresh.route
    return same, "The visitor tried the same question again."


def instant_text(consideration: Consideration, config: Config, language: str) -> str:
    """Return the Markdown of a reply that needs no model; our own sentences come in `language`."""
    signals, kind = consideration.signals, consideration.route.kind
    best = consideration.match.best
    if kind == "faq" and best is not None:
        entry = index.entry(best.entry_id)
        if entry is not None:
            return entry.answer
    if kind == "person":
        account_bound = signals.account_bound and not signals.asks_for_person
        return fixed_replies.person(config.settings, account_bound, language, now())
    if consideration.offer:
        return fixed_replies.unsure(language)
    return fixed_replies.small_talk(str(signals.small_talk), language)


def instant_sources(consideration: Consideration) -> list[dict[str, Any]]:
    """Return the entry behind an approved answer as its one source."""
    best = consideration.match.best
    entry = index.entry(best.entry_id) if best and consideration.route.kind == "faq" else None
    return [] if entry is None else [source_of(entry)]


def source_of(entry: EntryView) -> dict[str, Any]:
    """Return an entry as the source that stands under its answer."""
    reviewed = entry.reviewed_on.isoformat() if entry.reviewed_on else None
    return {"title": entry.question, "entry_id": entry.id, "reviewed_on": reviewed, "version": entry.version}


def suggestions(consideration: Consideration, offered: Collection[str] = ()) -> list[str]:
    """Return follow-up questions beside an answer: the next nearest entries.

    Neither the one just shown nor those that stand as "did you mean" already; `offered` are those that did
    so beside an earlier answer to the same message.
    """
    if consideration.route.kind not in ("faq", "model"):
        return []
    candidates = consideration.match.candidates
    shown = {found.entry_id for found in candidates[:1]} if consideration.route.kind == "faq" else set()
    shown |= {each.entry_id for each in consideration.offer} | set(offered)
    return next_questions(((each.entry_id, each.score) for each in candidates), shown)


def next_questions(near: Iterable[tuple[str, float]], shown: Collection[str]) -> list[str]:
    """Return up to SUGGESTIONS questions of entries with their likeness, without those of `shown`."""
    alike = sorted(near, key=lambda each: -each[1])
    wanted = [entry_id for entry_id, score in alike if score >= NEAR and entry_id not in shown]
    entries = (index.entry(entry_id) for entry_id in wanted[:SUGGESTIONS])
    return [entry.question for entry in entries if entry is not None]


def link_hosts(config: Config) -> Sequence[str]:
    """Return the hosts that answers may link to."""
    hosts = config.settings.get("link_hosts") or ()
    return hosts.split() if isinstance(hosts, str) else list(hosts)
