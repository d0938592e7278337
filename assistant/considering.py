"""Considerations for stored replies: the first answer, and each way of asking for another one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from assistant import fixed_replies, offering, selectors, stored_answers
from assistant.cut_markdown import left_open
from assistant.languages import main_language, supported
from assistant.models import Reply
from assistant.person import live_shown
from assistant.pipeline import Consideration, consider, judge, redirected
from assistant.rendering import render
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
INSIDE = "inside"  # in the decision record of a reply that goes on with one that broke off in code, say
INSTANT = (selectors.APPROVED, offering.ROUTE)  # the FAQ's own replies, in which no model was asked


def first(
    who: Who, conversation_id: UUID, text: str, config: Config, before: int | None = None
) -> Consideration:
    """Return the consideration of a new message; `before` is its turn number where that is known."""
    facts = selectors.facts(who, conversation_id, before)
    return stored_answers.looked_up(consider(text, facts, config), text, facts, config)


def climbing(config: Config) -> list[str]:
    """Return the routes whose answers, an approved one or a model's, can be asked of the next tier."""
    routes = (route for route in config.routes.values() if route.kind in ("faq", "model"))
    return [route.slug for route in routes if above(route.slug, config) is not None]


def next_route(source: Reply, config: Config) -> RouteSpec | None:
    """Return the route above that of `source`, None when it stands at the top already."""
    return above(source.route, config)


def above(slug: str, config: Config) -> RouteSpec | None:
    """Return the route that a route escalates to, None when there is none that is in use."""
    route = config.routes.get(slug)
    higher = config.routes.get(route.escalates_to) if route else None
    if higher is None or not higher.enabled or (route and higher.slug == route.slug):
        return None
    return higher


def again(who: Who, reply: Reply, source: Reply, config: Config) -> Consideration:
    """Return the consideration of a reply that retries, continues or escalates `source`."""
    facts = selectors.facts(who, source.conversation_id, before=source.turn.ordinal)
    excluded = frozenset(part for part in source.excluded_entry.split(",") if part)
    if reply.cause == Reply.Cause.ESCALATION and source.route == "faq" and source.sources:
        excluded |= {source.sources[0]["entry_id"]}
    text = source.turn.text
    untouched = not source.route  # taken back before anything was done for it: asked as if for the first time
    fresh = judge(text, facts, config, exclude=excluded, approved=untouched)
    route, reason = _route_again(reply, source, fresh, config)
    partial = source.text if reply.cause == Reply.Cause.CONTINUE else ""
    moved = redirected(fresh, text, facts, config, route, reason, excluded, partial)
    notes = {"from": str(source.pk), "excluded": sorted(excluded)}
    if partial and (begun := left_open(inside(source.decision) + partial)):
        notes[INSIDE] = begun
    if reply.cause == Reply.Cause.ESCALATION:
        notes["because"] = reply.decision.get("because", "visitor")
    return replace(moved, notes=notes)


def _route_again(reply: Reply, source: Reply, fresh: Consideration, config: Config) -> tuple[RouteSpec, str]:
    if reply.cause == Reply.Cause.ESCALATION:
        higher = next_route(source, config) or fresh.route
        if source.route in INSTANT and fresh.route.kind == "model":
            higher = fresh.route  # the rules know better than a fixed next step which model fits
        return higher, REASONS[reply.decision.get("because", "visitor")]
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
        there = live_shown.available()
        return fixed_replies.person(config.settings, account_bound, language, now(), there)
    if consideration.offer:
        return fixed_replies.unsure(language)
    return fixed_replies.small_talk(str(signals.small_talk), language)


def instant_sources(consideration: Consideration) -> list[dict[str, Any]]:
    """Return the entry behind an approved answer as its one source."""
    best = consideration.match.best
    entry = index.entry(best.entry_id) if best and consideration.route.kind == "faq" else None
    return [] if entry is None else [source_of(entry)]


def only_elsewhere(consideration: Consideration, asked: str) -> str:
    """Return the notice that an approved answer exists only in another language than asked in, else ""."""
    best = consideration.match.best
    entry = index.entry(best.entry_id) if best and consideration.route.kind == "faq" else None
    wanted = supported(asked)
    if entry is None or not wanted or main_language(entry.language) == wanted:
        return ""
    return fixed_replies.only_in(main_language(entry.language), wanted)


def source_of(entry: EntryView) -> dict[str, Any]:
    """Return an entry as the source that stands under its answer."""
    reviewed = entry.reviewed_on.isoformat() if entry.reviewed_on else None
    return {
        "title": entry.question,
        "entry_id": entry.id,
        "reviewed_on": reviewed,
        "version": entry.version,
        "language": entry.language,
    }


def suggestions(
    consideration: Consideration, offered: Collection[str] = (), language: str = ""
) -> dict[str, Any]:
    """Return follow-up questions beside an answer, as its record holds them: the next nearest entries.

    Neither the one just shown nor those that stand as "did you mean" already; `offered` are those that did
    so beside an earlier answer to the same message. `language` is that of the question.
    """
    if consideration.route.kind not in ("faq", "model"):
        return next_questions((), ())
    candidates = consideration.match.candidates
    shown = {found.entry_id for found in candidates[:1]} if consideration.route.kind == "faq" else set()
    shown |= {each.entry_id for each in consideration.offer} | set(offered)
    return next_questions(((each.entry_id, each.score) for each in candidates), shown, language)


def next_questions(
    near: Iterable[tuple[str, float]], shown: Collection[str], language: str = ""
) -> dict[str, Any]:
    """Return up to SUGGESTIONS questions of entries with their likeness, without those of `shown`.

    In one language, that of the question where there are any, and which one that is.
    """
    alike = sorted(near, key=lambda each: -each[1])
    wanted = [entry_id for entry_id, score in alike if score >= NEAR and entry_id not in shown]
    entries = [entry for entry_id in wanted if (entry := index.entry(entry_id)) is not None]
    found = index.in_language(entries, language)[:SUGGESTIONS]
    return {"suggestions": [entry.question for entry in found], "suggestions_lang": common_language(found)}


def common_language(entries: Iterable[EntryView]) -> str:
    """Return the language that all entries have, "" for none."""
    spoken = {entry.language for entry in entries}
    return spoken.pop() if len(spoken) == 1 else ""


def inside(decision: Mapping[str, Any]) -> str:
    """Return what opens the code or emphasis that a reply's text goes on inside, "" for any other reply."""
    return str(decision.get(INSIDE, ""))


def as_html(reply: Reply, text: str, state: str, hosts: Sequence[str]) -> str:
    """Return the text of a reply in `state` as its visitor sees it, also where it goes on or breaks off."""
    return render(text, hosts, inside(reply.decision), cut=state != Reply.State.COMPLETED)


def link_hosts(config: Config) -> Sequence[str]:
    """Return the hosts that answers may link to."""
    hosts = config.settings.get("link_hosts") or ()
    return hosts.split() if isinstance(hosts, str) else list(hosts)
