"""The budgets page shows what each budget holds and what is used of it; plans have a page of their own."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from assistant.models import AssistantSettings, Visitor
from assistant.settings_snapshot import as_snapshot
from common.clock import now
from routing import budget, desk, publishing
from routing.admin.budgets import percent
from routing.config import ModelSpec, PlanSpec, Price, RouteSpec
from routing.models import Budget, PlanBudget, Route
from routing.standing import Needs, one_answer
from tests.admin.conftest import SignIn
from tests.admin.pages import text_of

USD = 10**12


def shown(client: Client) -> dict[tuple[str, str], str]:
    """Return the text of each row of the table of now, by scope and period."""
    page = client.get(reverse("admin:routing_budget_changelist")).content.decode()
    rows = re.findall(r'<tr data-scope="([^"]+)" data-period="([^"]+)">(.*?)</tr>', page, re.DOTALL)
    return {
        (scope, period): " ".join(re.sub(r"<[^>]+>", " ", cells).split()) for scope, period, cells in rows
    }


def test_managers_see_what_is_used_of_every_budget_that_is_set(sign_in: SignIn) -> None:
    Route.objects.filter(slug="complex").update(daily_budget_usd=2)
    row = AssistantSettings.objects.get()
    row.monthly_cost_cap_usd = 100
    row.save()
    publishing.publish(settings=as_snapshot(row))
    rows = budget.reserve("visitor", now(), USD, "complex")
    budget.settle(rows[:1], reserved=USD, spent=USD // 50)
    budget.reserve("visitor", now(), USD, "complex")
    client = sign_in("manager")
    found = shown(client)
    own = [(name, "day") for name in ("example", "drafts", "probes", "tests", "shadow", "health")]
    assert list(found) == [("all", "day"), ("all", "month"), ("route:complex", "day"), *own]
    assert found["all", "day"].endswith("$0.020 $1.00 $5.00 20 %")
    assert found["route:complex", "day"].startswith("Route: Complex answers on this route Today,")
    assert found["route:complex", "day"].endswith("$0 $2.00 $2.00 100 %")
    assert found["health", "day"].endswith("$0 $0 $0.50 0 %")
    history = client.get(reverse("admin:routing_budget_changelist")).content.decode()
    assert history.count("field-budget") == Budget.objects.count() == 3
    assert "Plan budgets" in history and "assistant settings" not in history  # managers may not open those


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.004, "under 1 %"), (0.5, "50 %"), (1.02, "102 %")]
)
def test_shares_in_words(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_plans_budget_holds_from_the_next_call_on_and_a_draft_of_routes_stays_one(admin: Client) -> None:
    Route.objects.filter(slug="complex").update(daily_budget_usd=2)  # not published
    add = reverse("admin:routing_planbudget_add")
    refused = admin.post(add, {"plan": "free", "daily_budget_usd": "-1", "when_spent": "faq"})
    assert b"A budget cannot be negative." in refused.content
    assert not PlanBudget.objects.exists()
    admin.post(add, {"plan": "free", "daily_budget_usd": "0.5", "when_spent": "message"})
    publishing.refresh(force=True)
    assert publishing.current().plans["free"] == PlanSpec(
        "free", PlanBudget.objects.get().daily_budget_usd, None, "message"
    )
    caps = desk.caps()
    assert (caps.of("plan:free").day, caps.of("route:complex").day) == (USD // 2, None)
    admin.post(reverse("admin:routing_planbudget_delete", args=["free"]), {"post": "yes"})
    assert desk.caps().of("plan:free").day is None


@pytest.mark.parametrize(
    ("cap", "warning"),
    [("0.0005", "Too small for one answer"), ("0.004", "Too small for the longest prompts"), ("5", "")],
)
def test_a_budget_that_one_answer_does_not_fit_into_is_marked(
    sign_in: SignIn, cap: str, warning: str
) -> None:
    Route.objects.filter(slug="common").update(daily_budget_usd=cap)
    publishing.publish(settings=as_snapshot(AssistantSettings.objects.get()))
    publishing.refresh(force=True)
    found = shown(sign_in("manager"))
    assert ("Too small" in found["route:common", "day"]) is bool(warning)
    assert warning in found["route:common", "day"]
    assert "Too small" not in found["all", "day"]
    assert ("One answer reserves $0.00" in found["route:common", "day"]) is bool(warning)


def test_what_one_answer_reserves() -> None:
    price = Price(date(2026, 1, 1), 0, Decimal("0.000001"), Decimal("0.000002"))
    model = ModelSpec(
        "m", "gemini", "gemini", "M", "lite", 9000, 500, (price,), token_factor=1.5, thinking="0"
    )
    route = RouteSpec("r", "R", "model", "lite", max_prompt_tokens=1000, max_output_tokens=100)
    on = date(2026, 11, 29)
    assert one_answer(route, [model], on) == Needs(200 * 10**6, (1500 + 200) * 10**6)
    assert one_answer(route, [replace(model, prices=())], on) is None
    assert one_answer(route, [], on) is None


def test_a_plan_that_no_visitor_has_is_marked(admin: Client) -> None:
    for plan in ("nosuchplan", "studio"):
        PlanBudget.objects.create(plan=plan, daily_budget_usd=1)
    Visitor.objects.create(plan="studio")
    page = text_of(admin.get(reverse("admin:routing_planbudget_changelist")))
    assert page.count("no visitor with this plan yet") == 1
    Visitor.objects.create(plan="nosuchplan")
    page = text_of(admin.get(reverse("admin:routing_planbudget_changelist")))
    assert "nosuchplan" in page and "no visitor with this plan yet" not in page
