"""The page that sets up own models: offers, choice, difference, publication; over the shipped sandbox."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from common.env import ProviderEnv
from routing.models import CatalogueModel, ConfigVersion, LadderStep
from tests.admin.pages import form_of, text_of, words_of
from tests.control import Control
from tests.environment import free_port

KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def vendors(sandbox: str, settings: Settings) -> Iterator[Control]:
    """Let the sandbox play Anthropic and an own server; a third one is dead."""
    settings.ENV = replace(
        settings.ENV,
        providers=(
            ProviderEnv("anthropic", "anthropic", f"{sandbox}/v1", KEY),
            ProviderEnv("home", "openai", f"{sandbox}/v1", KEY, ("my-mini",)),
            ProviderEnv("dead", "openai", f"http://127.0.0.1:{free_port()}/v1", KEY),
        ),
    )
    control = Control(sandbox)
    control.clear()
    yield control
    control.clear()


def ladder(slug: str) -> list[str]:
    return list(LadderStep.objects.filter(route=slug).values_list("model_id", flat=True))


def test_the_steps_from_offers_to_publication(admin: Client, vendors: Control) -> None:
    url = reverse("admin:setup_models")
    before = ConfigVersion.objects.count()
    first = admin.get(url)
    words = words_of(first)
    assert "Claude Haiku 5.5" in words
    assert "connection refused" in words
    assert KEY not in first.content.decode()
    assert "3. The difference" not in words

    chosen = {**form_of(first), "preset": "two", "light": "claude-haiku-5-5", "heavy": "claude-sonnet-5-5"}
    shown = admin.post(url, {**chosen, "preview": ""})
    assert "gemini-3.5-flash-lite, claude-haiku-5-5" in text_of(shown)
    assert "rests on anthropic alone" in text_of(shown)
    assert ConfigVersion.objects.count() == before

    done = admin.post(url, {**form_of(shown), "publish": ""}, follow=True)
    assert "Published as configuration" in words_of(done)
    assert ladder("common") == ["claude-haiku-5-5", "claude-sonnet-5-5"]
    newest = ConfigVersion.objects.latest("number")
    assert (newest.created_by, ConfigVersion.objects.count()) == ("admin", before + 1)

    again = admin.post(url, {**chosen, "preview": ""})
    assert "Nothing changes" in words_of(again)
    assert ConfigVersion.objects.count() == before + 1


def test_a_model_without_a_price_is_asked_for_one_and_shown_again(admin: Client, vendors: Control) -> None:
    url = reverse("admin:setup_models")
    chosen: dict[str, Any] = {**form_of(admin.get(url)), "preset": "one", "heavy": "my-mini"}
    shown = admin.post(url, {**chosen, "preview": ""})
    assert "my-mini has no price" in text_of(shown)

    half = admin.post(url, {**form_of(shown), "0-input": "0.1", "publish": ""})
    assert "Give both prices" in words_of(half)
    wrong = admin.post(url, {**form_of(shown), "0-input": "-1", "0-output": "x", "publish": ""})
    assert "greater than or equal to 0" in words_of(wrong)
    assert not CatalogueModel.objects.filter(pk="my-mini").exists()

    changed = admin.post(url, {**form_of(shown), "0-input": "0.1", "0-output": "0.4", "publish": ""})
    assert "Look at it once more" in words_of(changed)
    assert not CatalogueModel.objects.filter(pk="my-mini").exists()
    done = admin.post(url, {**form_of(changed), "publish": ""}, follow=True)
    assert "Published" in words_of(done)
    assert str(CatalogueModel.objects.get(pk="my-mini").prices.get().output) == "0.400000"
    assert ladder("long") == ["my-mini"]


def test_nothing_is_published_that_was_not_shown(admin: Client, vendors: Control) -> None:
    url = reverse("admin:setup_models")
    before = ConfigVersion.objects.count()
    shown = admin.post(url, {**form_of(admin.get(url)), "preset": "one", "preview": ""})
    LadderStep.objects.filter(route="common", position=1).delete()
    answer = admin.post(url, {**form_of(shown), "publish": ""})
    assert "Look at it once more" in words_of(answer)
    assert ConfigVersion.objects.count() == before
    sneaked = admin.post(url, {"preset": "one", "light": "x", "heavy": "not-offered", "publish": ""})
    assert "Select a valid choice" in words_of(sneaked)
    assert ConfigVersion.objects.count() == before


def test_offers_are_kept_for_the_steps_and_asked_for_again_on_demand(admin: Client, vendors: Control) -> None:
    url = reverse("admin:setup_models")
    vendors.fault("status", "(list)", status=401, times=2)
    assert "answered 401" in words_of(admin.get(url))
    assert "answered 401" in words_of(admin.get(url)), "kept"
    fresh = admin.post(url, {"ask": "1"}, follow=True)
    assert "answered 401" not in words_of(fresh)


def test_without_a_provider_it_says_what_to_write_where(admin: Client) -> None:
    assert "GEMINI_API_KEY" in words_of(admin.get(reverse("admin:setup_models")))


def test_home_and_models_lead_here(admin: Client, vendors: Control) -> None:
    link = f'href="{reverse("admin:setup_models")}"'
    assert link in admin.get(reverse("admin:routing_cataloguemodel_changelist")).content.decode()
    assert link not in admin.get(reverse("admin:index")).content.decode()
    LadderStep.objects.filter(model__provider="anthropic").delete()
    assert link in admin.get(reverse("admin:index")).content.decode(), "every route is stuck now"
