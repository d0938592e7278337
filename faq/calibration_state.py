"""How sure the FAQ may be in each language, what that has come to, and what is to be done next: to read."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils.translation import get_language_info

from common.clock import now
from faq import calibrating, index, reviewed
from faq.calibrating import SHIPPED_FOR, main_language
from faq.engine_models import Calibration as Stored
from faq.engine_models import CalibrationRun
from faq.matching.shipped import SHIPPED
from faq.models import AskedQuestion, Entry, Phrasing
from faq.refitting import LEAST_REVIEWED, interval
from faq.reviewed import Judgement, Reviewed
from faq.switches import shadow_since

DAYS = 30
MOST_READ = 5_000  # messages of these days, the newest: a share of so many is known to one point
GROWN = 1.3  # as many reviewed questions as a calibration rests on, times this, are worth another one

# How a language is answered.
OWN, SHIPPED_ONES, EXACT_ONLY = "own", "shipped", "exact_only"


@dataclass
class Answered:
    """What the matcher made of the messages of the last DAYS days, and how right it was where judged."""

    messages: int = 0
    sure: int = 0
    judged: int = 0
    right: int = 0

    @property
    def coverage(self) -> float:
        return self.sure / self.messages if self.messages else 0.0

    @property
    def coverage_between(self) -> tuple[float, float]:
        return interval(self.sure, self.messages)

    @property
    def precision(self) -> float:
        return self.right / self.judged if self.judged else 0.0

    @property
    def precision_between(self) -> tuple[float, float]:
        return interval(self.right, self.judged)

    def add(self, sure: bool, verdict: bool | None) -> None:
        """Count one message."""
        self.messages += 1
        self.sure += sure
        if sure and verdict is not None:
            self.judged += 1
            self.right += verdict


@dataclass(frozen=True)
class LanguageState:
    """One language that has published answers."""

    code: str
    name: str
    entries: int
    phrasings: int
    reviewed: Reviewed
    kind: str
    active: Stored | None
    problem: str
    answer: float
    suggest: float
    answered: Answered
    run: CalibrationRun | None
    kept: list[Stored] = field(default_factory=list)
    waiting: Stored | None = None  # the newest calibration, when nobody has put it into use yet

    @property
    def questions(self) -> int:
        return len(self.reviewed.questions)

    @property
    def by_staff(self) -> int:
        return sum(question.staff for question in self.reviewed.questions)

    @property
    def missing(self) -> int:
        return max(0, LEAST_REVIEWED - self.questions)

    @property
    def ready(self) -> bool:
        """Return whether a calibration can be made that has not been made."""
        if self.missing or self.waiting:
            return False
        return self.active is None or bool(self.problem) or self.questions >= GROWN * self.active.reviewed

    @property
    def next(self) -> str:
        """Return what staff can do about it, in a sentence."""
        if self.missing:
            return f"Judge {self.missing} more questions in the review queue, then calibrate."
        if self.problem:
            return f"Calibrate again: {self.problem}."
        if self.waiting is not None:
            return f"Calibration {self.waiting.pk} is kept and not in use: look at its figures, and use it."
        if self.active is None:
            return "Enough questions are reviewed: calibrate now."
        if self.ready:
            return f"{self.questions - self.active.reviewed} more are reviewed since: calibrate again."
        return "Nothing: it rests on this desk's own reviewed questions."


def semantic() -> bool:
    """Return whether the matcher of this process has its semantic half."""
    return index.current().matcher.semantic


def languages() -> list[LanguageState]:
    """Return the state of each language with published answers, the one with most entries first."""
    entries, phrasings = _published()
    judged, answered, half = reviewed.reviewed(), _answered(), semantic()
    kept: defaultdict[str, list[Stored]] = defaultdict(list)
    for row in Stored.objects.all():
        kept[row.language].append(row)
    runs: dict[str, CalibrationRun] = {}
    for run in CalibrationRun.objects.select_related("calibration").order_by("pk"):
        runs[run.language] = run
    return [
        _state(code, entries[code], phrasings[code], judged, answered, half, kept[code], runs.get(code))
        for code, _ in entries.most_common()
    ]


def _state(
    code: str,
    entries: int,
    phrasings: int,
    judged: Mapping[str, Reviewed],
    answered: Mapping[str, Answered],
    half: bool,
    kept: list[Stored],
    run: CalibrationRun | None,
) -> LanguageState:
    active = next((row for row in kept if row.active), None)
    problem = ""
    holds = SHIPPED if code == SHIPPED_FOR else None
    kind = SHIPPED_ONES if holds else EXACT_ONLY
    if active:
        try:
            holds, kind = calibrating.restored(active, half), OWN
        except calibrating.Unfit as unfit:
            problem = str(unfit)
    return LanguageState(
        code=code,
        name=name_of(code),
        entries=entries,
        phrasings=phrasings,
        reviewed=judged.get(code) or Reviewed(),
        kind=kind,
        active=active,
        problem=problem,
        answer=holds.answer if holds else 1.0,
        suggest=(holds or SHIPPED).suggest,
        answered=answered.get(code) or Answered(),
        run=run,
        kept=kept,
        waiting=_waiting(kept, half, judged.get(code) or Reviewed()),
    )


def _waiting(kept: list[Stored], half: bool, found: Reviewed) -> Stored | None:
    """Return the newest calibration when it fits, was never used and rests on about what is reviewed."""
    newest = kept[0] if kept else None
    if newest is None or newest.switched_by or calibrating.unfit(newest, half):
        return None
    return newest if len(found.questions) < GROWN * newest.reviewed else None


def name_of(code: str) -> str:
    """Return a language's English name, its code where it has none."""
    try:
        return str(get_language_info(code)["name"])
    except KeyError:
        return code


def _published() -> tuple[Counter[str], Counter[str]]:
    """Return how many answers and how many ways to ask for them are published in each language."""
    rows = Entry.objects.filter(status=Entry.Status.PUBLISHED, kind=Entry.Kind.ANSWER)
    entries: Counter[str] = Counter()
    phrasings: Counter[str] = Counter()
    for code, number in rows.values_list("language").annotate(number=Count("pk")).order_by():
        entries[main_language(code)] += number
        phrasings[main_language(code)] += number  # the question itself is a way to ask
    more = Phrasing.objects.filter(entry__in=rows).values_list("entry__language")
    for code, number in more.annotate(number=Count("pk")).order_by():
        phrasings[main_language(code)] += number
    return entries, phrasings


def _answered() -> dict[str, Answered]:
    """Return what happened to the last days' messages in each language."""
    of_entry = reviewed.entry_languages()
    found: defaultdict[str, Answered] = defaultdict(Answered)
    asked = AskedQuestion.objects.filter(purpose="visitor", created_at__gte=now() - timedelta(days=DAYS))
    for row in _told(asked):
        language = of_entry.get(row["best"]) or main_language(row["language"])
        found[language].add(row["sure"], row["verdict"])
    return dict(found)


def _told(asked: Any) -> list[dict[str, Any]]:
    """Return each of the newest messages with its best entry, whether that was sure, and the verdict."""
    fields = (
        "uuid", "text", "language", "best", "confidence", "threshold", "label", "right_entry", "shown_entry",
        "created_at",
    )  # fmt: skip
    rows = []
    for row in reviewed.with_best(asked).order_by("-created_at").values(*fields)[:MOST_READ]:
        best = row["best"] or ""
        said = Judgement(row["label"], row["right_entry"], row["shown_entry"] or best, False)
        verdict = said.says(best) if row["label"] and best else None
        sure = bool(best) and row["confidence"] >= row["threshold"]
        rows.append({**row, "best": best, "sure": sure, "verdict": verdict})
    return rows


# --- shadow mode ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shadow:
    """What the FAQ would have answered since it only watches."""

    since: datetime | None
    answered: Answered
    newest: list[dict[str, Any]]


def shadow(shown: int) -> Shadow:
    """Return what shadow mode kept from being answered, with the newest `shown` of it."""
    since = shadow_since()
    asked = AskedQuestion.objects.filter(purpose="visitor")
    asked = asked.filter(created_at__gte=since) if since else asked.none()
    counted, kept = Answered(), list[dict[str, Any]]()
    for row in _told(asked):
        counted.add(row["sure"], row["verdict"])
        if row["sure"] and len(kept) < shown:
            kept.append(row)
    titles = dict(Entry.objects.filter(pk__in=[row["best"] for row in kept]).values_list("pk", "question"))
    for row in kept:
        row["entry"] = titles.get(int(row["best"]), f"no. {row['best']}, deleted since")
    return Shadow(since, counted, kept)
