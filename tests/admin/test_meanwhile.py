"""Two administrators at one form: nobody writes over what they have not read."""

from collections.abc import Callable

import pytest
from django.db.models import Model
from django.urls import reverse

from assistant.models import AssistantSettings, RetentionPolicy, Site
from routing.models import PlanBudget
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, text_of


def site() -> Site:
    return Site.objects.create(
        name="Garden",
        key="garden",
        origins="https://garden.example",
        in_languages={"de": {"greeting": "Hallo"}},
    )


@pytest.mark.parametrize(
    ("row", "theirs", "field", "value", "other"),
    [
        (site, {"greeting": "Hello from Ada"}, "greeting", "Hello from Bob", {"accent": "#123456"}),
        (site, {"greeting_in_de": "Grüezi"}, "greeting_in_de", "Moin", {"accent": "#123456"}),
        (site, {"origins": "https://a.example"}, "origins", "https://b.example", {"accent": "#123456"}),
        (
            AssistantSettings.objects.get,
            {"opening_hours": "Mon-Fri 08:00-16:00"},
            "opening_hours",
            "Mon-Fri 10:00-18:00",
            {"name": "Bob's help"},
        ),
        (
            lambda: RetentionPolicy.objects.get_or_create(pk=1)[0],
            {"drafts": "40"},
            "drafts",
            "50",
            {"uploads": "20"},
        ),
        (
            lambda: PlanBudget.objects.create(plan="pro", daily_budget_usd=5),
            {"daily_budget_usd": "7.0000"},
            "daily_budget_usd",
            "9",
            {"monthly_budget_usd": "90.0000"},
        ),
    ],
    ids=["site", "site in German", "addresses", "settings", "retention", "plan budget"],
)
def test_what_a_colleague_saved_meanwhile_is_told_and_kept(
    sign_in: SignIn,
    row: Callable[[], Model],
    theirs: dict[str, str],
    field: str,
    value: str,
    other: dict[str, str],
) -> None:
    client = sign_in("admin")
    made = row()
    url = reverse(f"admin:{made._meta.app_label}_{made._meta.model_name}_change", args=[made.pk])
    opened, untouched = form_of(client.get(url)), form_of(client.get(url))
    assert client.post(url, {**opened, **theirs}).status_code == 302

    refused = client.post(url, {**opened, field: value, **other})
    assert "while you had it open" in text_of(refused)
    assert "Stored meanwhile" in text_of(refused)
    again = form_of(refused)
    assert again[field] == value  # nothing typed is lost

    # What was left alone shows theirs, and is saved with the rest by the next press.
    refused = client.post(url, {**untouched, **other})
    assert "while you had it open" in text_of(refused)
    again = form_of(refused)
    assert again[field] == theirs[field]
    assert client.post(url, again).status_code == 302
    assert form_of(client.get(url)).items() >= {**theirs, **other}.items()
