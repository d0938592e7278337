"""What a reviewer sees of a group: wordings, what was answered, what the matcher and the visitors said."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from common.text import shorten
from faq import index
from faq.index import SUGGEST_THRESHOLD
from faq.judging import LONGEST_WORDING
from faq.models import AskedQuestion, Entry
from faq.review import KINDS, Group, Message

TEXTS_SHOWN = 60  # wordings of a group whose text is read; a longer list is scrolled by nobody
LOOKED_AT = 12  # messages of a group whose candidates are read
LINKS = 5  # to conversations, the newest first
CHOICES = 5  # entries to choose from before one searches
FOUND = 8  # entries that a search shows,
NEAR_FOUND = 3  # of them at most so many by meaning alone
PREFILLED = 3  # wordings that are offered for storing
AT_ONCE = 500  # ids in one statement; SQLite takes some thousand

Link = Callable[[UUID], str]


@dataclass(frozen=True)
class Wording:
    """One wording with the text of its newest message."""

    key: str
    normalised: str
    text: str
    count: int
    checked: bool = True


@dataclass(frozen=True)
class Choice:
    """An entry that a group may belong to; `confidence` is None for one that was searched for."""

    entry: Entry
    confidence: float | None = None
    nearest: int = 0  # messages of those looked at that came nearest to it


@dataclass(frozen=True)
class Asked:
    """Where a message stands."""

    at: datetime
    url: str


@dataclass(frozen=True)
class Shown:
    """A group as the page shows it."""

    group: Group
    title: str
    wordings: tuple[Wording, ...]
    reasons: tuple[tuple[str, str, int], ...]  # kind, in words, messages
    answered: tuple[tuple[str, int], ...]  # by what, how often
    said: tuple[str, ...]  # by visitors
    choices: tuple[Choice, ...]
    chosen: str
    stored: str  # wordings that are offered for storing, one a line
    links: tuple[Asked, ...]
    answered_now: Entry | None = None
    problem: str = ""
    search: str = ""
    found: tuple[Choice, ...] = ()

    @property
    def first(self) -> datetime:
        """Return when it was first asked."""
        return self.group.messages[-1].created_at

    @property
    def last(self) -> datetime:
        """Return when it was last asked."""
        return self.group.messages[0].created_at


@dataclass(frozen=True)
class _Details:
    texts: dict[UUID, str]
    candidates: dict[UUID, list[dict[str, Any]]]


def show(groups: Sequence[Group], link: Link) -> list[Shown]:
    """Return groups with what is read about them at once; `link` gives a message's address, "" for none."""
    details = _details(groups)
    nearest = [_nearest(group, details) for group in groups]
    wanted = {pk for each in nearest for pk in each} | {m.shown_entry for g in groups for m in g.messages}
    entries = {
        str(row.pk): row for row in Entry.objects.filter(pk__in=[pk for pk in wanted if pk.isdecimal()])
    }
    return [_shown(group, details, best, entries, link) for group, best in zip(groups, nearest, strict=True)]


def _details(groups: Iterable[Group]) -> _Details:
    ids: dict[UUID, bool] = {}
    for group in groups:
        ids.update(dict.fromkeys((each.messages[0].pk for each in group.variants[:TEXTS_SHOWN]), False))
        ids.update(dict.fromkeys((each.pk for each in group.messages[:LOOKED_AT]), True))
    every = list(ids)
    texts: dict[UUID, str] = {}
    candidates: dict[UUID, list[dict[str, Any]]] = {}
    for start in range(0, len(every), AT_ONCE):
        rows = AskedQuestion.objects.filter(pk__in=every[start : start + AT_ONCE])
        for pk, text, found in rows.values_list("pk", "text", "candidates"):
            texts[pk], candidates[pk] = text, found
    return _Details(texts, candidates)


def _nearest(group: Group, details: _Details) -> dict[str, tuple[float, int]]:
    """Return the entries that came near: how sure of each at most, and how often each was the nearest."""
    best: dict[str, tuple[float, int]] = {}
    for message in group.messages[:LOOKED_AT]:
        for place, each in enumerate(details.candidates.get(message.pk, [])):
            entry_id, sure = str(each["entry_id"]), float(each["confidence"])
            held, times = best.get(entry_id, (0.0, 0))
            best[entry_id] = (max(held, sure), times + (place == 0))
    return best


def _shown(
    group: Group,
    details: _Details,
    nearest: dict[str, tuple[float, int]],
    entries: dict[str, Entry],
    link: Link,
) -> Shown:
    wordings = tuple(
        Wording(
            each.key, each.normalised, details.texts.get(each.messages[0].pk, each.normalised), each.count
        )
        for each in group.variants
    )
    choices = _choices(group, nearest, entries)
    return Shown(
        group=group,
        title=wordings[0].text,
        wordings=wordings,
        reasons=tuple((kind, KINDS[kind], group.kinds[kind]) for kind in KINDS if group.kinds[kind]),
        answered=tuple(_answered(group.messages, entries)),
        said=tuple(_said(group.messages)),
        choices=choices,
        chosen=_preselected(group, choices),
        stored="\n".join(_storable(wordings)),
        links=tuple(Asked(each.created_at, url) for each in group.messages[:LINKS] if (url := link(each.pk))),
        answered_now=_now(group, wordings[0].text),
    )


def _choices(
    group: Group, nearest: dict[str, tuple[float, int]], entries: dict[str, Entry]
) -> tuple[Choice, ...]:
    """Return the entries to choose from: the one that was shown most, then by how sure the matcher was."""
    shown = Counter(message.shown_entry for message in group.messages if message.shown_entry)
    ranked = sorted(nearest, key=lambda pk: (-shown[pk], -nearest[pk][0], -nearest[pk][1], pk))
    usable = [pk for pk in ranked if pk in entries and entries[pk].status != Entry.Status.ARCHIVED]
    return tuple(Choice(entries[pk], *nearest[pk]) for pk in usable[:CHOICES])


def _preselected(group: Group, choices: Sequence[Choice]) -> str:
    """Return the first choice when it was shown or came near; a weak one must not be taken by one key."""
    if not choices:
        return ""
    first = choices[0]
    was_shown = any(message.shown_entry == str(first.entry.pk) for message in group.messages)
    near = first.confidence is not None and first.confidence >= SUGGEST_THRESHOLD
    return str(first.entry.pk) if was_shown or near else ""


def _answered(messages: Iterable[Message], entries: dict[str, Entry]) -> list[tuple[str, int]]:
    def by(message: Message) -> str:
        if not message.shown_entry:
            return f"route {message.route}" if message.route else "nothing"
        entry = entries.get(message.shown_entry)
        return f"“{shorten(entry.question, 70)}”" if entry else "an entry that is gone"

    return Counter(map(by, messages)).most_common()


def _said(messages: Sequence[Message]) -> list[str]:
    """Return what visitors said about the answers, in words."""
    counts = (
        (sum(each.label == AskedQuestion.Label.WRONG for each in messages), "not what they asked"),
        (sum(each.label == AskedQuestion.Label.RIGHT for each in messages), "solved"),
        (sum(each.thumb == -1 for each in messages), "thumbs down"),
        (sum(each.escalated for each in messages), "asked for another answer"),
        (sum(bool(each.suggested) and not each.chosen_entry for each in messages), "offer not taken"),
    )
    return [f"{words}: {count}" for count, words in counts if count]


def _storable(wordings: Sequence[Wording]) -> list[str]:
    """Return the wordings that may be stored as they are: short enough, nothing taken out of them."""
    lines = [" ".join(each.text.split()) for each in wordings]
    whole = [line for line in lines if len(line) <= LONGEST_WORDING and "[" not in line]
    return whole[:PREFILLED] or [lines[0][:LONGEST_WORDING]]


def _now(group: Group, text: str) -> Entry | None:
    """Return the entry that would answer this today, when an edit since then has seen to it."""
    match = index.match(text, language=group.language)
    if match.best is None or not match.answered:
        return None
    return Entry.objects.filter(pk=int(match.best.entry_id)).first()


def search(text: str, language: str = "", known: Collection[int] = ()) -> tuple[Choice, ...]:
    """Return answers in use whose question or phrasings hold `text`, then some that the matcher finds near.

    Those in `known` are left out: they stand on the page already.
    """
    usable = Entry.objects.filter(kind=Entry.Kind.ANSWER).exclude(status=Entry.Status.ARCHIVED)
    usable = usable.exclude(pk__in=known)
    if text.strip().isdecimal():
        return tuple(map(Choice, usable.filter(pk=int(text.strip()))))
    held = usable.filter(Q(question__icontains=text) | Q(phrasings__text__icontains=text)).distinct()
    found = {row.pk: row for row in held.order_by("question")[:FOUND]}
    near = [int(each.entry_id) for each in index.match(text, language=language).candidates[:NEAR_FOUND]]
    rows = usable.in_bulk(near)
    for pk in near:
        if pk in rows:
            found.setdefault(pk, rows[pk])
    return tuple(map(Choice, list(found.values())[:FOUND]))
