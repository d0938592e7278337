"""A message whose budget is spent gets what staff chose for that case, and the receipt says so."""

import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from assistant import ending, frames, services
from assistant.admin.decision import decision_view
from assistant.ending import ReplyEnd
from assistant.models import AssistantSettings, Reply
from assistant.settings_snapshot import as_snapshot
from assistant.spent import Spent
from assistant.starting import Started
from assistant.who import Who
from common.clock import now, ticks
from routing import budget, dispatch, publishing, recorder
from routing.errors import BudgetExhausted
from routing.models import Budget, ModelCall, PlanBudget, Route, RouteOutcome

pytestmark = pytest.mark.usefixtures("seeded")

COMPARE = "Compare Pro and Studio for 3 locations; what happens if we downgrade?"
GERMAN = "Warum ist Studio teurer als Pro, und was passiert, wenn wir wechseln?"
RESET = "How do I reset my password?"
USD = 10**12
LITE = {"gemini-3.5-flash-lite", "claude-haiku-5-5"}


def set_up(route: dict[str, Any] | None = None, desk: dict[str, Any] | None = None) -> None:
    """Publish settings of the route `complex` and of the desk."""
    Route.objects.filter(slug="complex").update(**(route or {}))
    row = AssistantSettings.objects.get()
    for name, value in (desk or {}).items():
        setattr(row, name, value)
    row.save()
    row.refresh_from_db()
    publishing.publish(settings=as_snapshot(row))
    publishing.forget()


def ask(text: str = COMPARE, plan: str = "pro") -> Started:
    who = Who(uuid4(), plan)
    return services.accept_message(who, uuid4(), str(uuid4()), text, ticks(), uuid4())


def spend() -> None:
    """Spend the last of the route's USD."""
    rows = budget.reserve("visitor", now(), USD, "complex")
    budget.settle(rows, reserved=USD, spent=USD)


def receipt(reply: Reply) -> str:
    return decision_view(Reply.objects.get(pk=reply.pk).decision, {}, names={"common": "Common"}).budget


@pytest.mark.parametrize("allowed", [[], ["anthropic"]], ids=["any", "one"])
def test_a_cheaper_tier_goes_on_with_the_money_of_its_own_route(allowed: list[str]) -> None:
    Route.objects.filter(slug="common").update(daily_budget_usd=1)
    spent = {"daily_budget_usd": 0, "when_spent": "cheaper", "allowed_providers": allowed}
    set_up(spent)
    started = ask()
    assert started.generation is not None
    steps = started.generation.job.steps
    assert {step.id for step in steps} == ({"claude-haiku-5-5"} if allowed else LITE)
    # A thousand tokens of prompt and answer cost less with haiku than with flash-lite.
    assert steps[0].id == "claude-haiku-5-5"
    call = ModelCall.objects.get(reply_id=started.reply.pk)
    assert (call.route, call.asked_model, call.plan) == ("complex", "claude-haiku-5-5", "pro")
    kept = Reply.objects.get(pk=started.reply.pk)
    assert (kept.state, kept.tier, kept.route) == ("streaming", "lite", "complex")
    assert kept.decision["budget"]["scope"] == "route:complex"
    said = receipt(kept)
    assert "daily budget of 0 USD for the route complex allows no model" in said
    assert "claude-haiku-5-5" in said
    payer = Route.objects.get(slug=call.paid_by)
    paid = Budget.objects.filter(scope=f"route:{payer.slug}")
    assert paid.exists() is (payer.slug == "common")


def test_when_nothing_cheaper_can_be_paid_the_faq_is_what_is_left() -> None:
    set_up({"when_spent": "cheaper"}, {"daily_cost_cap_usd": Decimal("0.0001")})
    started = ask()
    assert started.generation is None
    assert (started.reply.state, started.reply.ended_by) == ("failed", "budget")
    assert started.reply.decision["budget"]["instead"] == "faq"
    assert "No AI model can be asked about this." in started.reply.notice
    assert ModelCall.objects.count() == 0
    assert set(Budget.objects.values_list("reserved_pico", flat=True)) <= {0}
    assert RouteOutcome.objects.get().ended_by == "budget"
    assert ask(RESET).reply.route == "faq"


def test_the_faq_alone_answers_with_what_it_may_have_as_buttons() -> None:
    set_up({"daily_budget_usd": 1, "when_spent": "faq"})
    spend()
    reply = ask().reply
    assert reply.decision["did_you_mean"], "the question is near to entries of the example"
    assert "One of the questions above" in reply.text
    assert "support@larkfield.example" in reply.text
    body = frames.done_body(reply)
    assert (body["ended_by"], body["retryable"], body["person_reason"]) == ("budget", False, "budget")
    assert "No AI model can be asked about this until" in reply.notice
    assert receipt(reply).endswith("The desk answered from the FAQ only.")


def test_a_route_may_say_so_and_offer_a_person_with_the_end_of_its_month() -> None:
    set_up({"monthly_budget_usd": 1, "when_spent": "message"}, {"time_zone": "Europe/Berlin"})
    spend()
    reply = ask(GERMAN).reply
    assert reply.text.startswith("Ich habe so viele Antworten dieser Art gegeben, wie ich darf; ab ")
    assert "1. " in reply.text and "00:00 Uhr (Berlin)" in reply.text
    assert reply.notice == "", "the text has said it"
    assert reply.decision["did_you_mean"] == []
    assert frames.done_body(reply)["offer_person"] is True
    assert receipt(reply).endswith("offered a person.")


@pytest.mark.parametrize("amount", ["0", "0.0005"])
@pytest.mark.parametrize("way", ["faq", "message"])
def test_no_time_is_promised_where_the_whole_budget_is_smaller_than_one_answer(amount: str, way: str) -> None:
    set_up({"daily_budget_usd": Decimal(amount), "when_spent": way})
    reply = ask().reply
    said = f"{reply.text} {reply.notice}"
    assert said.count("No AI model can be asked about this.") == 1
    assert not re.search("until|midnight|from .* on", said)
    assert frames.done_body(reply)["offer_person"] is True
    too_small = "is too small for one answer, which reserves 0."
    assert (too_small if Decimal(amount) else "allows no model") in receipt(reply)


def test_a_spent_plan_decides_itself_and_leaves_the_others_alone() -> None:
    PlanBudget.objects.create(plan="pro", daily_budget_usd=0, when_spent="message")
    set_up({"when_spent": "faq"})
    assert ask(plan="pro").reply.decision["budget"]["instead"] == "message"
    other = ask(plan="studio")
    assert other.generation is not None
    assert "budget" not in other.reply.decision


def test_an_answer_whose_next_attempt_cannot_be_paid_keeps_its_text_and_says_why() -> None:
    set_up()
    started = ask()
    assert started.generation is not None and started.generation.job.first is not None
    first, config = started.generation.job.first, started.generation.config
    recorder.settle_call(first, dispatch.unsent(first))
    set_up(desk={"daily_cost_cap_usd": Decimal("0.0001")})
    with pytest.raises(BudgetExhausted) as refused:
        recorder.start_call(dispatch.first_attempt(started.generation.job))
    kept = Spent.of(refused.value).record("kept")
    end = ReplyEnd("truncated", "budget", "**Studio has more", 3, notice=refused.value.notice, budget=kept)
    assert ending.finish_reply(started.reply, end, config)
    reply = Reply.objects.get(pk=started.reply.pk)
    assert (reply.state, reply.ended_by, reply.text) == ("truncated", "budget", "**Studio has more")
    assert reply.html == "<p><strong>Studio has more</strong></p>"
    assert "as much as it may for now" in reply.notice
    assert receipt(reply).endswith("The text that was there by then stayed; no further attempt was paid.")
    assert reply.decision["route"] == "complex"  # the rest of the record is still there
