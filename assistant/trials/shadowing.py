"""Shadow runs: a share of visitors' messages is decided by a draft as well, and no visitor waits for it.

The worker looks at the questions that were stored since it looked last, so a turn is not touched: no hop, no
thread, no lock of a web process. Everything it goes by stands in one row of the database, so that it does not
matter which process stored a message, which worker looks, or whether any was restarted meanwhile.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from assistant import watched_call
from assistant.backtest_models import BacktestRow, BacktestRun
from assistant.backtested import Counts, total
from assistant.trials import draft_answers, replaying
from assistant.trials.backtests import PAGE, STEP_MS, frozen, keep
from assistant.trials.drafted import CannotTry, Draft
from assistant.trials.replaying import Replay
from common.clock import ms_since, now, ticks
from faq import claims, index, trying
from faq.models import AskedQuestion, Work
from routing import publishing, rollup, snapshot
from routing.config import ConfigError
from routing.models import Purpose
from routing.shares import share_of

logger = logging.getLogger(__name__)

TASK = "assistant.shadow"
# A message is committed some time after its row got its date: as long as a database may be waited for.
LATE_BY = timedelta(seconds=40)
MOST_DAYS = 31
READ_AT_ONCE = 500  # ids of questions that are looked at together
ANSWER_WITHIN = timedelta(minutes=10)  # what the worker does not reach in this time is left unanswered

OVER, BY_HAND, SPENT = "Its time was over.", "Stopped by {}.", "Its budget is spent: {}"
ANOTHER = "Another shadow run is on. Stop it first."


def start(draft: Draft, share: float, until: datetime, by: str, *, answers: bool = False) -> BacktestRun:
    """Store a shadow run; the worker begins with the next message. Raises CannotTry, as for a second one."""
    if not 0 <= share <= 100:
        raise CannotTry("A share lies between 0 and 100 percent.")
    if not now() < until <= now() + timedelta(days=MOST_DAYS):
        raise CannotTry(f"A shadow run ends in the future, and within {MOST_DAYS} days.")
    try:
        with transaction.atomic():
            return BacktestRun.objects.create(
                **frozen(draft),
                kind=BacktestRun.Kind.SHADOW,
                share=share,
                until=until,
                answers=answers,
                created_by=by[:150],
            )
    except IntegrityError as problem:
        raise CannotTry(ANOTHER) from problem


def active() -> BacktestRun | None:
    """Return the shadow run that is on, None without one."""
    return BacktestRun.objects.filter(kind=BacktestRun.Kind.SHADOW, state__in=Work.OPEN).first()


def look() -> bool:
    """Decide what was asked since the last look, for a step; return whether there is more to do at once."""
    run, holder, began = active(), uuid4().hex, ticks()
    if run is None:
        return False
    held = claims.claim(BacktestRun, str(run.uuid), holder, now())
    if held is None:
        return False
    try:
        replay = _replay(held)
    except CannotTry as problem:
        claims.end(held, holder, Work.State.FAILED, now(), str(problem))
        return False
    more = _decide_new(held, holder, replay, began)
    if more is None or (held.answers and not _answer(held, holder, replay, began)):
        return False
    if not more and held.until is not None and now() >= held.until:
        claims.end(held, holder, Work.State.DONE, now(), ended_because=OVER)
        return False
    return claims.release(held, holder, now()) and more


def _decide_new(run: BacktestRun, holder: str, replay: Replay, began: float) -> bool | None:
    """Decide new messages for a step; return whether there may be more, None when the run is not ours."""
    for page in _pages(run):
        if not _decide(run, holder, replay, page):
            return None
        rollup.roll_up(now())
        if ms_since(began) >= STEP_MS:
            return True
    return False


def _replay(run: BacktestRun) -> Replay:
    """Return what decides messages by what is published now, and by the draft."""
    publishing.refresh()
    index.refresh()
    try:
        before, after = publishing.current(), snapshot.load(0, run.content_sha, run.content)
    except ConfigError as problem:
        raise CannotTry(str(problem)) from problem
    return Replay(before, after, run.threshold, trying.load(run.edit))


def _pages(run: BacktestRun) -> Iterator[list[AskedQuestion]]:
    """Yield the questions that are of the share and have not been counted, oldest first."""
    last = datetime.fromisoformat(run.position[0]) if run.position else run.created_at
    rows = AskedQuestion.objects.filter(purpose=Purpose.VISITOR, created_at__gte=run.created_at)
    if run.until is not None:
        rows = rows.filter(created_at__lt=run.until)
    fresh = rows.filter(created_at__gte=last - LATE_BY).order_by("created_at", "uuid")
    ids = [uuid for uuid in fresh.values_list("uuid", flat=True).iterator(READ_AT_ONCE) if _drawn(run, uuid)]
    for start in range(0, len(ids), READ_AT_ONCE):
        some = ids[start : start + READ_AT_ONCE]
        seen = set(BacktestRow.objects.filter(run=run, question__in=some).values_list("question", flat=True))
        left = [uuid for uuid in some if uuid not in seen]
        for place in range(0, len(left), PAGE):
            page = left[place : place + PAGE]
            yield list(AskedQuestion.objects.filter(pk__in=page).order_by("created_at", "uuid"))


def _drawn(run: BacktestRun, question: UUID) -> bool:
    return share_of(str(question), run.uuid.hex) < run.share


def _decide(run: BacktestRun, holder: str, replay: Replay, rows: Sequence[AskedQuestion]) -> bool:
    began = ticks()
    done = [replay(question) for question in replaying.questions(rows)]
    if not done:
        return True
    return keep(
        run,
        holder,
        done,
        done=run.done + len(done),
        wanted=run.done + len(done),
        position=[rows[-1].created_at.isoformat(), str(rows[-1].uuid)],
        counts=total([Counts.load(run.counts), *(each.counts for each in done)]).dump(),
        index_version=run.index_version if run.index_version is not None else replay.index_version,
        index_moved=run.index_moved or run.index_version not in (None, replay.index_version),
        took_ms=run.took_ms + ms_since(began),
    )


def _answer(run: BacktestRun, holder: str, replay: Replay, began: float) -> bool:
    """Have the newest messages answered for the rest of a step; False when the run is over or not ours."""
    watched_call.settle_lost(run.uuid)
    while ms_since(began) < STEP_MS:
        row = draft_answers.pending(run).filter(asked_at__gte=now() - ANSWER_WITHIN).first()
        if row is None:
            return True
        why = draft_answers.answer(run, holder, replay, row)
        if why is not None:
            told, cost = SPENT.format(why)[:200], draft_answers.spent(run)
            claims.end(run, holder, Work.State.DONE, now(), ended_because=told, cost_pico=cost)
            logger.warning("the shadow run %s has ended: %s", run.pk, why)
            return False
        run.answers_done += 1
        if not claims.change(
            run, holder, moved_at=now(), answers_done=run.answers_done, cost_pico=draft_answers.spent(run)
        ):
            return False
    return True
