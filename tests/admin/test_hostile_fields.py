"""Fields of our forms with what no page of ours would send: an error beside the field, and no failure."""

import pytest
from django.test import Client
from django.urls import reverse

from faq.engine_models import Negative
from routing.models import PlanBudget
from tests.admin.pages import form_of, text_of


@pytest.mark.parametrize("entry", ["x" * 5000, "9" * 400, "NaN", "<b>1</b>", "²", "-1", "1.5"])
def test_an_entry_that_is_none_is_refused_at_its_field(support: Client, entry: str) -> None:
    url = reverse("admin:faq_negative_add")
    form = {**form_of(support.get(url)), "text": "Do you sell shoes?", "entry": entry}
    refused = support.post(url, form)
    assert refused.status_code == 200
    assert "Select a valid choice" in text_of(refused)
    assert form_of(refused)["text"] == "Do you sell shoes?"
    assert not Negative.objects.filter(text="Do you sell shoes?").exists()


def test_a_plan_that_is_no_plan_is_refused_in_plain_words(admin: Client) -> None:
    url = reverse("admin:routing_planbudget_add")
    refused = admin.post(url, {**form_of(admin.get(url)), "plan": "my plan", "daily_budget_usd": "5"})
    assert "Letters, digits, hyphens and underscores only." in text_of(refused)
    assert form_of(refused)["daily_budget_usd"] == "5"
    assert not PlanBudget.objects.filter(plan="my plan").exists()
