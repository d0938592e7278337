"""Backtests: ordered by staff, worked off by the worker in steps, stopped, gone on with by another worker.

A step stores its counts, its rows and where it is in one transaction, so a worker that dies leaves whole
pages behind, and each question counts once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from assistant import watched_call
from assistant.backtest_models import BacktestRow, BacktestRun
from assistant.backtested import Counts, total
from assistant.trials import draft_answers, replaying
from assistant.trials.drafted import CannotTry, Draft, compared_with
from assistant.trials.replaying import Replay, Replayed
from common.clock import ms_since, now, ticks
from faq import claims, index, trying
from faq.models import AskedQuestion, Work
from routing import rollup, snapshot
from routing.config import ConfigError

TASK = "assistant.backtest"
DEFAULT, MOST = 500, 5_000
# A step begins no page after this. Short, because a desk may have one worker process, and mails and the
# roll-up wait behind it.
STEP_MS = 4_000
PAGE = 50  # questions that are stored together: about a second of work
MOST_CHARS = 120  # of a rule's name in a row

NO_QUESTIONS = "Nobody has asked anything yet, so there is nothing to replay."


def frozen(draft: Draft) -> dict[str, Any]:
    """Return a draft as the fields of a run hold it."""
    return {
        "title": draft.title,
        "changes": list(draft.changes),
        "config_number": draft.before,
        "content": dict(draft.content),
        "content_sha": draft.sha,
        "rules_only": draft.rules_only,
        "threshold": draft.threshold,
        "edit": trying.dump(draft.edit),
    }


def order(draft: Draft, wanted: int, by: str) -> BacktestRun:
    """Store an order to replay the last `wanted` questions. Raises CannotTry when there are none."""
    purpose = replaying.whose()
    most = _most(wanted, purpose)
    if not most:
        raise CannotTry(NO_QUESTIONS)
    return BacktestRun.objects.create(**frozen(draft), wanted=most, purpose=purpose, created_by=by[:150])


def under_way(draft: Draft, wanted: int, by: str) -> BacktestRun | None:
    """Return the open backtest that `by` has ordered already of exactly this, None without one."""
    rows = BacktestRun.objects.filter(
        kind=BacktestRun.Kind.BACKTEST,
        content_sha=draft.sha,
        config_number=draft.before,
        threshold=draft.threshold,
        created_by=by[:150],
        state__in=Work.OPEN,
        phase=BacktestRun.Phase.REPLAY,
        wanted=_most(wanted, replaying.whose()),
    )
    edit = trying.dump(draft.edit)
    return next((row for row in rows if row.edit == edit), None)


def _most(wanted: int, purpose: str) -> int:
    return min(wanted, AskedQuestion.objects.filter(purpose=purpose).count(), MOST)


def replay_of(run: BacktestRun) -> Replay:
    """Return what decides questions as the run's two sides do. Raises CannotTry."""
    index.refresh()
    try:
        after = snapshot.load(0, run.content_sha, run.content)
    except ConfigError as problem:
        raise CannotTry(str(problem)) from problem
    return Replay(compared_with(run.config_number), after, run.threshold, trying.load(run.edit))


def work(uuid: str) -> bool:
    """Go on with a run for a step; return whether there is more to do."""
    holder, began = uuid4().hex, ticks()
    run = claims.claim(BacktestRun, uuid, holder, now())
    if run is None:
        return False
    try:
        replay = replay_of(run)
    except CannotTry as problem:
        claims.end(run, holder, Work.State.FAILED, now(), str(problem))
        return False
    if run.phase == BacktestRun.Phase.ANSWER:
        return draft_answers.step(run, holder, replay, began + STEP_MS / 1000)
    while ms_since(began) < STEP_MS:
        if not _page(run, holder, replay):
            return False
        rollup.roll_up(now())  # figures are kept meanwhile, as this may be the only worker
    return claims.release(run, holder, now())


def _page(run: BacktestRun, holder: str, replay: Replay) -> bool:
    """Replay and store a page; False when the run is over, or not ours any more."""
    began = ticks()
    count = min(PAGE, run.wanted - run.done)
    rows = replaying.last(count, run.purpose, run.created_at, _position(run)) if count > 0 else []
    if not rows:
        claims.end(run, holder, Work.State.DONE, now())
        return False
    done = [replay(question) for question in replaying.questions(rows)]
    newest = rows[-1]
    return keep(
        run,
        holder,
        [each for each in done if each.change],
        done=run.done + len(done),
        position=[newest.created_at.isoformat(), str(newest.uuid)],
        counts=total([Counts.load(run.counts), *(each.counts for each in done)]).dump(),
        index_version=run.index_version if run.index_version is not None else replay.index_version,
        index_moved=run.index_moved or run.index_version not in (None, replay.index_version),
        took_ms=run.took_ms + ms_since(began),
    )


def keep(run: BacktestRun, holder: str, rows: Sequence[Replayed], **fields: Any) -> bool:
    """Store what a step has come to, and its rows; False, storing nothing, when the run is not `holder`'s.

    A question that was erased meanwhile leaves no row.
    """
    with transaction.atomic():
        if not claims.change(run, holder, moved_at=now(), **fields):
            return False
        ids = [each.question.uuid for each in rows]
        there = set(AskedQuestion.objects.filter(pk__in=ids).values_list("pk", flat=True))
        BacktestRow.objects.bulk_create(
            [_row(run, each) for each in rows if each.question.uuid in there], ignore_conflicts=True
        )
    for name, value in fields.items():
        setattr(run, name, value)
    return True


def _position(run: BacktestRun) -> replaying.Position | None:
    if not run.position:
        return None
    at, uuid = run.position
    return datetime.fromisoformat(at), UUID(uuid)


def _row(run: BacktestRun, done: Replayed) -> BacktestRow:
    before, after = done.before, done.after
    return BacktestRow(
        run=run,
        question=done.question.uuid,
        change=done.change,
        before_route=before.route[:40],
        after_route=after.route[:40],
        before_model=before.model[:120],
        after_model=after.model[:120],
        before_entry=before.entry,
        after_entry=after.entry,
        before_confidence=before.confidence,
        after_confidence=after.confidence,
        before_rule=before.rule[:MOST_CHARS],
        after_rule=after.rule[:MOST_CHARS],
        asked_at=done.question.at,
    )


def stop(run: BacktestRun, because: str) -> bool:
    """End an open run for staff; what it has counted stays."""
    stopped = claims.stop(run, now())
    if stopped:
        BacktestRun.objects.filter(pk=run.pk).update(ended_because=because[:200])
    return stopped


def drive() -> list[UUID]:
    """Return the backtests that no worker is at, having closed the books of stopped ones."""
    at = now()
    for run in claims.abandoned(BacktestRun, at):
        watched_call.settle_lost(run.uuid)
        claims.close(run, run.holder, draft_answers.spent(run))
    waiting = claims.waiting(BacktestRun, at)
    return [run.uuid for run in waiting if run.kind == BacktestRun.Kind.BACKTEST]


def newest_of(sha: str) -> BacktestRun | None:
    """Return the newest backtest of exactly this configuration and nothing else; None without one."""
    rows = BacktestRun.objects.filter(kind=BacktestRun.Kind.BACKTEST, content_sha=sha, rules_only=True)
    return rows.defer("content", "edit").first()


def erase(questions: Collection[UUID]) -> int:
    """Delete the rows of these questions, with what models wrote for them; the counts name nobody."""
    return BacktestRow.objects.filter(question__in=list(questions)).delete()[0]
