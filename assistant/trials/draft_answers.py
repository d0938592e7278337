"""The answers of a draft's models to questions that visitors asked: for staff to read, never for a visitor.

Only when somebody has asked for it, under a cap, and booked under the purpose `shadow`, which has a budget
of its own and stands in no manager's figure.
"""

from dataclasses import replace
from uuid import UUID, uuid4

from django.db.models import Count, Q, QuerySet, Sum

from assistant import watched_call
from assistant.backtest_models import BacktestRow, BacktestRun
from assistant.pipeline import plan_route
from assistant.reply_ledger import DatabaseLedger
from assistant.trials import replaying
from assistant.trials.replaying import Question, Replay
from common.clock import now, ticks
from faq import claims
from faq.models import Work
from routing import rollup
from routing.dispatch import Job, first_attempt
from routing.ladder import steps_of
from routing.models import ModelCall, Purpose

MOST_ANSWERS = 100
CALL_S = 40.0  # a task has to end within 60 s, and one call with all its fallbacks is a step
LONGEST = 20_000  # characters of an answer that are kept

BUDGET = "budget"
NO_MODEL, GONE = "no_model", "gone"
CAP_REACHED = "The cap for its answers is reached."
NO_PRICE = "{} has no price in the catalogue, so no cap would hold it."


def pending(run: BacktestRun) -> QuerySet[BacktestRow]:
    """Return the rows that the draft sends to a model and that have not been answered, newest first."""
    return run.rows.filter(answer_state="").exclude(after_model="")


def order(run: BacktestRun, wanted: int, cap_pico: int) -> bool:
    """Have up to `wanted` changed questions of a run answered; False when there are none or it goes on."""
    wanted = min(wanted, MOST_ANSWERS, pending(run).count())
    if wanted < 1 or cap_pico < 1:
        return False
    ended = BacktestRun.objects.filter(pk=run.pk, kind=BacktestRun.Kind.BACKTEST, state=Work.State.DONE)
    return (
        ended.update(
            state=Work.State.QUEUED,
            phase=BacktestRun.Phase.ANSWER,
            answers_wanted=run.answers_done + wanted,
            cap_pico=(run.cost_pico or 0) + cap_pico,
            ended_because="",
            moved_at=now(),
        )
        == 1
    )


def step(run: BacktestRun, holder: str, replay: Replay, ends: float) -> bool:
    """Have questions answered until `ends` (of common.clock.ticks), one at least; return if more are left."""
    watched_call.settle_lost(run.uuid)
    while True:
        if run.answers_done >= run.answers_wanted or (row := pending(run).first()) is None:
            claims.end(run, holder, Work.State.DONE, now())
            return False
        why = answer(run, holder, replay, row)
        if why is not None:
            claims.end(run, holder, Work.State.DONE, now(), ended_because=why[:200])
            return False
        if not claims.change(
            run, holder, moved_at=now(), answers_done=run.answers_done + 1, cost_pico=spent(run)
        ):
            claims.close(run, holder, spent(run))
            return False
        run.answers_done += 1
        if ticks() >= ends:
            return claims.release(run, holder, now())


def answer(run: BacktestRun, holder: str, replay: Replay, row: BacktestRow) -> str | None:
    """Have one question answered and store it; return why no more is to be asked, None when more may be.

    Raises DatabaseGone.
    """
    asked = replaying.by_ids([row.question])
    job = _job(run, replay, asked[0]) if asked else None
    if job is None:
        _store(row, answer_state=NO_MODEL if asked else GONE)
        return None
    if run.cap_pico and (why := _over_cap(run, job)):
        return why
    found = watched_call.answer(job, DatabaseLedger(), lambda: _say(run, holder))
    if found is None:
        return None  # stopped, or taken over: the next conditional change finds out
    if found.ended_by == BUDGET:
        return found.detail or "The budget for shadow answers is spent."
    _store(
        row,
        answer_state=found.state,
        answer_text=found.text[:LONGEST],
        answer_model=found.answering_model[:120],
        answer_reply=found.reply_id,
        answer_first_text_ms=found.first_text_ms,
        answer_total_ms=found.total_ms,
    )
    return None


def _store(row: BacktestRow, **fields: object) -> None:
    # By an update: a row that was erased meanwhile stays erased.
    BacktestRow.objects.filter(pk=row.pk).update(**fields)


def _job(run: BacktestRun, replay: Replay, question: Question) -> Job | None:
    """Return the job of the draft's models for a question; None where it asks none."""
    config, decided = replay.after, replay.drafted(question)
    if decided.route.kind != "model":
        return None
    prompt, ladder, _ = plan_route(question.text, question.facts, config, decided.route)
    steps = steps_of(ladder)
    if not steps:
        return None
    deadlines = replace(decided.route.deadlines, total_s=min(CALL_S, decided.route.deadlines.total_s))
    return Job(
        reply_id=uuid4(),
        turn_id=run.uuid,  # not the visitor's: what is erased of them has no call here
        purpose=Purpose.SHADOW.value,
        route=replace(decided.route, deadlines=deadlines),
        config=config,
        steps=steps,
        request=prompt.request,
        prompt_tokens=prompt.tokens,
        prompt_version=prompt.version,
    )


def _over_cap(run: BacktestRun, job: Job) -> str:
    """Return why a call may not be made under the run's cap, "" when it may."""
    most, so_far = first_attempt(job).reserved_pico, spent(run)
    if not most or so_far is None:
        return NO_PRICE.format(job.steps[0].label)
    return CAP_REACHED if so_far + most > run.cap_pico else ""


def _say(run: BacktestRun, holder: str) -> bool:
    rollup.roll_up(now())
    return claims.say(run, holder, now())


def spent(run: BacktestRun) -> int | None:
    """Return what a run's calls have cost in pico-USD, None when that of any is unknown."""
    return watched_call.spent(run.uuid, Purpose.SHADOW)


def costs(replies: list[UUID]) -> dict[UUID, int | None]:
    """Return what answers have cost, by the id that the ledger knows each by; None when unknown."""
    calls = ModelCall.objects.filter(reply_id__in=replies).values("reply_id")
    sums = calls.annotate(cost=Sum("cost_pico"), unknown=Count("pk", filter=Q(cost_pico=None)))
    found = sums.values_list("reply_id", "cost", "unknown")
    return {reply: None if unknown else cost for reply, cost, unknown in found if reply is not None}
