"""Two administrators at one form: nobody writes over what they have not read."""

from collections.abc import Callable

import pytest
from django.db.models import Model
from django.urls import reverse

from assistant.models import AssistantSettings, RetentionPolicy, Site
from faq import negatives, services
from faq.models import Entry
from routing.models import CatalogueModel, PlanBudget, TransferCase
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, text_of

OTHER_ENTRY = 977


def site() -> Site:
    return Site.objects.create(
        name="Garden",
        key="garden",
        origins="https://garden.example",
        in_languages={"de": {"greeting": "Hallo"}},
    )


def model() -> CatalogueModel:
    return CatalogueModel.objects.get(pk="gemini-3.5-flash-lite")


def case() -> TransferCase:
    return TransferCase.objects.create(title="Refund", question="My money back?", must_say="30 days")


def negative() -> Model:
    Entry.objects.create(pk=OTHER_ENTRY, question="Where is the loo?", answer="Upstairs.")
    entry = services.save_entry(Entry(question="Where can I park?", answer="Mill Lane."))
    kept = negatives.add("Where may I sleep?", entry=entry)
    assert kept is not None
    return kept


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
        (model, {"context_tokens": "900000"}, "context_tokens", "800000", {"note": "Ours."}),
        (model, {"retires_on": "2031-01-31"}, "retires_on", "2032-01-31", {"sends_sampling": "on"}),
        (case, {"must_say": "14 days"}, "must_say", "60 days", {"routes": ["common", "complex"]}),
        (case, {"routes": ["common", "code"]}, "routes", ["common", "draft"], {"least_support": "0.7"}),
        (negative, {"text": "Where can I sleep?"}, "text", "Who may sleep?", {"entry": "", "language": "de"}),
        (negative, {"entry": ""}, "entry", str(OTHER_ENTRY), {"text": "Who may sleep?"}),
    ],
    ids=[
        "site",
        "site in German",
        "addresses",
        "settings",
        "retention",
        "plan budget",
        "model",
        "date of a model",
        "transfer case",
        "routes of a case",
        "not for the FAQ",
        "scope of a question",
    ],
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


def test_prices_that_a_colleague_entered_meanwhile_are_told(sign_in: SignIn) -> None:
    client, row = sign_in("admin"), model()
    url = reverse("admin:routing_cataloguemodel_change", args=[row.pk])
    opened = form_of(client.get(url))
    price = row.prices.all()[0]
    assert client.post(url, {**opened, "prices-0-input": "0.75"}).status_code == 302
    for _ in range(2):  # what a colleague has deleted or added cannot be sent again
        late = text_of(client.post(url, {**opened, "note": "Late", "prices-0-input": "0.99"}))
        assert f"Its prices now: from {price.effective_from} $0.75 in, " in late
        assert "Late</textarea>" in late and 'value="0.99"' in late
    assert client.post(url, {**form_of(client.get(url)), "prices-0-input": "0.99"}).status_code == 302
    price.refresh_from_db()
    assert str(price.input) == "0.990000"


def test_earlier_messages_that_a_colleague_wrote_meanwhile_are_told(sign_in: SignIn) -> None:
    client, row = sign_in("support"), case()
    row.turns.create(visitor="Hello", assistant="Good morning.")
    url = reverse("admin:routing_transfercase_change", args=[row.pk])
    opened = form_of(client.get(url))
    assert client.post(url, {**opened, "turns-0-visitor": "Hi" + "o" * 900}).status_code == 302
    late = text_of(client.post(url, {**opened, "title": "Late"}))
    assert "Its earlier messages now: “Hiooo" in late
    assert "ooo…" in late, "a long one is told as far as it helps"
    assert 'value="Late"' in late
    row.refresh_from_db()
    assert row.title == "Refund"
