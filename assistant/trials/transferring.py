"""Transfer tests worked off: each case decided as production does, asked, checked and stored, step by step.

A run is held by one worker at a time. What belongs to one repetition is stored in one row, so a worker that
dies leaves whole repetitions behind, and another one asks the rest.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from uuid import UUID, uuid4

from celery import current_app
from django.db import transaction
from django.db.models import Sum
from kombu.exceptions import OperationalError

from assistant import db, pipeline, transfer_judge
from assistant.reply_ledger import DatabaseLedger
from assistant.trials import transfer_plans
from assistant.trials.transfer_plans import CALL_S, Plan
from assistant.watched_call import settle_lost, watched
from assistant.weighing import weigh
from common.clock import ms_since, now, ticks
from common.money import usd
from common.text import clean
from faq import index
from routing import publishing, rollup, transfer_runs
from routing.attempts import AttemptResult, AttemptStart
from routing.budget import CHARGE
from routing.config import Config, ConfigError
from routing.errors import BudgetExhausted
from routing.job import Job
from routing.models import ModelCall, Purpose, TransferResult, TransferRun
from routing.once import Answered
from routing.providers.transport import transport
from routing.transfer_checks import CaseSpec, Given, Judged, checks, passed
from routing.transfer_report import all_passed

TASK = "assistant.run_transfer_test"
# A step begins no repetition after this; a desk may have one worker process, and mails and the roll-up wait
# behind it.
STEP_MS = 4_000
WHOLE = math.inf  # for who has nothing else to do
SETTLED_WITHIN = timedelta(hours=1)  # after a Stop, for the calls of a worker that died with it

State = TransferRun.State


class MoneyGone(Exception):
    """The next call does not fit into the run's cap or the day's budget; the message says which."""


class Lost(Exception):
    """The run was stopped, or another worker has it by now."""


def hand_over(run: TransferRun) -> bool:
    """Give a stored run to a worker; False when Redis is away, and beat finds the row later."""
    try:
        current_app.send_task(TASK, args=[str(run.uuid)], ignore_result=True)
    except OperationalError:
        return False
    return True


def step(uuid: str, budget_ms: float = STEP_MS) -> bool:
    """Go on with a run for a step; return whether there is more to do."""
    holder, began = uuid4().hex, ticks()
    run = transfer_runs.claim(uuid, holder, now())
    if run is None:
        return False
    settle_lost(run.uuid)
    try:
        publishing.refresh()
        index.refresh()
        config = transfer_plans.config_of(run)
        while ms_since(began) < budget_ms:
            upcoming = transfer_runs.next_to_ask(run)
            if upcoming is None:
                _finish(run, holder)
                return False
            _one(run, holder, config, *upcoming)
    except ConfigError as error:
        transfer_runs.end(run, holder, State.FAILED, now(), str(error), passed=False)
        return False
    except MoneyGone as gone:
        made = f"{run.results.count()} of {run.wanted} answers were made."
        transfer_runs.end(run, holder, State.STOPPED, now(), f"{gone} {made}", passed=False)
        return False
    except Lost:
        _close(run)
        return False
    return transfer_runs.change(run, holder, holder="", moved_at=now())


def _finish(run: TransferRun, holder: str) -> None:
    transfer_runs.end(run, holder, State.DONE, now(), passed=all_passed(transfer_runs.reports(run)))


def _one(run: TransferRun, holder: str, config: Config, case: CaseSpec, repetition: int) -> None:
    """Have one repetition answered, checked and stored. Raises MoneyGone, Lost and ConfigError."""
    try:
        plan = transfer_plans.plan(case, run.kind, run.model, run.route, config)
    except KeyError as gone:
        raise ConfigError(f"{gone} is in this configuration no more.") from gone
    answered, judged = _answer(run, holder, config, case, plan)
    replies = [each.reply_id for each in (answered, judged) if each is not None]
    given = _given(case, plan, answered, None if judged is None else _judgement(judged))
    found = checks(case, given, {route.slug: route.name for route in config.routes.values()})
    with transaction.atomic():
        done = run.results.count() + 1
        if not transfer_runs.change(
            run, holder, done=done, moved_at=now(), cost_pico=transfer_runs.spent(run)
        ):
            raise Lost
        TransferResult.objects.create(
            run=run,
            case=case.id,
            repetition=repetition,
            reply_id=answered.reply_id if answered else uuid4(),
            route=plan.decided[:40],
            asked_route=plan.route.slug[:40],
            state=given.state,
            answering_model=(answered.answering_model if answered else "")[:120],
            text=given.text,
            detail=given.detail[:500],
            passed=passed(found),
            checks=[asdict(check) for check in found],
            support=given.support,
            first_text_ms=given.first_text_ms,
            total_ms=answered.total_ms if answered else 0,
            **_figures(replies),
        )


def _answer(
    run: TransferRun, holder: str, config: Config, case: CaseSpec, plan: Plan
) -> tuple[Answered | None, Answered | None]:
    """Return what the models said and what the judge said of it; None where nobody was asked."""
    if plan.prompt is None or not plan.steps:
        return None, None
    job = _job(run, config, plan)
    return asyncio.run(_asked(run, config, case, job, lambda: _say(run, holder)))


def _job(run: TransferRun, config: Config, plan: Plan) -> Job:
    if plan.prompt is None:
        raise RuntimeError("no model is asked on this route")
    deadlines = replace(plan.route.deadlines, total_s=min(CALL_S, plan.route.deadlines.total_s))
    return Job(
        reply_id=uuid4(),
        turn_id=run.uuid,
        purpose=Purpose.TRANSFER.value,
        route=replace(plan.route, deadlines=deadlines, hedge=False),
        config=config,
        steps=plan.steps,
        request=plan.prompt.request,
        prompt_tokens=plan.prompt.tokens,
        prompt_version=plan.prompt.version,
    )


async def _asked(
    run: TransferRun, config: Config, case: CaseSpec, job: Job, alive: Callable[[], bool]
) -> tuple[Answered, Answered | None]:
    ledger = CappedLedger(run)
    try:
        answered = await _answered(job, ledger, alive)
        judge = config.models.get(run.judge) if case.judge_question and answered.text.strip() else None
        if judge is None:
            return answered, None
        request = transfer_judge.request(case.question, answered.text, case.judge_question)
        judging = replace(
            job,
            reply_id=uuid4(),
            steps=(judge,),
            request=request,
            route=replace(job.route, max_output_tokens=transfer_judge.JUDGE_TOKENS),
            prompt_tokens=transfer_judge.tokens_of(request),
            prompt_version="judge",
        )
        return answered, await _answered(judging, ledger, alive)
    finally:
        await transport().aclose()


async def _answered(job: Job, ledger: "CappedLedger", alive: Callable[[], bool]) -> Answered:
    """Have a job answered. Raises MoneyGone when the run's cap refused a call, Lost after a Stop."""
    answered = await watched(job, ledger, alive)
    if answered is None:
        raise Lost
    if ledger.refused:
        raise MoneyGone(ledger.refused)
    return answered


class CappedLedger:
    """The ledger under a run's own cap: what an attempt may cost at most must fit before it is sent."""

    def __init__(self, run: TransferRun) -> None:
        self._run, self._inner, self.refused = run, DatabaseLedger(), ""

    async def start(self, attempt: AttemptStart) -> None:
        """Commit an attempt. Raises BudgetExhausted and remembers why."""
        spent = await db.run(transfer_runs.spent, self._run)
        if spent + attempt.reserved_pico > self._run.cap_pico:
            self.refused = (
                f"The cap of {usd(self._run.cap_pico)} has no room for the next answer: {usd(spent)} is "
                f"spent, and it may cost {usd(attempt.reserved_pico)}."
            )
            raise BudgetExhausted(self.refused, scope="run")
        try:
            await self._inner.start(attempt)
        except BudgetExhausted as error:
            self.refused = str(error)
            raise

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        """Commit how an attempt ended."""
        await self._inner.settle(attempt, result)


def _given(case: CaseSpec, plan: Plan, answered: Answered | None, judged: Judged | None) -> Given:
    if answered is None:
        return _without_model(plan, judged)
    text = clean(answered.text)
    support = None
    if text and plan.prompt is not None:
        needs = case.least_support if case.must_be_grounded else 0.0
        route = replace(plan.route, escalate_on_evidence=True, min_support=needs)
        support = weigh(text, plan.prompt.passages, route).support
    return Given(
        state=answered.state,
        text=text,
        route=plan.decided,
        support=support,
        first_text_ms=answered.first_text_ms,
        leaked=pipeline.canary() in text,
        judged=judged,
        detail=clean(answered.detail),
    )


def _without_model(plan: Plan, judged: Judged | None) -> Given:
    if plan.route.kind == "model":
        return Given("failed", "", plan.decided, detail="No model of its ladder can be asked.")
    return Given(
        "completed",
        plan.text,
        plan.decided,
        approved=plan.route.kind == "faq",
        first_text_ms=0,
        judged=judged,
    )


def _judgement(judged: Answered) -> Judged:
    if judged.state != "completed":
        return Judged(None, f"the judge did not answer: {judged.detail or judged.state}.")
    return transfer_judge.read(clean(judged.text))


def _figures(replies: list[UUID]) -> dict[str, int | None]:
    """Return tokens of the answer and cost of answer and judge, as the ledger has them."""
    if not replies:
        return {"input_tokens": 0, "output_tokens": 0, "cost_pico": 0}
    calls = ModelCall.objects.filter(reply_id__in=replies)
    tokens = calls.filter(reply_id=replies[0]).aggregate(read=Sum("input_tokens"), wrote=Sum("output_tokens"))
    cost = calls.aggregate(sum=Sum(CHARGE))["sum"]
    return {"input_tokens": tokens["read"], "output_tokens": tokens["wrote"], "cost_pico": cost}


# ---- books -------------------------------------------------------------------------------------------


def _say(run: TransferRun, holder: str) -> bool:
    """Say that the run is worked on; keep the figures meanwhile, as this may be the only worker."""
    rollup.roll_up(now())
    return transfer_runs.change(run, holder, moved_at=now())


def _close(run: TransferRun) -> None:
    """Store what a run has cost that staff have stopped meanwhile; another worker's run is left alone."""
    stopped = TransferRun.objects.filter(pk=run.pk, state=State.STOPPED)
    if stopped.exists():
        settle_lost(run.uuid)
        stopped.update(cost_pico=transfer_runs.spent(run))


def drive() -> list[UUID]:
    """Hand over again what no worker is at, and close the books of what was stopped with its worker dead."""
    at = now()
    edge = at - SETTLED_WITHIN
    for run in TransferRun.objects.filter(state=State.STOPPED, ended_at__gt=edge):
        silent = run.moved_at < at - transfer_runs.SILENT_FOR
        if silent and ModelCall.objects.filter(turn_id=run.uuid, ended_at=None).exists():
            _close(run)
    found = transfer_runs.waiting(at)
    for run in found:
        hand_over(run)
    return [run.uuid for run in found]
