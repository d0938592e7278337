"""Backtests over questions as visitors asked them: what changes, what does not, and that nothing moves."""

import json
from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from assistant.admin.backtest_forms import TryForm
from assistant.backtest_models import BacktestRow, BacktestRun
from assistant.backtested import GAINED, LOST, MODEL, ROUTE, Counts
from assistant.models import Conversation, Turn, Visitor
from assistant.privacy import retention
from assistant.privacy.erasing import erase
from assistant.trials import backtests, draft_answers, replaying
from assistant.trials.drafted import NOTHING, CannotTry, Wish, compared_with, put_together
from common.clock import now
from faq import claims, index, services
from faq.models import AskedQuestion, Entry, Work
from routing.caps import ALL
from routing.models import Budget, CatalogueModel, LadderStep, ModelCall, Purpose, RouteOutcome
from tests.backtests.conftest import COMMON, OTHER, RESET, THANKS, Ask, draft_a_rule
from tests.control import Control

NEAR = "are clients able to cancel?"  # found with a confidence between 0.8, where answers begin, and 0.95


def run_of(wish: Wish, wanted: int = 500) -> BacktestRun:
    run = backtests.order(put_together(wish), wanted, "support")
    while backtests.work(str(run.uuid)):
        pass
    run.refresh_from_db()
    assert (run.state, run.error) == (Work.State.DONE, "")
    return run


def changes_of(run: BacktestRun) -> dict[UUID, tuple[str, str, str]]:
    return {row.question: (row.change, row.before_route, row.after_route) for row in run.rows.all()}


def test_a_rule_that_sends_some_to_complex_shows_exactly_these(ask: Ask) -> None:
    texts, other, reset = ask(COMMON), ask(OTHER), ask(RESET)
    before = AskedQuestion.objects.get(pk=other).route
    draft_a_rule("texts")
    run = run_of(Wish())
    assert changes_of(run) == {texts: (ROUTE, "common", "complex")}
    counts = Counts.load(run.counts)
    assert (counts.n, counts.changed, run.done, run.wanted) == (3, 1, 3, 3)
    row = run.rows.get()
    assert (row.before_rule != "Texts", row.after_rule) == (True, "Texts")
    assert before == AskedQuestion.objects.get(pk=other).route
    assert reset not in changes_of(run)


def test_without_a_draft_there_is_nothing_to_try(ask: Ask) -> None:
    ask(COMMON)
    with pytest.raises(CannotTry, match=NOTHING.split(":")[0]):
        put_together(Wish())
    draft_a_rule("texts")
    AskedQuestion.objects.all().delete()
    with pytest.raises(CannotTry, match="Nobody has asked"):
        backtests.order(put_together(Wish()), 10, "support")


@pytest.mark.parametrize(("threshold", "kinds"), [(0.95, {LOST: 1}), (0.85, {}), (0.5, {})])
def test_a_threshold_loses_what_it_keeps_back(ask: Ask, threshold: float, kinds: dict[str, int]) -> None:
    near, sure = ask(NEAR), ask(RESET)
    confidence = AskedQuestion.objects.get(pk=near).confidence
    assert 0.85 < confidence < 0.95
    run = run_of(Wish(threshold=threshold))
    assert Counts.load(run.counts).kinds == kinds
    assert sure not in changes_of(run)
    assert set(changes_of(run)) == ({near} if kinds else set())


def test_an_edit_of_the_faq_gains_and_loses_and_leaves_the_live_index_alone(ask: Ask) -> None:
    zeppelin, reset = ask("How do I paint my zeppelin?"), ask(RESET)
    entry = services.save_entry(Entry(question="How do I paint my zeppelin?", answer="With a brush."))
    assert entry.status == Entry.Status.DRAFT
    gone = Entry.objects.get(question=RESET)
    index.refresh()
    live = index.current()
    run = run_of(Wish(publish=(entry.pk,), archive=(gone.pk,)))
    found = {question: change for question, (change, *_) in changes_of(run).items()}
    assert found[zeppelin] == GAINED
    assert found[reset] == LOST
    assert run.rows.get(question=zeppelin).after_entry == str(entry.pk)
    index.refresh()
    assert index.current() is live
    assert str(entry.pk) not in live.answers


def test_a_further_way_to_ask_is_tried_without_being_stored(ask: Ask) -> None:
    question = ask("Whither with the old secret word?")
    entry = Entry.objects.get(question=RESET)
    ways = entry.phrasings.count()
    run = run_of(Wish(asked_as={entry.pk: ["Whither with the old secret word?"]}))
    assert changes_of(run)[question][0] == GAINED
    assert entry.phrasings.count() == ways
    with pytest.raises(CannotTry, match="There is no entry no"):
        put_together(Wish(publish=(999999,)))


def test_another_model_first_is_a_change_of_its_own(ask: Ask) -> None:
    question = ask(COMMON)
    first, second = LadderStep.objects.filter(route_id="common").values_list("model_id", flat=True)[:2]
    run = run_of(Wish(rules=False, swap=("common", second)))
    row = run.rows.get()
    assert (row.question, row.change, row.before_model, row.after_model) == (question, MODEL, first, second)
    with pytest.raises(CannotTry, match="not in the catalogue"):
        put_together(Wish(swap=("common", "no-such-model")))
    CatalogueModel.objects.filter(pk=second).update(retires_on=now().date())
    with pytest.raises(CannotTry, match="nobody would be asked it"):
        put_together(Wish(swap=("common", second)))
    offered = str(TryForm()["model"])
    assert f'value="{first}"' in offered and f'value="{second}"' not in offered


def test_a_question_meets_its_conversation_as_it_was(ask: Ask) -> None:
    visitor = Visitor.objects.create(plan="free")
    conversation = Conversation.objects.create(visitor=visitor)
    ask(COMMON, conversation)
    second = ask("And what does that cost, anna@example.org?", conversation)
    Visitor.objects.update(plan="pro")  # since then
    (question,) = replaying.by_ids([second])
    assert (question.facts.plan, question.facts.depth) == ("free", 1)
    assert question.facts.previous_texts == (COMMON,)
    assert "anna@example.org" not in question.text
    assert not question.alone
    Turn.objects.all().delete()
    (question,) = replaying.by_ids([second])
    assert question.alone


def test_nothing_is_written_and_nobody_is_asked(upstream: Control, ask: Ask) -> None:
    for text in (COMMON, OTHER, RESET, THANKS):
        ask(text)
    draft_a_rule("texts")
    own = {"assistant_backtestrun", "assistant_backtestrow", "sqlite_sequence", "routing_rollupstate"}
    tables = [name for name in connection.introspection.table_names() if name not in own]

    def all_rows() -> dict[str, list[tuple[object, ...]]]:
        with connection.cursor() as cursor:
            return {name: cursor.execute(f"SELECT * FROM {name}").fetchall() for name in tables}

    rows, bill, requests = all_rows(), upstream.invoice(), len(upstream.requests())
    run_of(Wish(threshold=0.5))
    assert all_rows() == rows
    assert (upstream.invoice(), len(upstream.requests())) == (bill, requests)


def test_a_dead_worker_is_followed_by_another_and_each_question_counts_once(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        ask(COMMON)
    draft_a_rule("texts")
    run = backtests.order(put_together(Wish()), 500, "support")
    monkeypatch.setattr(backtests, "PAGE", 2)
    held = claims.claim(BacktestRun, str(run.uuid), "the dead one", now())
    assert held is not None
    assert backtests._page(held, "the dead one", backtests.replay_of(held))
    assert not backtests.work(str(run.uuid)), "it is held"
    BacktestRun.objects.update(moved_at=now() - timedelta(minutes=1))
    assert backtests.drive() == [run.uuid]
    assert not backtests.work(str(run.uuid))
    run.refresh_from_db()
    assert (run.state, run.done, run.rows.count()) == (Work.State.DONE, 5, 5)
    assert not backtests._page(held, "the dead one", backtests.replay_of(held)), "it is not its any more"
    assert backtests.drive() == []


def test_a_stopped_run_keeps_what_it_has_counted(ask: Ask) -> None:
    ask(COMMON)
    draft_a_rule("texts")
    run = backtests.order(put_together(Wish()), 500, "support")
    assert backtests.stop(run, "Stopped by support.")
    assert not backtests.work(str(run.uuid))
    run.refresh_from_db()
    assert (run.state, run.done, run.ended_because) == (Work.State.STOPPED, 0, "Stopped by support.")
    assert not backtests.stop(run, "again")


def test_rows_go_with_their_visitor_and_with_the_age_of_questions(ask: Ask) -> None:
    erased, old = ask(COMMON), ask(COMMON)
    draft_a_rule("texts")
    run = run_of(Wish())
    assert run.rows.count() == 2
    BacktestRow.objects.update(answer_text="What a model wrote.")
    erase(Turn.objects.get(pk=erased).visitor_id)
    assert set(run.rows.values_list("question", flat=True)) == {old}
    AskedQuestion.objects.filter(pk=old).update(created_at=now() - timedelta(days=400))
    retention.run(now())
    assert not BacktestRow.objects.exists()
    run.refresh_from_db()
    assert Counts.load(run.counts).n == 2, "counts name nobody"


def test_the_newest_backtest_of_exactly_this_draft_is_found(ask: Ask) -> None:
    ask(COMMON)
    rule = draft_a_rule("texts")
    draft = put_together(Wish())
    run = run_of(Wish())
    assert backtests.newest_of(draft.sha) == run
    run_of(Wish(threshold=0.5))
    assert backtests.newest_of(draft.sha) == run, "another threshold is another draft"
    rule.name = "Texts and more"
    rule.save()
    assert backtests.newest_of(put_together(Wish()).sha) is None


def test_changed_questions_are_answered_under_a_cap_when_somebody_asks(upstream: Control, ask: Ask) -> None:
    for _ in range(3):
        ask(COMMON)
    draft_a_rule("texts")
    run = run_of(Wish())
    assert not ModelCall.objects.exists()
    assert draft_answers.order(run, 2, 10**12)
    while backtests.work(str(run.uuid)):
        pass
    run.refresh_from_db()
    assert (run.state, run.answers_done, run.ended_because) == (Work.State.DONE, 2, "")
    answered = run.rows.exclude(answer_text="")
    assert [row.answer_state for row in answered] == ["completed"] * 2
    calls = ModelCall.objects.all()
    assert {(call.purpose, call.turn_id, call.route) for call in calls} == {
        (Purpose.SHADOW, run.uuid, "complex")
    }
    assert run.cost_pico == sum(call.cost_pico or 0 for call in calls) > 0
    assert {row.scope for row in Budget.objects.all()} == {"shadow"} != {ALL}
    assert not RouteOutcome.objects.exists(), "no manager's figure moves"


def test_a_cap_that_holds_no_answer_asks_nobody_and_says_so(upstream: Control, ask: Ask) -> None:
    ask(COMMON)
    draft_a_rule("texts")
    run = run_of(Wish())
    requests = len(upstream.requests())
    assert draft_answers.order(run, 5, 1)
    assert not backtests.work(str(run.uuid))
    run.refresh_from_db()
    assert (run.ended_because, run.answers_done) == (draft_answers.CAP_REACHED, 0)
    assert len(upstream.requests()) == requests


def command(*args: str) -> str:
    said = StringIO()
    call_command("backtest", *args, stdout=said, stderr=StringIO())
    return said.getvalue()


def test_the_command_says_the_same_and_stores_nothing(ask: Ask) -> None:
    ask(COMMON)
    ask(RESET)
    with pytest.raises(CommandError, match="Nothing is drafted"):
        command()
    draft_a_rule("texts")
    said = command("--n", "10")
    assert "2 questions, 1 of them change (50 %)" in said
    assert repr(COMMON) in said and "by “Texts”" in said
    figures = json.loads(command("--json", "--threshold", "0.85"))
    assert (figures["questions"], figures["kinds"][ROUTE]) == (2, 1)
    assert figures["moves"][0]["from"] == "common"
    assert not BacktestRun.objects.exists()
    assert compared_with(1).number == 1
