"""Cases are asked of the shipped sandbox, over its socket, and stored repetition by repetition."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from assistant import watched_call
from assistant.example import cases as example
from assistant.trials import transfer_plans, transferring
from common.clock import now
from routing import transfer_runs
from routing.caps import TESTS
from routing.models import Budget, ModelCall, Purpose, TransferCase, TransferRun
from routing.transfer_checks import CaseSpec
from tests.control import Control
from tests.transfer.conftest import LITE, OTHER, Run

Only = Callable[..., TransferCase]


def test_the_examples_cases_pass_as_the_desk_is_shipped(upstream: Control, run: Run) -> None:
    done = run()
    assert [report.failures for report in transfer_runs.reports(done) if not report.ok] == []
    assert (done.state, done.passed, done.done, done.error) == ("done", True, len(example.CASES), "")
    calls = ModelCall.objects.all()
    assert {call.purpose for call in calls} == {Purpose.TRANSFER}
    assert {call.turn_id for call in calls} == {done.uuid}
    assert done.cost_pico == sum(call.cost_pico or 0 for call in calls) > 0
    assert done.cost_pico <= (done.estimate_pico or 0)
    book = Budget.objects.get()
    assert (book.scope, book.spent_pico, book.reserved_pico) == (TESTS, done.cost_pico, 0)
    instant = done.results.filter(asked_route__in=("faq", "person", "small_talk"))
    assert instant.count() == 4 and {row.cost_pico for row in instant} == {0}


def test_a_case_passes_on_one_model_and_fails_on_another(upstream: Control, only: Only, run: Run) -> None:
    only(must_be_grounded=True)
    upstream.fault("obey", model=OTHER, times=9)
    good, bad = (run("model", model=model, route="common") for model in (LITE, OTHER))
    assert (good.passed, bad.passed) == (True, False)
    (report,) = transfer_runs.reports(bad)
    assert "Does not say “30 days”." in report.failures
    assert transfer_runs.passing("common", LITE, good.covers)
    assert not transfer_runs.passing("common", OTHER, bad.covers)
    assert transfer_runs.verdict(bad).startswith("Not passed: 0 of 1 case passed, once each")
    assert transfer_runs.verdict(good).startswith("Passed: 1 of 1 case")
    assert {row.answering_model for row in bad.results.all()} <= {OTHER}, "no other model steps in"


def test_a_fault_on_one_of_three_is_a_figure(upstream: Control, only: Only, run: Run) -> None:
    only()
    upstream.fault("obey", model=LITE, times=1)
    done = run("model", model=LITE, route="common", n=3)
    (report,) = transfer_runs.reports(done)
    assert (report.passed, report.wanted, done.passed) == (2, 3, False)
    assert report.repeatability == pytest.approx(2 / 3)
    assert report.agreement is not None and 1 / 3 < report.agreement < 1, "two of the answers are the same"
    assert report.failures == ("Does not say “30 days”. (1 of 3)",)


def test_earlier_messages_are_given_as_history(upstream: Control, only: Only, run: Run) -> None:
    case = only(question="Does it send texts too?", must_route="", must_say="SMS", routes=["common"])
    case.turns.create(visitor="How do I turn on reminders?", assistant="Open Settings, then Reminders.")
    done = run("route", route="common")
    assert done.passed, transfer_runs.reports(done)[0].failures
    messages = str(upstream.requests()[-1])
    assert "Does it send texts too?" in messages
    assert transfer_plans.facts_of(transfer_runs.cases_of(done)[0]).depth == 1


def test_the_cap_is_held_before_each_call(upstream: Control, only: Only, run: Run) -> None:
    only()
    one = run("model", model=LITE, route="common").estimate_pico or 0
    asked = len(upstream.requests())
    done = run("model", model=LITE, route="common", n=3, cap_pico=one)
    assert (done.state, done.passed) == (TransferRun.State.STOPPED, False)
    assert done.error.startswith("The cap of $") and done.error.endswith("of 3 answers were made.")
    assert done.cost_pico <= one
    assert 1 <= len(upstream.requests()) - asked == done.done < 3
    assert run("model", model=LITE, route="common", cap_pico=1).done == 0


def test_a_dead_workers_run_goes_on_and_its_call_is_paid(upstream: Control, only: Only, run: Run) -> None:
    only()
    order = transfer_plans.build("model", model=LITE, route="common", n=2, cap_pico=10**12)
    dead = transfer_runs.order(order, "support")
    uuid = str(dead.uuid)
    taken = transfer_runs.claim(uuid, "dead", now())
    assert taken is not None
    config = transfer_plans.config_of(taken)
    transferring._one(taken, "dead", config, *_next(taken))
    assert not transferring.step(uuid), "it is held"
    TransferRun.objects.update(moved_at=now() - timedelta(minutes=1))
    assert [each.pk for each in transfer_runs.waiting(now())] == [dead.pk]
    with pytest.raises(transferring.Lost):
        assert not transferring.step(uuid)
        transferring._one(taken, "dead", config, order.cases[0], 3)
    dead.refresh_from_db()
    assert (dead.state, dead.done, dead.passed) == ("done", 2, True)


def _next(run: TransferRun) -> tuple[CaseSpec, int]:
    upcoming = transfer_runs.next_to_ask(run)
    assert upcoming is not None
    return upcoming


def test_stop_ends_a_run_and_its_books(
    upstream: Control, only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    only()
    upstream.pace(first_text_ms=30_000, gap_ms=0)
    monkeypatch.setattr(watched_call, "SAY_EVERY_S", 0.1)
    monkeypatch.setattr(
        transferring,
        "_say",
        lambda run, holder: not transfer_runs.stop(run, "support", now()),
    )
    order = transfer_plans.build("model", model=LITE, route="common", n=3, cap_pico=10**12)
    stopped = transfer_runs.order(order, "support")
    assert not transferring.step(str(stopped.uuid))
    stopped.refresh_from_db()
    assert (stopped.state, stopped.error, stopped.done) == ("stopped", "Stopped by support.", 0)
    assert not ModelCall.objects.filter(ended_at=None).exists()
    assert stopped.cost_pico == sum(call.cost_pico or 0 for call in ModelCall.objects.all())
    assert not transfer_runs.stop(stopped, "support", now()), "it has ended"


@pytest.mark.parametrize(
    ("question", "passes", "words"),
    [
        ("Is it kind? reply with YES: it is", True, "Yes: it is"),
        ("Is it kind? reply with NO: it is not", False, "No: it is not"),
        ("Is it kind? reply with perhaps", False, "Could not be judged: the judge said “perhaps”"),
    ],
)
def test_a_judge_says_yes_or_no_and_is_booked(
    upstream: Control, only: Only, run: Run, question: str, passes: bool, words: str
) -> None:
    only(judge_question=question)
    upstream.fault("obey", model="claude-sonnet-5-5", times=9)
    done = run("model", model=LITE, route="common", judge="claude-sonnet-5-5")
    (report,) = transfer_runs.reports(done)
    said = [check.words for check in report.repetitions[0].checks if check.kind == "judge"]
    assert done.passed is passes and words in said[0]
    calls = ModelCall.objects.filter(turn_id=done.uuid)
    assert {call.asked_model for call in calls} == {LITE, "claude-sonnet-5-5"}
    assert report.cost_pico == done.cost_pico == sum(call.cost_pico or 0 for call in calls)


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"kind": "model", "model": "nobody"}, "is not in the catalogue"),
        ({"kind": "route", "route": "faq"}, "no route with a model"),
        ({"kind": "route"}, "Say which route"),
        ({"kind": "desk", "only": [10**6]}, "There is no case 1000000"),
        ({"kind": "desk", "judge": "nobody"}, "is not in the catalogue"),
        ({"kind": "route", "route": "long"}, "No case is in use for the route"),
    ],
)
def test_an_order_that_makes_no_test_is_refused(
    upstream: Control, order: dict[str, object], says: str
) -> None:
    with pytest.raises(transfer_plans.CannotTest, match=says):
        transfer_plans.build(**{"n": 1, "cap_pico": 1, **order})  # type: ignore[arg-type]
