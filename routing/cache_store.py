"""The store of answers: find one, keep one, forget those that did not do or whose time is over."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from routing.cache import MOST_A_ROUTE, AnswerKey
from routing.config import RouteSpec
from routing.models import StoredAnswer

MOST_COMPARED = 50  # stored questions about the same that one message is compared with, the newest
CHUNK = 500  # below SQLite's limit of variables in one statement

Entries = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Near:
    """How a question in other words is recognised; both are given, as the FAQ is known elsewhere.

    `gist` says what the message is about: only questions with the same one are compared. `same_meaning`
    compares the message with a stored question; `holds` says whether the entries of a stored answer are still
    as it read them, and the one that this message leads to among them.
    """

    gist: str
    same_meaning: Callable[[str], bool]
    holds: Callable[[Entries], bool]


@dataclass(frozen=True)
class Written:
    """An answer that has just ended, to be kept."""

    question: str
    gist: str
    answer: str
    sources: Sequence[Mapping[str, Any]]
    model_label: str
    tier: str
    reply_id: UUID
    turn_id: UUID
    written_at: datetime


def find(key: AnswerKey, hours: int, now: datetime, near: Near | None = None) -> StoredAnswer | None:
    """Return the stored answer with this key, else with `near` that of the same question in other words.

    None for one that is older than `hours`, whatever was said when it was stored.
    """
    fresh = StoredAnswer.objects.filter(written_at__gt=now - timedelta(hours=hours))
    found = fresh.filter(digest=key.digest).first()
    if found is not None or near is None:
        return found
    alike = fresh.filter(family=key.family, gist=near.gist).order_by("-written_at")
    for pk, question, entries in alike.values_list("pk", "question", "entries")[:MOST_COMPARED]:
        if near.holds(_entries(entries)) and near.same_meaning(question):
            return StoredAnswer.objects.filter(pk=pk).first()
    return None


def _entries(stored: Iterable[Sequence[Any]]) -> Entries:
    return [(str(entry_id), int(version)) for entry_id, version in stored]


def take(answer_id: UUID, now: datetime) -> bool:
    """Count a use of a stored answer; False when it has been forgotten meanwhile and must not be used."""
    used = StoredAnswer.objects.filter(pk=answer_id).update(hits=F("hits") + 1, used_at=now)
    return bool(used)


def keep(key: AnswerKey, written: Written) -> None:
    """Store an answer in the place of an older one with its key, and let the route's oldest go.

    Called in the transaction that ends the reply, so that an erasure sees both or neither.
    """
    try:
        with transaction.atomic():
            StoredAnswer.objects.filter(digest=key.digest).delete()
            StoredAnswer.objects.create(
                digest=key.digest,
                family=key.family,
                route=key.route,
                model=key.model,
                sent=key.sent,
                prompt_version=key.prompt_version,
                entries=[list(each) for each in key.entries],
                language=key.language,
                plan=key.plan[:20],  # for people; the digest holds all of it
                **vars(written),
            )
    except IntegrityError:
        return  # the same question was answered by another process in the same moment
    mine = StoredAnswer.objects.filter(route=key.route).order_by("-written_at")
    _delete(mine.values_list("pk", flat=True)[MOST_A_ROUTE:])


def forget(*, replies: Collection[UUID] = (), answers: Collection[UUID] = ()) -> int:
    """Delete the stored answers that these replies wrote, and those with these ids; return how many."""
    wanted = Q(reply_id__in=list(replies)[:CHUNK]) | Q(pk__in=list(answers)[:CHUNK])
    count = StoredAnswer.objects.filter(wanted).delete()[0]
    rest = list(replies)[CHUNK:], list(answers)[CHUNK:]
    return count + (forget(replies=rest[0], answers=rest[1]) if any(rest) else 0)


def outlived(
    routes: Iterable[RouteSpec],
    prompts: Mapping[str, str],
    models: Mapping[str, str],
    entries: Mapping[str, int],
    now: datetime,
) -> list[UUID]:
    """Return the stored answers that nothing can find any more, as one part of their key has changed.

    `prompts` is the prompt's version of each route, `models` what is sent to each model, `entries` the
    version of each published entry. They would never be used; they go because they are what people wrote.
    """
    keeping = {route.slug: route.cache_hours for route in routes if route.cache != "off"}

    def lives(row: StoredAnswer) -> bool:
        return (
            row.route in keeping
            and row.written_at > now - timedelta(hours=keeping[row.route])
            and row.prompt_version == prompts.get(row.route)
            and row.sent == models.get(row.model)
            and all(entries.get(entry) == version for entry, version in _entries(row.entries))
        )

    rows: QuerySet[StoredAnswer] = StoredAnswer.objects.defer("question", "answer", "sources")
    return [row.pk for row in rows.iterator(chunk_size=CHUNK) if not lives(row)]


def _delete(ids: Iterable[UUID]) -> None:
    if listed := list(ids):
        forget(answers=listed)
