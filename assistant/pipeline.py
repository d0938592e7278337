"""How a message is considered: match the FAQ, read the signals, decide the route, plan the ladder.

The socket, "Try a question" and the example traffic all call `consider`; there is no other path, so
what staff see when they try a question is what a visitor gets.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings

from assistant import offering
from assistant.languages import asked_in
from assistant.offering import Offered
from assistant.opening_hours import ClosedDays, OpeningHours, is_open
from assistant.outgoing import outgoing
from assistant.prompts import PastTurn, Prompt, build_request
from assistant.words import closed_days_of, hours_of, zone_of
from common.clock import now
from common.flat import fields_of
from faq import index
from faq.found import SHADOW, FaqMatch
from faq.index import EntryView
from faq.matcher import Candidate
from routing import demoting
from routing.config import Config, ModelSpec, RouteSpec
from routing.cost import reserve_of
from routing.ladder import LadderView, set_aside, steps_of
from routing.models import StoredAnswer
from routing.policy import RouteDecision, decide
from routing.providers import registry
from routing.signals import Context, Signals, estimate_tokens, read_signals
from routing.sticking import Answered, stick

PASSAGES = 6  # nearest passages that are offered to the prompt; its budget decides how many stay
PREVIOUS_TEXTS = 6  # the visitor's last messages that the re-ask signal compares with
READ_INSTEAD = 3  # passages that a model would typically have been given in place of an instant reply
NO_FAQ = 2.0  # a threshold no confidence reaches: an escalation never gets the approved answer again


@dataclass(frozen=True)
class ConversationFacts:
    """What is known of the conversation before this message; `history` and `answered` are oldest first."""

    plan: str = ""
    language: str = ""
    history: tuple[PastTurn, ...] = ()
    previous_texts: tuple[str, ...] = ()
    depth: int = 0
    last_rating: int | None = None
    read_entries: frozenset[str] = frozenset()  # whose answers this conversation has shown already
    answered: tuple[Answered, ...] = ()
    claims: tuple[tuple[str, str], ...] = ()  # what the visitor's site says of them
    conversation: str = ""  # its id, by which a rule on a share of them sends it always the same way


@dataclass(frozen=True)
class Consideration:
    """Everything the decision was made from, and the prompt that follows from it.

    `read_tokens` is what a model reads for this message, or would read in place of an instant reply.
    `offer` stands as buttons under the message, whatever its route answers. `stored` is an answer that may be
    given in place of asking a model.
    """

    match: FaqMatch
    signals: Signals
    decision: RouteDecision
    route: RouteSpec
    ladder: tuple[LadderView, ...] = ()
    prompt: Prompt | None = None
    read_tokens: int = 0
    estimate_pico: int | None = None
    config_number: int = 0
    offer: tuple[Offered, ...] = ()
    stored: StoredAnswer | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[ModelSpec, ...]:
        """The models that can be asked, in order."""
        return steps_of(self.ladder)

    @property
    def to_hold(self) -> int:
        """Return the pico-USD that its sender must have left: none for a stored answer or without a model."""
        return (self.estimate_pico or 0) if self.stored is None else 0

    @property
    def shadowed(self) -> bool:
        """Return whether shadow mode kept an approved answer back."""
        return self.match.would_answer and not self.match.answered

    def record(self) -> dict[str, Any]:
        """Return the decision record that is stored with the reply and shown as its receipt."""
        prompt = self.prompt
        return {
            "faq": {
                "threshold": self.match.threshold,
                "suggest_threshold": self.match.suggest_threshold,
                "exact_only": self.match.exact_only,
                "shadowed": self.shadowed,
                "matcher_version": self.match.matcher_version,
                "index_version": self.match.index_version,
                "took_ms": self.match.took_ms,
                "candidates": [fields_of(candidate) for candidate in self.match.candidates[:5]],
            },
            offering.KEY: offering.stored(self.offer),
            "signals": self.signals.as_facts(),
            "rules": [fields_of(trial) for trial in self.decision.tried],
            "route": self.route.slug,
            "reason": self.decision.reason,
            "rule_id": self.decision.rule_id,
            "rule_name": self.decision.rule_name,
            "wanted": self.decision.wanted,
            "stayed": self.decision.stayed,
            "ladder": [
                {
                    "model": view.model.id,
                    "label": view.model.label,
                    "tier": view.model.tier,
                    "status": view.status,
                }
                for view in self.ladder
            ],
            "estimate_pico": self.estimate_pico,
            "prompt_tokens": prompt.tokens if prompt else None,
            "redacted": prompt.redacted if prompt else None,
            "passages": [
                {
                    "id": passage.id,
                    "entry_id": passage.entry_id,
                    "version": passage.version,
                    "title": passage.title,
                }
                for passage in (prompt.passages if prompt else ())
            ],
            "config_number": self.config_number,
            "prompt_version": prompt.version if prompt else "",
            **self.notes,
        }


def canary() -> str:
    """Return this desk's mark that must never come out of a model: its prompt was leaked if it does."""
    digest = hmac.new(django_settings.SECRET_KEY.encode(), b"prompt canary", hashlib.sha256).hexdigest()
    return f"c-{digest[:16]}"


def plan_route(
    text: str,
    facts: ConversationFacts,
    config: Config,
    route: RouteSpec,
    exclude: frozenset[str] = frozenset(),
    partial: str = "",
) -> tuple[Prompt, tuple[LadderView, ...], int | None]:
    """Return prompt, ladder and price estimate in pico-USD of asking `route`'s models.

    The estimate is that of the first usable model; None when it has no price or there is no model.
    """
    passages = index.nearest_passages(text, limit=PASSAGES, exclude=exclude)
    sent = outgoing(route, config.settings, text, facts.history, partial)
    prompt = build_request(route, config.settings, passages, sent, canary())
    ladder = set_aside(registry.ladder(route, config.models), demoting.of(route.slug))
    steps = steps_of(ladder)
    estimate = reserve_of(steps[0], prompt.tokens, route.max_output_tokens, now().date()) if steps else None
    return prompt, ladder, estimate


def consider(
    text: str,
    facts: ConversationFacts,
    config: Config,
    exclude: frozenset[str] = frozenset(),
    approved: bool = True,
) -> Consideration:
    """Return the decision for one message, all it was made from, and the prompt that follows.

    `exclude` leaves FAQ entries out; `approved=False` allows no FAQ answer at all (an escalation).
    Uses no network and, once the FAQ index and the configuration are loaded, no database.
    """
    judged = judge(text, facts, config, exclude, approved)
    return _planned(with_offer(judged, facts), text, facts, config, exclude)


def judge(
    text: str,
    facts: ConversationFacts,
    config: Config,
    exclude: frozenset[str] = frozenset(),
    approved: bool = True,
) -> Consideration:
    """Return the decision as `consider` does, before any prompt is planned."""
    match = index.match(text, exclude=exclude, language=asked_in(text, facts.language))
    return judge_by(match, text, facts, config, now(), approved=approved)


def judge_by(
    match: FaqMatch,
    text: str,
    facts: ConversationFacts,
    config: Config,
    at: datetime,
    *,
    approved: bool = True,
    entry: Callable[[str], EntryView | None] = index.entry,
) -> Consideration:
    """Return the decision on a message for which `match` was found, sent at `at`; `entry` knows the FAQ."""
    # In shadow mode no rule may see what the matcher found, or one on the confidence would answer by it.
    best = None if match.mode == SHADOW else match.best
    common = config.routes.get("common")
    suggested = offering.offered(match.suggested, entry, facts.read_entries)
    signals = read_signals(
        text,
        Context(
            plan=facts.plan,
            depth=facts.depth,
            previous_texts=facts.previous_texts,
            last_rating=facts.last_rating,
            faq_confidence=best.confidence if best else 0.0,
            faq_threshold=match.threshold if approved else NO_FAQ,
            faq_exact=bool(best and best.exact and approved),
            faq_entry_id=best.entry_id if best else "",
            faq_suggested=approved and bool(suggested),
            common_message_tokens=common.max_message_tokens if common else 1500,
            language=facts.language,
            conversation=facts.conversation,
            at=at.astimezone(zone_of(config.settings)),
            open_now=_is_open(config.settings, at),
            claims=facts.claims,
        ),
    )
    by_rules = decide(signals, config.rules)
    decision, route = stick(by_rules, facts.answered, config.routes, signals.message_tokens)
    return Consideration(match, signals, decision, route, config_number=config.number)


def _is_open(settings: Mapping[str, Any], at: datetime) -> bool:
    hours, closed = _opening(str(settings.get("opening_hours") or ""), str(settings.get("closed_on") or ""))
    return is_open(hours, closed, zone_of(settings), at)


@lru_cache(maxsize=8)
def _opening(hours: str, closed: str) -> tuple[OpeningHours, ClosedDays]:
    values = {"opening_hours": hours, "closed_on": closed}
    return hours_of(values), closed_days_of(values)


def with_offer(judged: Consideration, facts: ConversationFacts) -> Consideration:
    """Return what was judged with the entries that are offered as "did you mean"."""
    if not offering.has_room(judged.route.slug, judged.route.kind, judged.signals):
        return judged
    match = judged.match
    # What is sure enough to answer stands here when a rule kept it back: "and what does that cost?"
    near = match.suggested or (match.candidates[:1] if match.answered else ())
    return replace(judged, offer=_offered(near, facts))


def _offered(near: Sequence[Candidate], facts: ConversationFacts) -> tuple[Offered, ...]:
    return offering.offered(near, index.entry, facts.read_entries)


def redirected(
    judged: Consideration,
    text: str,
    facts: ConversationFacts,
    config: Config,
    route: RouteSpec,
    reason: str,
    exclude: frozenset[str] = frozenset(),
    partial: str = "",
) -> Consideration:
    """Return what was judged, sent to another route by a verb of the visitor, with the rules tried kept."""
    decision = RouteDecision(
        route=route.slug, reason=reason, rule_id=0, rule_name="", tried=judged.decision.tried
    )
    return _planned(replace(judged, decision=decision, route=route), text, facts, config, exclude, partial)


def _planned(
    found: Consideration,
    text: str,
    facts: ConversationFacts,
    config: Config,
    exclude: frozenset[str],
    partial: str = "",
) -> Consideration:
    """Return `found` with prompt, ladder and price, where its route asks a model."""
    if found.route.kind != "model":
        near = index.nearest_passages(text, limit=READ_INSTEAD, exclude=exclude)
        read = estimate_tokens(text) + sum(estimate_tokens(passage.text) for passage in near)
        return replace(found, read_tokens=read)
    prompt, ladder, estimate = plan_route(text, facts, config, found.route, exclude, partial)
    return replace(found, prompt=prompt, ladder=ladder, read_tokens=prompt.tokens, estimate_pico=estimate)
