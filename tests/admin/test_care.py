"""What the daily check found on the pages, in the mail and at the terminal, and prices that are proposed."""

import re
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from assistant import catalogue_care
from assistant.admin import home as home_module
from common.clock import now
from routing import caring, publishing
from routing.models import CatalogueModel, CatalogueNotice, LadderStep, ModelCall
from tests.admin.pages import form_of, text_of

LITE = "gemini-3.5-flash-lite"
MODELS = "admin:routing_cataloguemodel_changelist"


@pytest.fixture
def unknown(seeded: None) -> None:
    """Have the provider say that it does not know the first model of the common route."""
    ModelCall.objects.create(
        route="common", tier="lite", provider="gemini", asked_model=LITE, error_class="UnknownModel",
        error_detail="no such model", started_at=now() - timedelta(hours=1), ended_at=now(),
    )  # fmt: skip


def publish() -> None:
    publishing.publish()
    publishing.refresh(force=True)


def column(client: Client, model: str) -> str:
    """Return what the list of models shows under "On ladders"."""
    page = client.get(reverse(MODELS), {"q": model}).content.decode()
    (cell,) = re.findall(r"<td[^>]*field-ladders[^>]*>(.*?)</td>", page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", cell).split())


def answered_by(other: str, times: int) -> None:
    for _ in range(times):
        ModelCall.objects.create(
            route="common", tier="lite", provider="gemini", asked_model=LITE, answering_model=other,
            started_at=now() - timedelta(hours=1), ended_at=now(),
        )  # fmt: skip


@pytest.mark.usefixtures("seeded")
def test_one_answer_under_another_name_is_a_notice_and_several_are_to_be_acted_on(admin: Client) -> None:
    answered_by("some-other-model-1", 1)
    caring.check(now())
    (step,) = home_module._care()
    assert (step.figure, step.kind) == ("Notice", "warn")
    assert "answered by some-other-model-1, once." in step.text
    assert "some-other-model-1, once" in text_of(admin.get(reverse(MODELS)))
    answered_by("some-other-model-1", 1)
    (step,) = home_module._care()
    assert (step.figure, step.kind) == ("Act", "bad"), "two of two answers"
    answered_by(LITE, 60)
    (step,) = home_module._care()
    assert step.figure == "Notice", "two of 62"
    answered_by("some-other-model-1", 3)
    (step,) = home_module._care()
    assert step.figure == "Act", "five in a day"


@pytest.mark.usefixtures("seeded")
def test_home_counts_the_retiring_models_that_visitors_get(admin: Client) -> None:
    CatalogueModel.objects.filter(pk=LITE).update(retires_on=now().date() + timedelta(days=3))
    publish()
    LadderStep.objects.filter(model_id=LITE).delete()
    label = CatalogueModel.objects.get(pk=LITE).label
    assert retiring() == label
    publish()
    assert retiring() != label


def retiring() -> str:
    return next(step.text for step in home_module._machinery() if step.title == "Models that retire")


@pytest.mark.usefixtures("unknown")
def test_home_and_models_say_what_to_do_until_the_ladder_is_changed(admin: Client) -> None:
    home, models = reverse("admin:index"), reverse(MODELS)
    assert "Not known to its provider" not in text_of(admin.get(models))
    call_command("catalogue_check", stdout=StringIO())
    assert f"{LITE}: not known to its provider" in text_of(admin.get(home))
    page = text_of(admin.get(models, {"life": "care"}))
    assert "Not known to its provider" in page and "On the ladders of: Common" in page
    assert "claude-haiku-5-5" not in page
    LadderStep.objects.filter(model_id=LITE).delete()
    assert "not known to its provider" in text_of(admin.get(home)), "a draft changes nothing for visitors"
    assert "Common" in column(admin, LITE)
    publish()
    assert column(admin, LITE) == "–"
    assert "not known to its provider" not in text_of(admin.get(home))
    assert "Not known to its provider" not in text_of(admin.get(models))


@pytest.mark.usefixtures("unknown")
def test_staff_are_written_to_once_about_each_thing() -> None:
    catalogue_care.run(now())
    (letter,) = mail.outbox
    assert letter.subject.startswith("[Models]") and LITE in letter.body
    assert "no such model" in letter.body and reverse(MODELS) in letter.body
    catalogue_care.run(now())
    assert len(mail.outbox) == 1
    CatalogueNotice.objects.update(closed_at=now())
    catalogue_care.run(now())
    assert len(mail.outbox) == 2


@pytest.mark.usefixtures("seeded")
def test_a_price_is_proposed_where_there_is_none_and_only_saving_takes_it(admin: Client) -> None:
    row = CatalogueModel.objects.create(
        id="gpt-4o-mini", provider="openai", wire="openai", label="Mini", tier="lite",
        context_tokens=128_000, max_output_tokens=16_000,
    )  # fmt: skip
    url = reverse("admin:routing_cataloguemodel_change", args=[row.pk])
    page = admin.get(url)
    assert "proposed by genai-prices" in text_of(page)
    assert not row.prices.exists()
    form = form_of(page)
    assert form["prices-0-input"] == "0.15"
    assert admin.post(url, form).status_code == 302
    price = row.prices.get()
    assert (price.input, price.output, price.input_above) == (Decimal("0.15"), Decimal("0.6"), 0)
    assert "proposed by genai-prices" not in text_of(admin.get(url))
    row.prices.all().delete()
    emptied = form_of(admin.get(url)) | {
        f"prices-0-{name}": "" for name in ("input", "output", "cached_input", "cache_write")
    }
    assert admin.post(url, emptied).status_code == 302
    assert not row.prices.exists()


@pytest.mark.usefixtures("seeded")
def test_the_command_says_where_prices_differ_and_changes_none() -> None:
    row = CatalogueModel.objects.get(pk=LITE)
    row.prices.update(input=Decimal(77))
    before = list(row.prices.values())
    said = StringIO()
    call_command("catalogue_check", stdout=said)
    assert f"{LITE}: the catalogue says $77.00 in" in said.getvalue()
    assert "The catalogue's price counts." in said.getvalue()
    assert list(row.prices.values()) == before
    assert caring.notices() == list(CatalogueNotice.objects.filter(closed_at=None))
