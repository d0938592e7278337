"""A transfer test as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from assistant.rendering import render
from common.money import usd
from routing import transfer_report, transfer_runs
from routing.models import CatalogueModel, Route, TransferRun
from routing.transfer_report import CaseReport, Repetition
from routing.word_diff import Piece, differ

NO_WORKER = "The worker has not taken this up: is it running? It goes on as soon as it is back."
STATES = {
    "completed": "answered",
    "refused": "declined",
    "truncated": "cut off",
    "failed": "no answer",
}


@dataclass(frozen=True)
class Line:
    """A run in a list."""

    pk: int
    target: str
    configuration: str
    state: str
    badge: str
    progress: str
    cost: str
    by: str
    at: datetime


@dataclass(frozen=True)
class CheckLine:
    words: str
    passed: int
    made: int

    @property
    def ok(self) -> bool:
        return self.passed == self.made


@dataclass(frozen=True)
class Answer:
    number: int
    passed: bool
    html: SafeString
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Beside:
    """The first answers of two runs to one case, in pieces."""

    left: tuple[Piece, ...]
    right: tuple[Piece, ...]
    same: bool
    before: str
    after: str


@dataclass(frozen=True)
class CaseView:
    report: CaseReport
    badge: str
    said: str
    checks: tuple[CheckLine, ...]
    answers: tuple[Answer, ...]
    figures: tuple[tuple[str, str], ...]
    beside: Beside | None
    open: bool


@dataclass(frozen=True)
class RunView:
    run: TransferRun
    line: Line
    active: bool
    note: str
    figures: tuple[tuple[str, str], ...]
    cases: tuple[CaseView, ...]


@dataclass(frozen=True)
class RouteLine:
    name: str
    cases: int
    passed: str
    first_text: str
    total: str
    cost: str


def run_line(run: TransferRun) -> Line:
    """Return a run as lists show it."""
    label, kind = _state(run)
    return Line(
        pk=run.pk,
        target=target_words(run),
        configuration="the draft" if run.on_draft else f"version {run.config_number}",
        state=label,
        badge=kind,
        progress=f"{run.done} of {run.wanted}",
        cost=usd(run.cost_pico),
        by=run.created_by,
        at=run.created_at,
    )


def target_words(run: TransferRun) -> str:
    """Return what a run tests."""
    names = dict(Route.objects.filter(slug=run.route).values_list("slug", "name")) if run.route else {}
    on = names.get(run.route, run.route)
    if run.kind == TransferRun.Kind.DESK:
        return "As visitors are answered"
    if run.kind == TransferRun.Kind.ROUTE:
        return f"The ladder of {on}"
    label = CatalogueModel.objects.filter(pk=run.model).values_list("label", flat=True).first() or run.model
    return f"{label} on {on}" if on else f"{label}, each case on its own route"


def _state(run: TransferRun) -> tuple[str, str]:
    if run.state == TransferRun.State.DONE:
        return ("Passed", "good") if run.passed else ("Not passed", "bad")
    kinds = {"queued": "info", "running": "info", "stopped": "warn", "failed": "bad"}
    return run.get_state_display(), kinds.get(run.state, "plain")


def run_view(run: TransferRun, other: TransferRun | None, at: datetime) -> RunView:
    """Return a run case by case, beside `other` where one is chosen."""
    reports = transfer_runs.reports(run)
    theirs = {report.case.id: report for report in transfer_runs.reports(other)} if other else {}
    ok = sum(report.ok for report in reports)
    held = sum(report.passed for report in reports)
    figures = (
        ("Cases that passed each time", f"{ok} of {len(reports)}"),
        ("Answers that passed", f"{held} of {run.done}"),
        ("Cost", usd(run.cost_pico)),
        ("Estimated, at most", usd(run.estimate_pico)),
        ("Cap", usd(run.cap_pico)),
        ("Judge", run.judge or "nobody"),
    )
    active = run.state in TransferRun.OPEN
    note = NO_WORKER if transfer_runs.silent(run, at) else run.error
    cases = tuple(_case(report, theirs.get(report.case.id), active, other) for report in reports)
    return RunView(run, run_line(run), active, note, figures, cases)


def _case(report: CaseReport, theirs: CaseReport | None, active: bool, other: TransferRun | None) -> CaseView:
    made = len(report.repetitions)
    short = made < report.wanted and report.passed == made  # nothing failed of what was asked
    badge, said = _verdict(report, short, active)
    agreement = "–" if report.agreement is None else f"{report.agreement:.0%}"
    repeat = "–" if report.repeatability is None else f"{report.repeatability:.0%}"
    figures = (
        ("Repeatability", repeat),
        ("Answers alike, by words", agreement),
        ("First text, mean", _seconds(report.first_text_ms)),
        ("Total, mean", _seconds(report.total_ms)),
        ("Cost", usd(report.cost_pico)),
    )
    return CaseView(
        report=report,
        badge=badge,
        said=said,
        checks=_checks(report.repetitions),
        answers=tuple(_answer(each) for each in report.repetitions),
        figures=figures if made else (),
        beside=_beside(report, theirs) if other else None,
        open=bool(made and not report.ok and not short),
    )


def _verdict(report: CaseReport, short: bool, active: bool) -> tuple[str, str]:
    """Return how a case stands: one that a stopped test did not reach has neither passed nor failed."""
    if short:
        return (
            ("info", "Waiting") if active else ("plain", "Cut short" if report.repetitions else "Not asked")
        )
    return ("good", "Passed") if report.ok else ("bad", "Failed")


def _checks(repetitions: Sequence[Repetition]) -> tuple[CheckLine, ...]:
    """Return each check once, in the words of where it failed first, with how often it held."""
    if not repetitions:
        return ()
    columns = list(zip(*(each.checks for each in repetitions), strict=False))
    if len({len(each.checks) for each in repetitions}) > 1:  # a leak adds a check to one of them
        kinds = [check for each in repetitions for check in each.checks if not check.passed]
        return tuple(CheckLine(check.words, 0, 1) for check in kinds)
    lines = []
    for column in columns:
        failed = [check for check in column if not check.passed]
        words = (failed or list(column))[0].words
        lines.append(CheckLine(words, len(column) - len(failed), len(column)))
    return tuple(lines)


def _answer(each: Repetition) -> Answer:
    facts = [
        STATES.get(each.state, each.state),
        f"by {each.model}" if each.model else "without a model",
        f"on {each.asked_route}",
        f"rules: {each.route}" if each.route != each.asked_route else "",
        f"first text {_seconds(each.first_text_ms)}" if each.first_text_ms is not None else "",
        f"total {_seconds(each.total_ms)}" if each.total_ms is not None else "",
        f"{each.tokens:,} tokens" if each.tokens else "",
        f"support {each.support:.0%}" if each.support is not None else "",
        usd(each.cost_pico),
        each.detail,
    ]
    return Answer(
        each.number, each.passed, SafeString(render(each.text, ())), tuple(fact for fact in facts if fact)
    )


def _beside(report: CaseReport, theirs: CaseReport | None) -> Beside | None:
    if theirs is None or not theirs.repetitions or not report.repetitions:
        return None
    old, new = theirs.repetitions[0], report.repetitions[0]
    left, right = differ(old.text, new.text)
    return Beside(left, right, old.text == new.text, _passed(theirs), _passed(report))


def _passed(report: CaseReport) -> str:
    return f"passed {report.passed} of {report.wanted}"


def by_route(run: TransferRun) -> tuple[RouteLine, ...]:
    """Return the figures of each route that answered."""
    names = dict(Route.objects.values_list("slug", "name"))
    return tuple(
        RouteLine(
            names.get(each.route, each.route),
            each.cases,
            f"{each.passed} of {each.made}",
            _seconds(each.first_text_ms),
            _seconds(each.total_ms),
            usd(each.cost_pico),
        )
        for each in transfer_report.by_route(transfer_runs.repetitions(run))
    )


def _seconds(ms: int | None) -> str:
    if not ms:
        return "–" if ms is None else "at once"
    return f"{ms / 1000:.2f} s"
