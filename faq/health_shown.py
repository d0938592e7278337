"""What staff read of how well the FAQ is recognised: figures of all entries and of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from common.clock import now
from faq.expected import POORLY, WELL, by_number, of_all
from faq.health import Outcome
from faq.health_models import EntryHealth
from faq.models import AskedQuestion, Entry
from faq.proposals import FEW

USAGE_DAYS = 30
LONG_DAYS = 90
DUE_DAYS = 30
LATELY = 8  # questions shown on an entry's form
PAIRS = 15  # shown on the page of all
VISITORS = "visitor"

_ANSWER = Q(status=Entry.Status.PUBLISHED, kind=Entry.Kind.ANSWER)
RECOGNISED: Mapping[str, Q] = {
    "well": _ANSWER & Q(health__expected__gte=WELL),
    "partly": _ANSWER & Q(health__expected__gte=POORLY, health__expected__lt=WELL),
    "poorly": _ANSWER & Q(health__expected__lt=POORLY),
    "confused": _ANSWER & Q(health__lost__gt=0),
    "unmeasured": _ANSWER & Q(health=None),
}


@dataclass(frozen=True)
class Use:
    """How often an entry was shown in so many days, and how it was judged."""

    days: int
    shown: int
    right: int
    wrong: int
    up: int
    down: int


@dataclass(frozen=True)
class Overview:
    """The whole FAQ in figures; `expected` is None while nothing is measured."""

    answers: int
    measured: int
    well: int
    partly: int
    poorly: int
    expected: float | None
    few: int
    confused: int
    never: int
    overdue: int
    soon: int
    drafts: int
    oldest: datetime | None
    semantic: bool


def grade(expected: float) -> str:
    """Return in a word how well an entry is recognised."""
    return "well" if expected >= WELL else "partly" if expected >= POORLY else "poorly"


def answers() -> QuerySet[Entry]:
    """Return the published answers."""
    return Entry.objects.filter(_ANSWER)


def never_shown(entries: QuerySet[Entry], days: int = USAGE_DAYS) -> QuerySet[Entry]:
    """Return those published answers that no visitor was shown in the last days."""
    shown = _asked(days).filter(shown_entry=OuterRef("own_key"))
    keyed = entries.filter(_ANSWER).annotate(own_key=Cast("pk", CharField(max_length=40)))
    return keyed.filter(~Exists(shown))


def few_phrasings() -> QuerySet[Entry]:
    """Return the published answers with fewer than FEW phrasings."""
    return answers().annotate(held=Count("phrasings")).filter(held__lt=FEW)


def overdue(today: date) -> QuerySet[Entry]:
    """Return the published entries whose review date has passed, articles too."""
    return Entry.objects.filter(status=Entry.Status.PUBLISHED, review_by__lt=today)


def due_soon(today: date) -> QuerySet[Entry]:
    """Return the published entries that are to be reviewed within DUE_DAYS."""
    last = today + timedelta(days=DUE_DAYS)
    return Entry.objects.filter(status=Entry.Status.PUBLISHED, review_by__gte=today, review_by__lte=last)


def overview() -> Overview:
    """Return the figures of the whole FAQ. About ten queries, none by entry."""
    today = now().date()
    measured = EntryHealth.objects.filter(entry__in=answers())
    grades = measured.aggregate(
        measured=Count("pk"),
        well=Count("pk", filter=Q(expected__gte=WELL)),
        poorly=Count("pk", filter=Q(expected__lt=POORLY)),
        confused=Count("pk", filter=Q(lost__gt=0)),
    )
    times = _times(USAGE_DAYS)
    weighed = [
        (expected, times.get(str(pk), 0)) for pk, expected in measured.values_list("entry_id", "expected")
    ]
    oldest = measured.order_by("measured_at").first()
    return Overview(
        answers=answers().count(),
        measured=grades["measured"],
        well=grades["well"],
        partly=grades["measured"] - grades["well"] - grades["poorly"],
        poorly=grades["poorly"],
        expected=of_all(weighed),
        few=few_phrasings().count(),
        confused=grades["confused"],
        never=never_shown(Entry.objects.all()).count(),
        overdue=overdue(today).count(),
        soon=due_soon(today).count(),
        drafts=Entry.objects.filter(status=Entry.Status.DRAFT).count(),
        oldest=oldest.measured_at if oldest else None,
        semantic=bool(oldest and oldest.semantic),
    )


def _asked(days: int) -> QuerySet[AskedQuestion]:
    since = now() - timedelta(days=days)
    return AskedQuestion.objects.filter(created_at__gte=since, purpose=VISITORS)


def _times(days: int) -> dict[str, int]:
    rows = _asked(days).exclude(shown_entry="").values_list("shown_entry").annotate(times=Count("*"))
    return dict(rows.order_by())


def confused_pairs() -> list[EntryHealth]:
    """Return the entries that lose most of their own ways to ask to another, with that one."""
    rows = EntryHealth.objects.filter(lost__gt=0, rival__isnull=False, entry__in=answers())
    return list(rows.select_related("entry", "rival").order_by("-lost", "expected", "pk")[:PAIRS])


def worst_asked() -> list[tuple[EntryHealth, int]]:
    """Return poorly recognised entries, those that are asked most first, with how often they were shown."""
    times = _times(USAGE_DAYS)
    rows = EntryHealth.objects.filter(expected__lt=POORLY, entry__in=answers()).select_related("entry")
    ranked = sorted(rows.order_by("expected", "pk"), key=lambda row: -times.get(str(row.pk), 0))
    return [(row, times.get(str(row.pk), 0)) for row in ranked[:PAIRS]]


def use(entry: Entry) -> list[Use]:
    """Return how often an entry was shown and how it was judged, in 30 and in 90 days."""
    found = []
    for days in (USAGE_DAYS, LONG_DAYS):
        figures = (
            _asked(days)
            .filter(shown_entry=str(entry.pk))
            .aggregate(
                shown=Count("uuid"),
                right=Count("uuid", filter=Q(label=AskedQuestion.Label.RIGHT)),
                wrong=Count("uuid", filter=Q(label=AskedQuestion.Label.WRONG)),
                up=Count("uuid", filter=Q(thumb=1)),
                down=Count("uuid", filter=Q(thumb=-1)),
            )
        )
        found.append(Use(days, **figures))
    return found


def lately(entry: Entry) -> list[AskedQuestion]:
    """Return the last questions that an entry answered, as redacted as they are stored."""
    asked = AskedQuestion.objects.filter(shown_entry=str(entry.pk), purpose=VISITORS)
    return list(asked.order_by("-created_at")[:LATELY])


def next_step(held: EntryHealth | None, ways: int, lately_used: Use, exact_only: bool) -> str:
    """Return in one sentence what would help an entry most that has so many ways to ask.

    `exact_only` says that its language has no calibration, so that similar questions are offered at most.
    """
    if lately_used.wrong >= 2 and 4 * lately_used.wrong > lately_used.shown:
        return (
            f"Visitors found it wrong {lately_used.wrong} times: look at their questions below, and mend the "
            "answer or add what must not be answered by it."
        )
    if held is None:
        return "Publish it, and within a minute the worker measures how well it is recognised."
    if exact_only:
        return (
            "Only its exact wordings are answered until this language has a calibration of its own; what is "
            "similar is offered as a button. Review questions of this language to get there."
        )
    if ways < FEW + 1:
        return _more_phrasings(ways, held.semantic)
    lost = [row for row in held.rows if row["outcome"] == Outcome.LOST]
    if lost:
        return f"Put into “{lost[0]['text']}” what only fits here, or take it out: it leads to another entry."
    if held.expected < WELL:
        return (
            "Add phrasings in other words than those that are here, as visitors write them: Review has them."
        )
    return "Nothing to do: it is recognised well."


def _more_phrasings(ways: int, semantic: bool) -> str:
    wanted = max(5, ways + 3)
    missing = {1: "four", 2: "three", 3: "three"}.get(ways, "some")
    there, then = (round(100 * by_number(number, semantic)) for number in (ways, wanted))
    return (
        f"Add {missing} phrasings: entries with {wanted} ways to ask are recognised in about {then} of 100 "
        f"cases, those with {ways} in about {there}."
    )
