"""The rows of transfer tests: cases as values, runs ordered, taken, stopped and added up.

Each change of a running run is one conditional UPDATE, so two workers never do the same one, and a worker
that was thought dead finds out at its next word that another one has gone on.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, Sum
from django.utils.module_loading import import_string

from routing import snapshot, transfer_gate
from routing.budget import CHARGE
from routing.config import Config, RouteSpec
from routing.models import ModelCall, TransferCase, TransferResult, TransferRun
from routing.transfer_checks import CaseSpec, CaseTurn, Check, case_of, lines_of
from routing.transfer_report import CaseReport, Repetition, by_case

SILENT_FOR = timedelta(seconds=20)  # ten words missed: the worker is dead
UNTOUCHED_FOR = timedelta(seconds=10)  # a run that no worker took; its message may be lost


@dataclass(frozen=True)
class Order:
    """What is to be tested: the cases, of what, how often, for how much, under which configuration."""

    kind: str
    config: Config
    cases: tuple[CaseSpec, ...]
    n: int
    cap_pico: int
    model: str = ""
    route: str = ""
    judge: str = ""
    draft: dict[str, Any] | None = field(default=None, repr=False)
    estimate_pico: int | None = None


# ---- cases -----------------------------------------------------------------------------------------


def case_spec(row: TransferCase) -> CaseSpec:
    """Return a case as runs keep it."""
    return CaseSpec(
        id=row.pk,
        title=row.title,
        question=row.question,
        turns=tuple(CaseTurn(turn.visitor, turn.assistant) for turn in row.turns.all()),
        plan=row.plan,
        language=row.language,
        must_say=lines_of(row.must_say),
        must_not_say=lines_of(row.must_not_say),
        must_route=row.must_route,
        must_be_grounded=row.must_be_grounded,
        least_support=row.least_support,
        max_first_text_ms=row.max_first_text_ms,
        judge_question=row.judge_question.strip(),
        routes=tuple(row.routes),
    )


def cases_in_use() -> tuple[CaseSpec, ...]:
    """Return the cases that staff have in use."""
    rows = TransferCase.objects.filter(active=True).prefetch_related("turns")
    return tuple(case_spec(row) for row in rows)


# ---- runs ------------------------------------------------------------------------------------------


def wording(route: RouteSpec, config: Config) -> str:
    """Return the mark of what a prompt says on a route; the settings name who knows prompts."""
    found: str = import_string(settings.PROMPT_WORDING)(route, config.settings)
    return found


def cover_of(config: Config, cases: Sequence[CaseSpec], route: str, model: str) -> str:
    """Return what a model passes on a route with all of its cases, "" where it is not asked all of them."""
    needed = transfer_gate.cases_of(route, cases_in_use())
    spec, rung = config.models.get(model), config.routes.get(route)
    if spec is None or rung is None or not needed or not set(needed) <= set(cases):
        return ""
    return transfer_gate.cover(needed, spec, wording(rung, config))


def order(wanted: Order, by: str) -> TransferRun:
    """Store a run for a worker to take."""
    config = wanted.config
    return TransferRun.objects.create(
        kind=wanted.kind,
        model=wanted.model,
        route=wanted.route,
        on_draft=wanted.draft is not None,
        draft=wanted.draft,
        config_number=config.number,
        config_sha=config.sha,
        covers=cover_of(config, wanted.cases, wanted.route, wanted.model),
        n=wanted.n,
        cap_pico=wanted.cap_pico,
        estimate_pico=wanted.estimate_pico,
        judge=wanted.judge,
        cases=[asdict(case) for case in wanted.cases],
        wanted=len(wanted.cases) * wanted.n,
        created_by=by[:150],
    )


def under_way(wanted: Order, by: str) -> TransferRun | None:
    """Return the open run that `by` has ordered already with exactly this, None without one."""
    rows = TransferRun.objects.filter(
        kind=wanted.kind,
        model=wanted.model,
        route=wanted.route,
        config_sha=wanted.config.sha,
        n=wanted.n,
        cap_pico=wanted.cap_pico,
        judge=wanted.judge,
        created_by=by[:150],
        state__in=TransferRun.OPEN,
    )
    return next(
        (row for row in rows if row.on_draft is (wanted.draft is not None) and cases_of(row) == wanted.cases),
        None,
    )


def claim(uuid: str, holder: str, at: datetime) -> TransferRun | None:
    """Take a run that is open and nobody's, or whose worker is dead; None when it is neither."""
    rows = TransferRun.objects.filter(uuid=uuid, state__in=TransferRun.OPEN)
    free = rows.filter(Q(holder="") | Q(moved_at__lt=at - SILENT_FOR))
    if not free.update(holder=holder, state=TransferRun.State.RUNNING, moved_at=at):
        return None
    return TransferRun.objects.get(uuid=uuid)


def change(run: TransferRun, holder: str, /, **fields: Any) -> bool:
    """Change a running run that `holder` has; False, changing nothing, when it is not its any more."""
    rows = TransferRun.objects.filter(pk=run.pk, holder=holder, state=TransferRun.State.RUNNING)
    return rows.update(**fields) == 1


def end(run: TransferRun, holder: str, state: str, at: datetime, error: str = "", **fields: Any) -> bool:
    """End a run that `holder` has."""
    fields |= {"state": state, "error": error[:500], "ended_at": at, "moved_at": at, "holder": ""}
    return change(run, holder, cost_pico=spent(run), **fields)


def stop(run: TransferRun, by: str, at: datetime) -> bool:
    """End an open run for staff; the worker that is at it hears of it within two seconds."""
    rows = TransferRun.objects.filter(pk=run.pk, state__in=TransferRun.OPEN)
    error = f"Stopped by {by}."
    return (
        rows.update(state=TransferRun.State.STOPPED, ended_at=at, passed=False, error=error, holder="") == 1
    )


def waiting(at: datetime) -> list[TransferRun]:
    """Return the open runs that nobody is at, for beat to hand over again."""
    silent = Q(moved_at__lt=at - SILENT_FOR) | Q(holder="", moved_at__lt=at - UNTOUCHED_FOR)
    return list(TransferRun.objects.filter(silent, state__in=TransferRun.OPEN).order_by("pk"))


def silent(run: TransferRun, at: datetime) -> bool:
    """Return whether an open run has not moved for so long that the worker may be down."""
    return run.state in TransferRun.OPEN and run.moved_at < at - SILENT_FOR


def spent(run: TransferRun) -> int:
    """Return what the run's calls have cost and hold, in pico-USD; they name it as their turn."""
    calls = ModelCall.objects.filter(turn_id=run.uuid)
    return int(calls.aggregate(sum=Sum(CHARGE))["sum"] or 0)


# ---- results ---------------------------------------------------------------------------------------


def cases_of(run: TransferRun) -> tuple[CaseSpec, ...]:
    """Return the cases as they were when the run was ordered."""
    return tuple(case_of(stored) for stored in run.cases)


def next_to_ask(run: TransferRun) -> tuple[CaseSpec, int] | None:
    """Return the case and repetition that comes next: all cases once, then all again; None after the last."""
    made = set(run.results.values_list("case", "repetition"))
    for repetition in range(1, run.n + 1):
        for case in cases_of(run):
            if (case.id, repetition) not in made:
                return case, repetition
    return None


def repetitions(run: TransferRun) -> tuple[Repetition, ...]:
    """Return what has come back so far."""
    return tuple(_repetition(row) for row in run.results.all())


def _repetition(row: TransferResult) -> Repetition:
    counts = [count for count in (row.input_tokens, row.output_tokens) if count is not None]
    return Repetition(
        case=row.case,
        number=row.repetition,
        route=row.route,
        asked_route=row.asked_route,
        state=row.state,
        model=row.answering_model,
        text=row.text,
        passed=row.passed,
        checks=tuple(Check(**check) for check in row.checks),
        support=row.support,
        first_text_ms=row.first_text_ms,
        total_ms=row.total_ms,
        tokens=sum(counts) if counts else None,
        cost_pico=row.cost_pico,
        detail=row.detail,
    )


def reports(run: TransferRun) -> tuple[CaseReport, ...]:
    """Return the run case by case."""
    return by_case(cases_of(run), run.n, repetitions(run))


# ---- what a model has passed -----------------------------------------------------------------------


def passing(route: str, model: str, covers: str) -> bool:
    """Return whether the newest finished run of a model on a route for exactly this has passed."""
    runs = TransferRun.objects.filter(
        kind=TransferRun.Kind.MODEL, route=route, model=model, covers=covers, state=TransferRun.State.DONE
    )
    return bool(covers) and runs.values_list("passed", flat=True).first() is True


def unmet(content: Any) -> list[tuple[str, str]]:
    """Return each route of a snapshot that asks for a passing test with what is missing on it."""
    config = snapshot.load(0, "", content)
    if not any(route.needs_transfer_test for route in config.routes.values()):
        return []
    return list(transfer_gate.unmet(config, cases_in_use(), wording, passing))


def stood_before(config: Config, route: str, models: Sequence[str]) -> list[TransferRun]:
    """Return of each of these models the newest finished test for exactly what `config` has on a route."""
    cases, found = cases_in_use(), list[TransferRun]()
    for model in models:
        covers = cover_of(config, cases, route, model)
        runs = TransferRun.objects.filter(
            kind=TransferRun.Kind.MODEL, route=route, model=model, covers=covers, state=TransferRun.State.DONE
        )
        if covers and (run := runs.first()) is not None:
            found.append(run)
    return found


def verdict(run: TransferRun) -> str:
    """Return in words how a run went, or stands."""
    found = reports(run)
    ok = sum(report.ok for report in found)
    what = f"{ok} of {len(found)} {'case' if len(found) == 1 else 'cases'} passed"
    often = "once each" if run.n == 1 else f"{run.n} times each"
    when = (run.ended_at or run.created_at).strftime("%Y-%m-%d %H:%M UTC")
    head = "Passed" if run.passed else "Not passed"
    return f"{head}: {what}, {often}, transfer test {run.pk} of {when}"
