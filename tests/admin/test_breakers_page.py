"""The page Breakers: what is left alone, why, until when, and who closed it by hand."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from common.clock import now
from routing import breaker, prometheus
from routing.breakers import Opened
from routing.config import ModelSpec
from routing.errors import ProviderDown
from routing.events import FinishReason
from routing.publishing import current
from tests.admin.conftest import SignIn
from tests.breakers import forget_calls

LITE = "gemini-3.5-flash-lite"


@pytest.fixture(autouse=True)
def calls_forgotten() -> Iterator[None]:
    forget_calls()
    yield
    forget_calls()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main")[2] or html).split())


def lite() -> ModelSpec:
    return current().models[LITE]


def fail(times: int) -> None:
    for _ in range(times):
        breaker.note(lite(), ProviderDown("down", status=503), FinishReason.PROVIDER_ERROR)


def test_it_says_who_is_left_alone_why_and_until_when(sign_in: SignIn) -> None:
    page = sign_in("admin").get(reverse("admin:breakers"))
    assert "Nothing is left alone" in words(page.content.decode())
    assert LITE in page.content.decode(), "every model on a ladder is listed"

    fail(5)
    said = words(sign_in("admin").get(reverse("admin:breakers")).content.decode())
    assert "1 left alone" in said
    assert "5 of 5 calls within 60 s failed, last: provider error (status 503)." in said
    assert re.search(r"Since \d\d:\d\d:\d\d, until \d\d:\d\d:\d\d\. Counted in the last minute: 5 of 5", said)
    assert said.count("provider error (status 503)") == 1 + 5, "the reason and the last five errors"
    breaker.tell(Opened("gemini", "", "No credit", now(), 15.0, LITE, "at once"))
    whole = words(sign_in("admin").get(reverse("admin:breakers")).content.decode())
    assert "2 left alone" in whole
    assert whole.count("Left alone with its provider") == 1, "the other model of it"
    breaker.reset("gemini", "")
    fail(5)
    models = sign_in("admin").get(reverse("admin:routing_cataloguemodel_changelist")).content.decode()
    assert "Left alone just now" in models
    tried = sign_in("admin").post(reverse("admin:try"), {"text": "Does it send texts too?"})
    said = words(tried.content.decode())
    assert "Left alone 5 of 5 calls within 60 s failed, last: provider error (status 503); since" in said


def test_a_reset_closes_it_and_is_noted(sign_in: SignIn) -> None:
    fail(5)
    assert breaker.status(lite())
    client = sign_in("admin")
    assert client.get(reverse("admin:breakers_reset")).status_code == 405
    done = client.post(reverse("admin:breakers_reset"), {"provider": "gemini", "model": LITE}, follow=True)
    assert breaker.status(lite()) is None
    assert f"Reset: gemini / {LITE}." in words(done.content.decode())
    (entry,) = LogEntry.objects.all()
    assert (entry.user.username, entry.object_repr, entry.change_message) == (
        "admin",
        f"gemini / {LITE}",
        "Breaker reset.",
    )
    assert "Last resets" in words(client.get(reverse("admin:breakers")).content.decode())


@pytest.mark.parametrize("role", ["support", "manager"])
def test_others_may_neither_look_nor_reset(sign_in: SignIn, role: str) -> None:
    fail(5)
    client = sign_in(role)
    assert client.get(reverse("admin:breakers")).status_code == 403
    assert client.post(reverse("admin:breakers_reset")).status_code == 403
    assert breaker.status(lite())
    assert LogEntry.objects.count() == 0


def test_the_metrics_say_it_too(sign_in: SignIn) -> None:
    breaker.tell(Opened("gemini", "", "no credit", now(), 0.0, LITE, "at once"))
    fail(1)
    text = prometheus.render(now()).decode()
    assert 'support_breaker_state{model="",provider="gemini"} 1.0' in text
    assert f'support_breaker_state{{model="{LITE}",provider="gemini"}} 0.0' in text
    assert re.search(
        r'support_breaker_openings_total\{model="",process="[^"]+:\d+",provider="gemini"\} 1.0', text
    )
