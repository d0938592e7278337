"""Shadow runs: each message counts once or not at all, nobody waits, and each end is told."""

from datetime import timedelta

import pytest

from assistant.backtest_models import BacktestRow, BacktestRun
from assistant.backtested import ROUTE, Counts
from assistant.models import Turn
from assistant.privacy.erasing import erase
from assistant.trials import shadowing
from assistant.trials.drafted import CannotTry, Wish, put_together
from common.clock import now
from faq.models import AskedQuestion, Work
from routing import metrics, publishing, rollup
from routing.models import Budget, ModelCall, Purpose
from tests.backtests.conftest import COMMON, OTHER, RESET, Ask, draft_a_rule
from tests.control import Control


def begun(share: float = 100, *, answers: bool = False, hours: float = 1) -> BacktestRun:
    draft = put_together(Wish())
    return shadowing.start(draft, share, now() + timedelta(hours=hours), "support", answers=answers)


def looked(run: BacktestRun) -> BacktestRun:
    while shadowing.look():
        pass
    run.refresh_from_db()
    return run


@pytest.mark.parametrize(("share", "counted"), [(100, 3), (0, 0)])
def test_a_share_counts_each_message_once_or_none(ask: Ask, share: float, counted: int) -> None:
    ask(COMMON)  # before it began
    draft_a_rule("texts")
    run = begun(share)
    for text in (COMMON, OTHER, RESET):
        ask(text)
    ask(COMMON, purpose="demo")
    for _ in range(3):
        looked(run)
    counts = Counts.load(run.counts)
    assert (run.state, run.done, counts.n, run.rows.count()) == (
        Work.State.RUNNING,
        counted,
        counted,
        counted,
    )
    assert counts.kinds == ({ROUTE: 1} if counted else {})
    ask(COMMON)
    assert Counts.load(looked(run).counts).n == counted + bool(counted)


def test_a_part_of_the_messages_is_drawn_and_stays_drawn(ask: Ask) -> None:
    draft_a_rule("texts")
    run = begun(50)
    for _ in range(12):
        ask(OTHER)
    first = set(looked(run).rows.values_list("question", flat=True))
    assert 0 < len(first) < 12
    assert set(looked(run).rows.values_list("question", flat=True)) == first


def test_a_message_that_was_committed_late_is_not_missed(ask: Ask) -> None:
    draft_a_rule("texts")
    run = begun()
    early = ask(COMMON)
    late = ask(OTHER)
    looked(run)
    BacktestRow.objects.filter(question=early).delete()  # as if its commit had come after the look
    looked(run)
    assert set(run.rows.values_list("question", flat=True)) == {early, late}


def test_another_worker_goes_on_where_one_died(ask: Ask) -> None:
    draft_a_rule("texts")
    run = begun()
    ask(COMMON)
    BacktestRun.objects.update(state=Work.State.RUNNING, holder="the dead one", moved_at=now())
    assert looked(run).done == 0
    BacktestRun.objects.update(moved_at=now() - timedelta(minutes=1))
    assert looked(run).done == 1


def test_it_switches_itself_off_at_its_end(ask: Ask) -> None:
    draft_a_rule("texts")
    run = begun()
    ask(COMMON)
    looked(run)
    BacktestRun.objects.update(until=now())
    ask(COMMON)
    looked(run)
    assert (run.state, run.ended_because, run.done) == (Work.State.DONE, shadowing.OVER, 1)
    assert shadowing.active() is None
    begun()
    with pytest.raises(CannotTry, match="Another shadow run"):
        begun()


@pytest.mark.parametrize(("share", "hours"), [(101, 1), (-1, 1), (50, -1), (50, 24 * 365)])
def test_what_cannot_be_shadowed_is_refused(ask: Ask, share: float, hours: float) -> None:
    draft_a_rule("texts")
    with pytest.raises(CannotTry):
        begun(share, hours=hours)
    assert not BacktestRun.objects.exists()


def test_rows_go_with_their_visitor(ask: Ask) -> None:
    draft_a_rule("texts")
    run = begun()
    gone, stays = ask(COMMON), ask(COMMON)
    looked(run)
    erase(Turn.objects.get(pk=gone).visitor_id)
    assert set(looked(run).rows.values_list("question", flat=True)) == {stays}
    assert not AskedQuestion.objects.filter(pk=gone).exists()


def test_answers_are_booked_under_shadow_and_never_in_managers_figures(upstream: Control, ask: Ask) -> None:
    draft_a_rule("texts")
    run = begun(answers=True)
    ask(COMMON)
    ask(RESET)  # the FAQ answers it, so no model is asked
    looked(run)
    assert (run.answers_done, run.rows.exclude(answer_text="").count()) == (1, 1)
    call = ModelCall.objects.get()
    assert (call.purpose, call.turn_id, call.route) == (Purpose.SHADOW, run.uuid, "complex")
    assert run.cost_pico == call.cost_pico
    assert {row.scope for row in Budget.objects.all()} == {"shadow"}
    rollup.roll_up(now() + timedelta(minutes=2))
    report = metrics.figures(now() - timedelta(hours=1), now() + timedelta(hours=1))
    assert (report.total.requests, report.models) == (0, ())


def test_a_spent_budget_switches_it_off_and_says_so(upstream: Control, ask: Ask) -> None:
    draft_a_rule("texts")
    run = begun(answers=True)
    settings = {**publishing.current().settings, "daily_cost_cap_usd": "0"}
    publishing.publish(by="test", settings=settings, rule_set=False)
    ask(COMMON)
    requests = len(upstream.requests())
    looked(run)
    assert run.state == Work.State.DONE
    assert run.ended_because.startswith("Its budget is spent")
    assert (run.done, run.answers_done, len(upstream.requests())) == (1, 0, requests)
