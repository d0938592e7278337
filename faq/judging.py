"""What a reviewer decides about a group of messages: stored once, by who comes first, and undone whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from common.clock import now
from common.text import shorten
from faq import labels, negatives, services
from faq.engine_models import Negative, key_of
from faq.models import AskedQuestion, Entry, Phrasing
from faq.review_models import ReviewDecision

Label = AskedQuestion.Label
Verb = ReviewDecision.Verb

AT_ONCE = 500  # ids in one statement; SQLite takes some thousand
LONGEST_WORDING = 300  # characters of a phrasing and of a negative
MOST_WORDINGS = 20  # stored by one decision; more of them teach the matcher nothing
EFFECT_DAYS = 7
WITH_ENTRY = (Verb.RIGHT, Verb.PHRASING, Verb.NEW, Verb.NOT_THIS)
WITH_WORDING = (Verb.PHRASING, Verb.NOT_FAQ, Verb.NOT_THIS)


T = TypeVar("T")


class Refused(Exception):
    """A decision cannot be stored as made; the message is for the reviewer, and nothing was changed."""


class AlreadyJudged(Refused):
    """Somebody else was first; the message says who, when and what."""


@dataclass(frozen=True)
class Effect:
    """What reviews have brought: phrasings added, how often they were asked since, and answered."""

    phrasings: int
    asked: int
    answered: int


@dataclass
class _Made:
    """What a decision adds to the FAQ."""

    phrasings: list[int]
    negatives: list[int]


# --- deciding ---------------------------------------------------------------------------------------


def decide(
    messages: Sequence[UUID],
    verb: str,
    who: str,
    *,
    entry: Entry | None = None,
    wordings: Sequence[str] = (),
    language: str = "",
    seen: Sequence[UUID] = (),
) -> ReviewDecision:
    """Store a decision about those of `messages` that nobody has judged, with what it adds to the FAQ.

    Raises Refused for what the FAQ's own checks refuse, AlreadyJudged when no message is left; `seen` are
    messages that the reviewer had before them, which then tell who was first.
    """
    wanted = Verb(verb)
    told = _checked(wanted, entry, wordings)
    at = now()
    try:
        with transaction.atomic():
            made = _added(wanted, entry, told, _language_of(messages, language), who)
            open_rows = _claimed(messages)
            if wanted == Verb.NOT_THIS and entry is not None:
                open_rows = {pk: row for pk, row in open_rows.items() if row.best == str(entry.pk)}
            if not open_rows:
                raise _gone([*seen, *messages], wanted)
            _label(open_rows, wanted, entry, who, at)
            return _noted(wanted, entry, who, at, made, open_rows)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error


def _checked(verb: Verb, entry: Entry | None, wordings: Sequence[str]) -> list[str]:
    """Return the wordings to store; raises Refused when the decision lacks something."""
    if verb in WITH_ENTRY and entry is None:
        raise Refused("Choose the entry first.")
    if entry is not None and (entry.kind != Entry.Kind.ANSWER or entry.status == Entry.Status.ARCHIVED):
        raise Refused(f"“{entry.question}” is no answer in use: choose another entry.")
    return _wordings(wordings) if verb in WITH_WORDING else []


def _wordings(lines: Iterable[str]) -> list[str]:
    told = list(dict.fromkeys(line for each in lines if (line := " ".join(each.split()))))
    if not told:
        raise Refused("Write the wording that is to be stored.")
    if len(told) > MOST_WORDINGS:
        raise Refused(f"At most {MOST_WORDINGS} wordings at once; these are {len(told)}.")
    for text in told:
        if len(text) > LONGEST_WORDING:
            size = f"“{shorten(text, 40)}” has {len(text)}"
            raise Refused(f"A wording may have {LONGEST_WORDING} characters; {size}.")
        if not key_of(text):
            raise Refused(f"“{text}” holds no word.")
    return told


def _added(verb: Verb, entry: Entry | None, wordings: Iterable[str], language: str, who: str) -> _Made:
    made = _Made([], [])
    for text in wordings:
        if verb == Verb.PHRASING and entry is not None:
            phrasing = services.add_phrasing(entry, text)
            made.phrasings += [phrasing.pk] if phrasing else []
        else:
            own = entry if verb == Verb.NOT_THIS else None
            negative = negatives.add(text, entry=own, language=language, who=who)
            made.negatives += [negative.pk] if negative else []
    return made


def _language_of(messages: Sequence[UUID], language: str) -> str:
    """Return the language of the entries that are not to answer: of the nearest one, else the question's."""
    first = AskedQuestion.objects.filter(pk__in=messages[:1]).first()
    best = labels.best_of(first) if first else ""
    nearest = Entry.objects.filter(pk=int(best)).first() if best.isdecimal() else None
    return nearest.language if nearest else language or "en"


@dataclass(frozen=True)
class _Row:
    best: str
    before: list[str]


def _claimed(messages: Sequence[UUID]) -> dict[UUID, _Row]:
    """Return those of `messages` that nobody has judged, locked where the database locks rows."""
    found: dict[UUID, _Row] = {}
    for some in _chunks(messages):
        rows = AskedQuestion.objects.select_for_update().filter(pk__in=some, judged_by="")
        for row in rows:
            found[row.pk] = _Row(labels.best_of(row), [row.label, row.labelled_by, row.right_entry])
    return found


def _label(rows: Mapping[UUID, _Row], verb: Verb, entry: Entry | None, who: str, at: datetime) -> None:
    if verb in (Verb.RIGHT, Verb.PHRASING, Verb.NEW) and entry is not None:
        labels.staff(rows, Label.WRONG, who, right_entry=str(entry.pk), at=at)
    elif verb in (Verb.WRONG, Verb.NOT_THIS):
        labels.staff(rows, Label.WRONG, who, at=at)
    elif verb == Verb.NOT_FAQ:
        labels.staff(rows, Label.NOT_FAQ, who, at=at)
    else:
        for some in _chunks(list(rows)):
            AskedQuestion.objects.filter(pk__in=some).update(judged_by=who[:150], judged_at=at)


def _noted(
    verb: Verb, entry: Entry | None, who: str, at: datetime, made: _Made, rows: Mapping[UUID, _Row]
) -> ReviewDecision:
    # Only the newest decision can be undone, so only its state before is kept.
    ReviewDecision.objects.filter(who=who[:150]).exclude(before={}).update(before={})
    return ReviewDecision.objects.create(
        verb=verb,
        who=who[:150],
        at=at,
        messages=len(rows),
        entry=entry,
        phrasings=made.phrasings,
        negatives=made.negatives,
        before={str(pk): row.before for pk, row in rows.items()},
    )


def _gone(messages: Sequence[UUID], verb: Verb) -> Refused:
    """Return why no message is left to decide about."""
    ids = list(messages)[:AT_ONCE]
    judged = AskedQuestion.objects.filter(pk__in=ids).exclude(judged_by="").order_by("-judged_at").first()
    if judged is not None:
        return AlreadyJudged(f"{verdict_of(judged)} Nothing was stored a second time.")
    if verb == Verb.NOT_THIS and AskedQuestion.objects.filter(pk__in=ids).exists():
        return Refused("None of these questions came nearest to that entry.")
    return Refused("These questions are gone: they were deleted by age or on a visitor's request.")


def verdict_of(judged: AskedQuestion) -> str:
    """Return who judged a message, how and when, as a sentence."""
    if judged.labelled_by != AskedQuestion.By.STAFF:
        how = "set aside"
    elif judged.right_entry:
        entry = Entry.objects.filter(pk=judged.right_entry).first()
        how = f"given to “{entry.question}”" if entry else "given to an entry that is gone"
    else:
        how = f"judged “{judged.get_label_display().lower()}”"
    at = judged.judged_at or now()
    return f"Already {how} by {judged.judged_by} ({_ago(now() - at)})."


def _ago(passed: timedelta) -> str:
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"


# --- undoing ----------------------------------------------------------------------------------------


def last(who: str) -> ReviewDecision | None:
    """Return the newest decision of a reviewer if it can be undone."""
    newest = ReviewDecision.objects.filter(who=who[:150]).select_related("entry").first()
    return newest if newest is not None and newest.undone_at is None else None


@transaction.atomic
def undo(decision: ReviewDecision) -> int:
    """Take a decision back with what it added to the FAQ; return how many messages wait again.

    An entry that was made stays. Raises Refused when it was undone already or is not the newest.
    """
    mine = ReviewDecision.objects.filter(pk=decision.pk, undone_at=None).exclude(before={})
    before: dict[str, Any] = dict(decision.before)
    if not mine.update(undone_at=now(), before={}):
        raise Refused("This was undone already, or something was decided after it.")
    for phrasing in Phrasing.objects.filter(pk__in=decision.phrasings).select_related("entry"):
        services.remove_phrasing(phrasing)
    for negative in Negative.objects.filter(pk__in=decision.negatives).select_related("entry"):
        negatives.remove(negative)
    states: dict[tuple[str, ...], list[str]] = {}
    for pk, state in before.items():
        states.setdefault(tuple(state), []).append(pk)
    return sum(_restored(pks, state, decision.who) for state, pks in states.items())


def _restored(pks: Sequence[str], state: Sequence[str], who: str) -> int:
    label, labelled_by, right_entry = state
    done = 0
    for some in _chunks(pks):
        rows = AskedQuestion.objects.filter(pk__in=some, judged_by=who)
        done += rows.update(
            label=label, labelled_by=labelled_by, right_entry=right_entry, judged_by="", judged_at=None
        )
    return done


# --- the effect -------------------------------------------------------------------------------------


def effect(days: int = EFFECT_DAYS) -> Effect:
    """Return what the decisions of the last days have brought.

    Counts phrasings that still stand, and of the messages with exactly these words that came in after
    them how many the FAQ answered. What was asked in other words is not counted.
    """
    since = now() - timedelta(days=days)
    decisions = ReviewDecision.objects.filter(at__gte=since, undone_at=None)
    ids = [pk for added in decisions.values_list("phrasings", flat=True) for pk in added]
    added = {
        each.normalised: each.created_at
        for some in _chunks(ids)
        for each in Phrasing.objects.filter(pk__in=some)
    }
    asked = answered = 0
    for texts in _chunks(list(added)):
        rows = AskedQuestion.objects.filter(Q(purpose="visitor"), normalised__in=texts, created_at__gte=since)
        for text, at, shown in rows.values_list("normalised", "created_at", "shown_entry"):
            later = at > added[text]
            asked += later
            answered += later and shown != ""
    return Effect(len(added), asked, answered)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    every = list(items)
    yield from (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))
