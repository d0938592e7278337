"""What people say about a match: visitors by what they press, staff in the review queue.

A label speaks of the best candidate of a message as it was when it was asked: right, wrong, or no FAQ
question at all. `right_entry` names the entry that answers it, as far as that is known, so that the
judgement outlives a change of the matcher. A member of staff is never overruled by a visitor, and only
their judgements have a name and a time (`judged_by`, `judged_at`).
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from common.clock import now
from faq.models import AskedQuestion

Label = AskedQuestion.Label
By = AskedQuestion.By

# The reasons of a thumb down that speak of the match. "Outdated", "incomplete", "the tone" and "wrong" are
# about what the answer says: they are for the entry's author, and a good match may well have them.
ABOUT_THE_MATCH = frozenset({"not_my_question"})
REASON_LIMIT = 40
AT_ONCE = 500  # ids in one statement; SQLite takes some thousand

T = TypeVar("T")


def best_of(asked: AskedQuestion) -> str:
    """Return the entry that a label of this message is about, "" when nothing was near."""
    if asked.shown_entry:
        return asked.shown_entry
    return str(asked.candidates[0]["entry_id"]) if asked.candidates else ""


def visitor(uuid: UUID, label: str) -> bool:
    """Store what a visitor said; False when nothing was recorded, or staff have judged it already.

    `right` also says which entry is the right one; the empty label takes back what was said before.
    Raises ValueError for a label that is none of AskedQuestion.Label.
    """
    wanted = Label(label)
    asked = _row(uuid)
    if asked is None:
        return False
    right = best_of(asked) if wanted == Label.RIGHT else ""
    return _by_visitor(uuid, wanted, right)


def solved(uuid: UUID, yes: bool) -> bool:
    """Store "That solved it" about an approved answer; its opposite only takes back an earlier praise.

    What does not solve a matter may still be the answer to what was asked.
    """
    return visitor(uuid, Label.RIGHT) if yes else _withdraw_praise(uuid)


def thumb(uuid: UUID, up: bool, reason: str = "", *, approved: bool) -> bool:
    """Store a thumb on a reply to this message; `approved` says that the reply was the FAQ's answer.

    Up on an approved answer is `right`. Down is `wrong` only for a reason that speaks of the match;
    otherwise it takes back an earlier praise and is left for a reviewer.
    """
    found = AskedQuestion.objects.filter(pk=uuid).update(
        thumb=1 if up else -1, thumb_reason=reason[:REASON_LIMIT]
    )
    if not found:
        return False
    if approved and up:
        visitor(uuid, Label.RIGHT)
    elif approved and reason in ABOUT_THE_MATCH:
        visitor(uuid, Label.WRONG)
    elif approved:
        _withdraw_praise(uuid)
    return True


def escalated(uuid: UUID, *, not_asked: bool = True) -> bool:
    """Note that the visitor wanted another answer than the approved one.

    With `not_asked` ("Not what I asked") the match was wrong; without ("I need more", a thumb down that
    asks the next model) it may have been right, and the message is only left for a reviewer.
    """
    if not AskedQuestion.objects.filter(pk=uuid).update(escalated=True):
        return False
    if not_asked:
        visitor(uuid, Label.WRONG)
    return True


def chosen(uuid: UUID, entry_id: str) -> bool:
    """Store which "did you mean" entry a visitor chose; False for one that this message was not offered."""
    asked = _row(uuid)
    if asked is None or entry_id not in _offered(asked):
        return False
    AskedQuestion.objects.filter(pk=uuid).update(chosen_entry=entry_id)
    _by_visitor(uuid, _label_for(best_of(asked), entry_id), entry_id)
    return True


def staff(
    uuids: UUID | Iterable[UUID], label: str, who: str, *, right_entry: str = "", at: datetime | None = None
) -> int:
    """Store what `who` says of one or many messages; return of how many.

    Messages that staff have judged already keep their judgement; the empty label takes it back. With
    `right_entry` the label of each follows from it: right where it was the best candidate, else wrong.
    Raises ValueError for a label that does not exist, and for an entry that is to answer what is no FAQ
    question.
    """
    wanted = Label(label)
    if right_entry and wanted not in (Label.RIGHT, Label.WRONG):
        raise ValueError(f"An entry cannot be right for a message labelled {label!r}.")
    ids = [uuids] if isinstance(uuids, UUID) else list(uuids)
    stamp: dict[str, Any] = {"judged_by": who[:150], "judged_at": at or now()}
    if wanted == Label.NONE:
        stamp = {"judged_by": "", "judged_at": None}
    done = 0
    with transaction.atomic():
        for some in _chunks(ids):
            for (verdict, right), pks in _verdicts(some, wanted, right_entry).items():
                rows = AskedQuestion.objects.filter(pk__in=pks)
                if verdict:
                    rows = rows.exclude(labelled_by=By.STAFF)
                by = By.STAFF if verdict else By.NONE
                done += rows.update(label=verdict, right_entry=right, labelled_by=by, **stamp)
    return done


def _verdicts(uuids: Collection[UUID], label: str, right_entry: str) -> dict[tuple[str, str], list[UUID]]:
    """Return the messages by what is to be stored of them: label and right entry."""
    rows = AskedQuestion.objects.filter(pk__in=uuids).only("uuid", "shown_entry", "candidates")
    found: dict[tuple[str, str], list[UUID]] = {}
    for asked in rows:
        best = best_of(asked)
        if right_entry:
            verdict = (_label_for(best, right_entry), right_entry)
        else:
            verdict = (label, best if label == Label.RIGHT else "")
        found.setdefault(verdict, []).append(asked.pk)
    return found


def _label_for(best: str, right_entry: str) -> str:
    return Label.RIGHT if best == right_entry else Label.WRONG


def _offered(asked: AskedQuestion) -> set[str]:
    suggested = {part for part in asked.suggested.split(",") if part}
    return suggested or {str(each["entry_id"]) for each in asked.candidates}


def _row(uuid: UUID) -> AskedQuestion | None:
    return (
        AskedQuestion.objects.filter(pk=uuid).only("uuid", "shown_entry", "candidates", "suggested").first()
    )


def _unjudged(uuid: UUID) -> Any:
    return AskedQuestion.objects.filter(pk=uuid).exclude(labelled_by=By.STAFF)


def _by_visitor(uuid: UUID, label: str, right_entry: str) -> bool:
    by = By.VISITOR if label else By.NONE
    return bool(_unjudged(uuid).update(label=label, right_entry=right_entry, labelled_by=by))


def _withdraw_praise(uuid: UUID) -> bool:
    praised = _unjudged(uuid).filter(label=Label.RIGHT)
    praised.update(label=Label.NONE, right_entry="", labelled_by=By.NONE)
    return AskedQuestion.objects.filter(pk=uuid).exists()


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, AT_ONCE)):
        yield some
