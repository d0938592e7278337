"""Refits the confidence of a language to its reviewed messages.

The command does it at once; the page orders it of the worker, since every reviewed message is ranked anew.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from celery import current_app
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from common.clock import now
from faq import calibrating, index, reviewed
from faq.calibrating import Unfit, main_language
from faq.calibration_words import percent
from faq.engine_models import Calibration as Stored
from faq.engine_models import CalibrationRun
from faq.matcher import Matcher
from faq.matching.calibration import Calibration
from faq.matching.guards import CAP, final
from faq.matching.shipped import SHIPPED
from faq.models import AskedQuestion
from faq.refitting import LEAST_REVIEWED, OneSided, Refit, Unreachable, best_precision, refit
from faq.reviewed import Sample

logger = logging.getLogger(__name__)

TASK = "faq.calibrate"
State = CalibrationRun.State
SILENT_FOR = timedelta(seconds=60)  # the worker says that it is at it every TOLD_EVERY messages: it is dead
# What the guards dispute is not shown at any confidence.
LEAST_ANSWER = CAP + 0.01
TRAFFIC = 500  # of the newest messages; their share that would be answered is known to 2 points


class Refused(ValueError):
    """This calibration cannot be made now; the text says what is missing, and `report` what is known."""

    def __init__(self, message: str, **report: Any) -> None:
        super().__init__(message)
        self.report = report


class Overtaken(RuntimeError):
    """Another process has taken this run over: nothing more may be written here."""


@dataclass(frozen=True)
class Outcome:
    """A refit with what it rests on."""

    language: str
    semantic: bool
    wanted: float
    sample: Sample
    refit: Refit
    traffic: dict[str, int]

    def report(self) -> dict[str, Any]:
        """Return the figures as they are stored, shown and printed."""
        figures = {name: each.as_dict() for name, each in self.refit.compared.items()}
        return {
            "cases": len(self.sample.cases),
            "by_staff": self.sample.by_staff,
            "left_out": dict(self.sample.left_out),
            "figures": {**figures, "fitted": self.refit.fitted.as_dict()},
            "traffic": self.traffic,
        }


# --- the work ---------------------------------------------------------------------------------------


def attempt(language: str, wanted: float, tell: Callable[[], None] = lambda: None) -> Outcome:
    """Refit a language, storing nothing; raises Refused. Ranks every reviewed message: minutes at most."""
    calibrating.check_wanted(wanted)
    index.refresh()
    matcher = index.current().matcher
    found = reviewed.reviewed().get(language) or reviewed.Reviewed()
    if len(found.questions) < LEAST_REVIEWED:
        raise _too_few(language, len(found.questions), found.left_out)
    made = reviewed.sample(found.questions, matcher, reviewed.entry_languages(), tell)
    made.left_out.update(found.left_out)
    if len(made.cases) < LEAST_REVIEWED:
        raise _too_few(language, len(made.cases), made.left_out)
    done = _refit(language, made, matcher, wanted)
    return Outcome(language, matcher.semantic, wanted, made, done, _traffic(language, matcher, done, tell))


def _too_few(language: str, number: int, left_out: Any) -> Refused:
    why = "; ".join(f"{count} {reason}" for reason, count in left_out.items() if count)
    return Refused(
        f"{number} of the {LEAST_REVIEWED} reviewed questions that a calibration of “{language}” needs are "
        f"there: {LEAST_REVIEWED - number} are missing. Judge more in the review queue."
        + (f" Not counted: {why}." if why else ""),
        cases=number,
        left_out=dict(left_out),
    )


def _refit(language: str, made: Sample, matcher: Matcher, wanted: float) -> Refit:
    used = in_use(language, matcher.semantic)
    try:
        return refit(made.cases, SHIPPED, used, matcher.semantic, wanted, LEAST_ANSWER)
    except OneSided as one:
        other = "wrong" if str(one) == "right" else "right"
        raise Refused(
            f"All {len(made.cases)} questions were judged {one}. A calibration needs some that are {other}: "
            "judge questions that the FAQ answered and such that it did not.",
            cases=len(made.cases),
        ) from one
    except Unreachable as none:
        best = best_precision(made.cases, SHIPPED.weights(matcher.semantic))
        raise Refused(
            f"No threshold reaches {percent(wanted)} with these {len(made.cases)} questions; the surest "
            f"answers reach {percent(best)} for certain. The thresholds in use stay. Add phrasings where "
            "answers were wrong, judge more questions, or want less precision.",
            cases=len(made.cases),
            best=best,
        ) from none


def in_use(language: str, semantic: bool) -> Calibration | None:
    """Return the desk's own calibration of a language where it holds, else None."""
    row = Stored.objects.filter(language=language, active=True).first()
    try:
        return calibrating.restored(row, semantic) if row else None
    except Unfit:
        return None


def _traffic(language: str, matcher: Matcher, done: Refit, tell: Callable[[], None]) -> dict[str, int]:
    """Return how many of the newest messages, judged or not, would be answered now.

    What staff and visitors judge is no fair sample of what is asked; this is.
    """
    languages = reviewed.entry_languages()
    counted = {"messages": 0, "exact": 0, "answered": 0}
    asked = AskedQuestion.objects.filter(purpose="visitor").order_by("-created_at")
    for number, (text, spoken) in enumerate(asked.values_list("text", "language")[:TRAFFIC]):
        if number % reviewed.TOLD_EVERY == 0:
            tell()
        ranked = matcher.rank(text, 1)
        if (languages.get(ranked[0].entry_id) if ranked else main_language(spoken)) != language:
            continue
        counted["messages"] += 1
        if not ranked:
            continue
        best = ranked[0]
        sure = final(done.weights.probability(best.features), best.disputed)
        counted["exact"] += best.exact
        counted["answered"] += best.exact or sure >= done.answer
    return counted


def keep(outcome: Outcome, by: str, *, activate: bool) -> Stored:
    """Store a refit, in use at once with `activate`."""
    row = Stored(
        language=outcome.language,
        answer_threshold=outcome.refit.answer,
        suggest_threshold=outcome.refit.suggest,
        wanted_precision=outcome.wanted,
        reviewed=len(outcome.sample.cases),
        report=outcome.report(),
        created_by=by[:150],
    )
    return calibrating.store(row, outcome.refit.weights, outcome.semantic, activate=activate)


# --- runs of the worker -----------------------------------------------------------------------------


def order(language: str, wanted: float, activate: bool, by: str) -> CalibrationRun:
    """Store an order and tell the worker; raises Refused when one is under way or nobody can be told."""
    calibrating.check_wanted(wanted)
    _bury_silent(language)
    try:
        with transaction.atomic():
            run = CalibrationRun.objects.create(
                language=language, wanted_precision=wanted, activate=activate, created_by=by[:150]
            )
    except IntegrityError as error:
        raise Refused(f"“{language}” is being calibrated already; the result appears here.") from error
    try:
        current_app.send_task(TASK, [run.pk], ignore_result=True, retry=False)
    except OperationalError as error:
        _end(run, State.FAILED, "Redis does not answer just now, so the worker was not told. Try again.")
        raise Refused("Redis does not answer just now, so the worker was not told. Try again.") from error
    return run


def _bury_silent(language: str) -> None:
    silent = CalibrationRun.objects.filter(
        language=language, state__in=CalibrationRun.OPEN, moved_at__lt=now() - SILENT_FOR
    )
    silent.update(state=State.FAILED, ended_at=now(), message="The worker fell silent before it was done.")


def advance(pk: int) -> None:
    """Do a run in this process, unless another one has it; its row tells what came of it."""
    holder = uuid4().hex
    free = CalibrationRun.objects.filter(pk=pk, state=State.QUEUED) | CalibrationRun.objects.filter(
        pk=pk, state=State.RUNNING, moved_at__lt=now() - SILENT_FOR
    )
    if not free.update(state=State.RUNNING, holder=holder, moved_at=now()):
        return
    run = CalibrationRun.objects.get(pk=pk)
    try:
        _work(run)
    except Refused as problem:
        _end(run, State.REFUSED, str(problem), report=problem.report)
    except Overtaken:
        logger.warning("calibration run %s was taken over by another process", pk)
    finally:
        _end(run, State.FAILED, "It stopped for a reason that the worker's log tells.")


def _work(run: CalibrationRun) -> None:
    outcome = attempt(run.language, run.wanted_precision, lambda: _tell(run))
    with transaction.atomic():
        row = keep(outcome, run.created_by, activate=run.activate)
        word = "in use now" if run.activate else "kept, not in use yet"
        told = f"Calibrated with {row.reviewed} reviewed questions: {word}."
        if not _end(run, State.DONE, told, report=row.report, calibration=row):
            raise Overtaken


def _tell(run: CalibrationRun) -> None:
    """Say that this process is still at it; raises Overtaken when another one is."""
    if not _mine(run).update(moved_at=now()):
        raise Overtaken


def _end(run: CalibrationRun, state: str, message: str, **values: Any) -> bool:
    """End a run that this process has and that has not ended; say whether it did."""
    return bool(_mine(run).update(state=state, message=message, ended_at=now(), moved_at=now(), **values))


def _mine(run: CalibrationRun) -> Any:
    return CalibrationRun.objects.filter(pk=run.pk, holder=run.holder, state__in=CalibrationRun.OPEN)
