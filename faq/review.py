"""The review queue: what visitors asked that the FAQ should learn from, grouped, most frequent first.

Read in two steps, so that a page stays quick however much was asked: a narrow row of each message of the
period that nobody has judged, at most MOST_MESSAGES of the newest, from which the groups and their counts
are made; then texts and candidates of the groups on one page (`faq/review_shown.py`).
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Q, QuerySet

from common.clock import now
from faq import review_groups
from faq.engine_models import Negative, key_of
from faq.index import SUGGEST_THRESHOLD
from faq.models import AskedQuestion, Entry

PERIODS = (7, 30, 90)  # days
MOST_MESSAGES = 5_000  # read and grouped in 0.2 s; what is older comes up as these are judged
MOST_NEGATIVES = 2_000  # held against them, the newest
OFTEN = 3  # questions without any answer in the FAQ are worth a look when they come this often
SPOT_CHECKS = 25  # answers that nobody complained about, to be looked at now and then
AT_ONCE = 500  # ids in one statement; SQLite takes some thousand
SETTLED = ("small_talk", "person")  # routes that answer what is no question to the FAQ
VISITOR, DEMO = "visitor", "demo"

NEAR, WRONG, ESCALATED, UNANSWERED, SPOT = "near", "wrong", "escalated", "unanswered", "spot"
KINDS = {
    NEAR: "Near miss",
    WRONG: "Complaint",
    ESCALATED: "Escalated",
    UNANSWERED: "No answer in the FAQ",
    SPOT: "Spot check",
}

_KEY = re.compile("[0-9a-f]{32}")
_near = Q(shown_entry="", chosen_entry="", confidence__lt=F("threshold")) & (
    ~Q(suggested="") | Q(confidence__gte=SUGGEST_THRESHOLD)
)
_unanswered = Q(shown_entry="", chosen_entry="", suggested="", confidence__lt=SUGGEST_THRESHOLD)
CONDITIONS: Mapping[str, Q] = {
    NEAR: _near,
    WRONG: Q(label=AskedQuestion.Label.WRONG) | Q(thumb=-1),
    ESCALATED: Q(escalated=True),
    UNANSWERED: _unanswered & ~Q(route__in=SETTLED),
    SPOT: Q(confidence__lt=1, label="", thumb__gte=0, escalated=False)
    & (~Q(shown_entry="") | Q(shadowed=True)),
}


@dataclass(frozen=True)
class Filters:
    """What of the queue is looked at; `traffic` is VISITOR or DEMO, the empty kind is all but SPOT."""

    kind: str = ""
    language: str = ""
    days: int = PERIODS[-1]
    entry: str = ""
    text: str = ""
    traffic: str = VISITOR


class Message(NamedTuple):
    """The narrow row of an asked question, in the order in which it is read."""

    pk: UUID
    normalised: str
    language: str
    created_at: datetime
    route: str
    shown_entry: str
    chosen_entry: str
    suggested: str
    label: str
    escalated: bool
    thumb: int
    shadowed: bool
    confidence: float
    threshold: float

    @property
    def kinds(self) -> frozenset[str]:
        """Return why it is in the queue; agrees with CONDITIONS."""
        open_miss = not self.shown_entry and not self.chosen_entry and self.confidence < self.threshold
        near = open_miss and (bool(self.suggested) or self.confidence >= SUGGEST_THRESHOLD)
        found = {
            NEAR: near,
            WRONG: self.label == AskedQuestion.Label.WRONG or self.thumb == -1,
            ESCALATED: self.escalated,
            UNANSWERED: open_miss and not near and self.route not in SETTLED,
        }
        return frozenset(kind for kind, holds in found.items() if holds) or frozenset({SPOT})


@dataclass(frozen=True)
class Variant:
    """One wording of a group, with its messages, newest first."""

    normalised: str
    messages: tuple[Message, ...]

    @property
    def key(self) -> str:
        """Return the id of its newest message: what forms and addresses carry for the wording."""
        return self.messages[0].pk.hex

    @property
    def count(self) -> int:
        """Return how often it was asked."""
        return len(self.messages)


@dataclass(frozen=True)
class Group:
    """One question in one or more wordings, the most frequent first."""

    key: str
    language: str
    variants: tuple[Variant, ...]

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """Return its messages, newest first."""
        every = [message for variant in self.variants for message in variant.messages]
        return tuple(sorted(every, key=attrgetter("created_at"), reverse=True))

    @property
    def count(self) -> int:
        """Return how often it was asked."""
        return len(self.messages)

    @cached_property
    def kinds(self) -> Counter[str]:
        """Return how many of its messages are in the queue for which reason."""
        return Counter(kind for message in self.messages for kind in message.kinds)

    @property
    def order(self) -> tuple[int, float, str]:
        """Return what groups are sorted by: most frequent, then newest, first."""
        return -self.count, -self.messages[0].created_at.timestamp(), self.key


@dataclass(frozen=True)
class Queue:
    """The groups that a filter leaves; `cut` when not all messages of the period could be read."""

    groups: tuple[Group, ...]
    cut: bool = False

    def after(self, cursor: str, most: int) -> tuple[Group, ...]:
        """Return the groups behind a cursor, from the beginning for one that is none."""
        place = place_of(cursor)
        rest = self.groups if place is None else [each for each in self.groups if each.order > place]
        return tuple(rest[:most])


def cursor_of(group: Group) -> str:
    """Return the place of a group in the queue, as an address carries it."""
    count, at, key = group.order
    return f"{-count}_{-at!r}_{key}"


def place_of(cursor: str) -> tuple[int, float, str] | None:
    """Return the place that a cursor names, None when it is none."""
    count, at, key = ([*cursor.split("_"), "", "", ""])[:3]
    try:
        return -int(count), -float(at), key
    except ValueError:
        return None


def group_key(language: str, normalised: str) -> str:
    """Return the short name of a group by its leading wording, the same on every page that shows it."""
    return hashlib.sha256(f"{language}\0{normalised}".encode()).hexdigest()[:12]


# --- reading ----------------------------------------------------------------------------------------


def waiting(filters: Filters) -> QuerySet[AskedQuestion]:
    """Return the messages that nobody has judged nor set aside and that a filter leaves, newest first."""
    since = now() - timedelta(days=filters.days)
    rows = AskedQuestion.objects.filter(judged_by="", purpose=filters.traffic, created_at__gte=since)
    rows = rows.exclude(normalised="").filter(_wanted(filters.kind))
    if filters.language:
        rows = rows.filter(language=filters.language)
    if filters.text:
        rows = rows.filter(normalised__contains=key_of(filters.text))
    if filters.entry:
        first = Q(candidates__0__entry_id=filters.entry)
        rows = rows.filter(Q(shown_entry=filters.entry) | first)
    return rows.order_by("-created_at")


def _wanted(kind: str) -> Q:
    if kind in CONDITIONS:
        return CONDITIONS[kind]
    return CONDITIONS[NEAR] | CONDITIONS[WRONG] | CONDITIONS[ESCALATED] | CONDITIONS[UNANSWERED]


def read(filters: Filters) -> Queue:
    """Return the open groups, most frequent first."""
    rows = waiting(filters).values_list(*Message._fields)[: MOST_MESSAGES + 1]
    messages = [Message(*row) for row in rows]
    groups = [
        each for each in grouped(messages[:MOST_MESSAGES], negatives()) if filters.kind or _worth_a_look(each)
    ]
    if filters.kind == SPOT:
        # By their keys, which are hashes: at random, and the same for everybody.
        groups = sorted(groups, key=attrgetter("key"))[:SPOT_CHECKS]
    return Queue(tuple(sorted(groups, key=attrgetter("order"))), len(messages) > MOST_MESSAGES)


def _worth_a_look(group: Group) -> bool:
    return group.count >= OFTEN or set(group.kinds) != {UNANSWERED}


def negatives() -> list[str]:
    """Return the normalised form of what staff have said is no FAQ question, whatever the language.

    What a visitor writes in and the language of the entries that it came near to need not be the same.
    """
    rows = Negative.objects.filter(entry=None).order_by("-pk")
    return sorted(set(rows.values_list("normalised", flat=True)[:MOST_NEGATIVES]))


def grouped(messages: Iterable[Message], settled: Sequence[str] = ()) -> list[Group]:
    """Return messages in groups of one language each, unordered.

    `settled` are normalised questions that are no matter for the FAQ: what says the same as one of them and
    found nothing in the FAQ is left out.
    """
    by_text: defaultdict[str, defaultdict[str, list[Message]]] = defaultdict(lambda: defaultdict(list))
    for message in messages:
        by_text[message.language][message.normalised].append(message)
    return [
        each
        for language, texts in sorted(by_text.items())
        for each in _in_one_language(
            language, sorted(texts.items(), key=lambda item: (-len(item[1]), item[0])), settled
        )
    ]


def _in_one_language(
    language: str, texts: Sequence[tuple[str, list[Message]]], settled: Sequence[str]
) -> list[Group]:
    known = len(texts)
    found: list[Group] = []
    for places in review_groups.group([*(text for text, _ in texts), *settled]):
        asked = [place for place in places if place < known]
        if not asked:
            continue
        variants = tuple(Variant(texts[place][0], tuple(texts[place][1])) for place in asked)
        made = Group(group_key(language, variants[0].normalised), language, variants)
        if len(asked) == len(places) or set(made.kinds) != {UNANSWERED}:
            found.append(made)
    return found


def wordings_of(keys: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return language, normalised form and text of the messages that stand for wordings, in their order.

    Those that were deleted meanwhile, and keys that are none, are left out.
    """
    ids = ids_of(keys)
    found: dict[UUID, tuple[str, str, str]] = {}
    for start in range(0, len(ids), AT_ONCE):
        rows = AskedQuestion.objects.filter(pk__in=ids[start : start + AT_ONCE])
        for pk, *wording in rows.values_list("pk", "language", "normalised", "text"):
            found[pk] = (wording[0], wording[1], wording[2])
    return [found[pk] for pk in ids if pk in found]


def messages_of(keys: Sequence[str], filters: Filters) -> list[UUID]:
    """Return the open messages that a filter leaves with one of these wordings."""
    wanted = {(language, normalised) for language, normalised, _ in wordings_of(keys)}
    texts = sorted({normalised for _, normalised in wanted})
    found: list[UUID] = []
    for start in range(0, len(texts), AT_ONCE):
        rows = waiting(filters).filter(normalised__in=texts[start : start + AT_ONCE])
        narrow = rows.values_list("pk", "language", "normalised")
        found += [pk for pk, language, text in narrow if (language, text) in wanted]
    return found


def ids_of(keys: Iterable[str]) -> list[UUID]:
    """Return the messages that stand for wordings, without keys that are none."""
    return [UUID(key) for key in dict.fromkeys(keys) if _KEY.fullmatch(key)]


def anything(traffic: str) -> bool:
    """Return whether any question of this kind of traffic was asked in the longest period."""
    since = now() - timedelta(days=PERIODS[-1])
    return AskedQuestion.objects.filter(purpose=traffic, created_at__gte=since).exists()


def languages(queue: Queue) -> list[str]:
    """Return the languages to narrow a queue by: of its groups, and of the entries."""
    own = Entry.objects.exclude(status=Entry.Status.ARCHIVED).order_by().values_list("language", flat=True)
    return sorted({*own.distinct(), *(group.language for group in queue.groups)} - {""})
