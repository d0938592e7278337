"""Questions decided again: by what is published, and by a draft, with all that was known at the time.

The functions are those of production with another configuration, threshold or set of entries. Nothing is
stored and no model is asked. Each question meets its conversation as it really went on before it, so what a
draft would have changed in an earlier answer does not carry over.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from assistant import selectors
from assistant.backtested import Counts, Judgement, Outcome, changed
from assistant.languages import asked_in
from assistant.models import Reply, Turn
from assistant.pipeline import Consideration, ConversationFacts, judge_by
from assistant.prompts import PastTurn
from assistant.who import Who
from common.text import redact
from faq import labels, trying
from faq.finding import Finder
from faq.found import FaqMatch, rejudged
from faq.models import AskedQuestion
from faq.trying import Edit
from routing.config import Config, RouteSpec
from routing.ladder import steps_of
from routing.models import Purpose
from routing.providers import registry

AT_ONCE = 100  # questions that are read together
Position = tuple[datetime, UUID]  # of a question among all, newest first


@dataclass(frozen=True)
class Question:
    """One question as it was asked: its redacted text, when, and what was known of its conversation."""

    uuid: UUID
    text: str
    at: datetime
    facts: ConversationFacts = field(default_factory=ConversationFacts)
    said: Judgement = field(default_factory=Judgement)
    alone: bool = False  # its conversation is gone


@dataclass(frozen=True)
class Replayed:
    """One question on both sides."""

    question: Question
    before: Outcome
    after: Outcome

    @property
    def change(self) -> str:
        return changed(self.before, self.after)

    @property
    def counts(self) -> Counts:
        return Counts.of(self.before, self.after, self.question.said, self.question.alone)


class Replay:
    """Decides questions by a published configuration and by a draft beside it."""

    def __init__(
        self, before: Config, after: Config, threshold: float | None = None, edit: Edit | None = None
    ) -> None:
        self.before, self.after, self._threshold = before, after, threshold
        self._live = trying.finder_with(Edit())
        self._edited = trying.finder_with(edit) if edit else self._live
        self._models: dict[tuple[int, str], str] = {}

    @property
    def index_version(self) -> int:
        """Return the FAQ's version that both sides go by."""
        return self._live.snapshot.number

    def __call__(self, question: Question) -> Replayed:
        """Return what a question gets on both sides."""
        match = _matched(question, self._live)
        before = self._outcome(_decided(question, match, self.before, self._live), self.before)
        if self._edited is not self._live:
            match = _matched(question, self._edited)
        after = self._outcome(self.drafted(question, match), self.after)
        return Replayed(question, before, after)

    def drafted(self, question: Question, match: FaqMatch | None = None) -> Consideration:
        """Return what the draft decides; `match` is what its entries have for the question, where known."""
        found = _matched(question, self._edited) if match is None else match
        if self._threshold is not None:
            found = rejudged(found, self._threshold)
        return _decided(question, found, self.after, self._edited)

    def _outcome(self, decided: Consideration, config: Config) -> Outcome:
        decision, best = decided.decision, decided.match.best
        answered = best if decided.route.kind == "faq" else None
        return Outcome(
            route=decision.route,
            model=self._first_model(decided.route, config),
            entry=answered.entry_id if answered else "",
            confidence=best.confidence if best else 0.0,
            rule=decision.rule_name,
            reason=decision.reason,
        )

    def _first_model(self, route: RouteSpec, config: Config) -> str:
        key = id(config), route.slug
        if key not in self._models:
            self._models[key] = first_model(route, config)
        return self._models[key]


def first_model(route: RouteSpec, config: Config) -> str:
    """Return the model that a route asks first as this desk is wired, "" for one that asks none."""
    steps = steps_of(registry.ladder(route, config.models)) if route.kind == "model" else ()
    return steps[0].id if steps else ""


def _matched(question: Question, finder: Finder) -> FaqMatch:
    return finder.match(question.text, language=asked_in(question.text, question.facts.language))


def _decided(question: Question, match: FaqMatch, config: Config, finder: Finder) -> Consideration:
    known = finder.snapshot.answers.get
    return judge_by(match, question.text, question.facts, config, question.at, entry=known)


# --- questions ---------------------------------------------------------------------------------------


def whose() -> str:
    """Return whose questions there are to replay: visitors', or the example's on a desk without any."""
    rows = AskedQuestion.objects
    if not rows.filter(purpose=Purpose.VISITOR).exists() and rows.filter(purpose=Purpose.DEMO).exists():
        return Purpose.DEMO.value
    return Purpose.VISITOR.value


def last(count: int, purpose: str, upto: datetime, after: Position | None = None) -> list[AskedQuestion]:
    """Return up to `count` questions asked until `upto`, newest first, from the position `after` on."""
    rows = AskedQuestion.objects.filter(purpose=purpose, created_at__lte=upto)
    if after is not None:
        at, uuid = after
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, uuid__lt=uuid))
    return list(rows.order_by("-created_at", "-uuid")[:count])


def questions(rows: Sequence[AskedQuestion]) -> Iterator[Question]:
    """Yield questions with the facts of their conversations, AT_ONCE read together."""
    for start in range(0, len(rows), AT_ONCE):
        yield from _with_facts(rows[start : start + AT_ONCE])


def _with_facts(rows: Sequence[AskedQuestion]) -> Iterator[Question]:
    ids = [row.uuid for row in rows]
    turns = Turn.objects.select_related("visitor").in_bulk(ids)
    recorded = _recorded(ids)
    for row in rows:
        said = Judgement(row.label, labels.best_of(row), row.right_entry)
        turn = turns.get(row.uuid)
        facts = ConversationFacts(language=row.language)
        if turn is not None:
            facts = _facts(turn, row.language, recorded.get(row.uuid) or {})
        yield Question(row.uuid, row.text, row.created_at, facts, said, alone=turn is None)


def _recorded(ids: Collection[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """Return the signals that first replies were decided by, where they have been stored."""
    found = Reply.objects.filter(turn_id__in=ids, ordinal=1)
    return dict(found.values_list("turn_id", "decision__signals"))


def _facts(turn: Turn, language: str, signals: Mapping[str, Any]) -> ConversationFacts:
    """Return what was known before this turn, as it was then: plans change, and so do thumbs."""
    known = selectors.facts(Who.of(turn.visitor), turn.conversation_id, before=turn.ordinal)
    rating = known.last_rating
    if "thumbs_down" in signals:
        rating = -1 if signals["thumbs_down"] else None
    return replace(
        known,
        plan=str(signals.get("plan_name", known.plan)),
        language=str(signals.get("language", language or known.language)),
        last_rating=rating,
        previous_texts=tuple(redact(text) for text in known.previous_texts),
        history=tuple(PastTurn(redact(past.text), redact(past.answer)) for past in known.history),
    )


def by_ids(ids: Iterable[UUID]) -> list[Question]:
    """Return the questions with these ids that are there still, in their order."""
    wanted = list(ids)
    found = AskedQuestion.objects.in_bulk(wanted)
    return list(questions([found[uuid] for uuid in wanted if uuid in found]))
