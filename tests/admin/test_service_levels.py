"""The page of service levels: for whom, what it says, and the button that takes a model back."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant import alerts
from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from common.clock import now
from routing import demoting, levels, publishing, rollup
from routing.models import Demotion, Incident, Route, RouteOutcome
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of

PAGE = "admin:service_levels"
TARGETS = [field.name for field in Route._meta.fields if field.name.startswith("target_") and field.null]


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    demoting.forget()
    yield
    demoting.forget()


def words(client: Client) -> str:
    html = client.get(reverse(PAGE)).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main")[2] or html).split())


def promise(**route: object) -> None:
    """Publish targets of `common` and of no other route."""
    Route.objects.update(**dict.fromkeys(TARGETS))
    Route.objects.filter(pk="common").update(**route)
    publishing.publish()
    publishing.refresh(force=True)


def replies(good: int, bad: int) -> None:
    """Have the worker judge replies of the last minute."""
    at = now() - timedelta(seconds=40)
    RouteOutcome.objects.bulk_create(
        RouteOutcome(
            reply_id=uuid4(), turn_id=uuid4(), route="common", tier="lite", ended_at=at, total_ms=900,
            first_text_ms=200, state="failed" if each < bad else "completed",
            ended_by="upstream" if each < bad else "finish",
        )
        for each in range(good + bad)
    )  # fmt: skip
    rollup.roll_up(now())
    levels.watch(now(), alerts.tell)


def test_it_says_that_nothing_is_promised(sign_in: SignIn) -> None:
    promise()
    assert "No route has targets" in words(sign_in("manager"))
    assert "None so far." in words(sign_in("manager"))


def test_a_card_says_promise_outcome_budget_and_burn(sign_in: SignIn) -> None:
    promise(target_error_rate=0.05, target_total_p99_ms=20_000, target_period_days=7)
    manager = sign_in("manager")
    said = words(manager)
    assert "The worker has not judged the targets yet." in said and "Common Not judged yet over" in said
    replies(97, 3)
    said = words(manager)
    assert "All met over the last 7 days" in said
    assert "Error rate at most 5 % 3 % Met 40 % left 40 % left" in said
    assert "0.6× / 0.6× 1 h / 5 min, alert at 14.4×" in said
    assert re.search(r"Total p99 at most 20\.0 s (89|90|91)\d ms Met", said)
    assert "No incident is open" in said


def test_too_few_replies_are_said_and_not_judged(sign_in: SignIn) -> None:
    promise(target_error_rate=0.05)
    replies(10, 9)
    said = words(sign_in("manager"))
    assert "Too few to say" in said and "times what is allowed" not in said and "alert at" not in said
    assert "Too few (20 needed)" in said and "No incident is open" in said and "Missed" not in said


def test_an_incident_is_shown_with_who_was_told(sign_in: SignIn, settings: Settings) -> None:
    promise(target_error_rate=0.05)
    replies(5, 25)
    said = words(sign_in("manager"))
    assert "1 incident open" in said and "Missed" in said
    assert "the error budget of its error rate burns fast, open since" in said
    assert (
        "By e-mail: support@larkfield.example." in said and "No webhook: ALERT_WEBHOOK_URL is empty." in said
    )
    assert "support@larkfield.example, of its opening: about to be sent" in said
    assert "Nothing is set up" not in said

    row = AssistantSettings.objects.get()
    row.staff_email = ""
    publishing.publish(settings=as_snapshot(row), rule_set=False)
    said = words(sign_in("manager"))
    assert "Nothing is set up, so incidents are written to the log only." in said
    settings.ENV = replace(settings.ENV, webhook_url="https://hooks.example.com/x?key=1", webhook_secret="s")
    assert "By webhook: hooks.example.com, signed." in words(sign_in("manager"))
    assert "key=1" not in words(sign_in("manager"))


def test_the_first_model_is_taken_back_by_one_click(sign_in: SignIn) -> None:
    promise(target_error_rate=0.05, demotes_itself=True)
    replies(5, 25)
    manager = sign_in("manager")
    assert "Set aside: Gemini 3.5 Flash-Lite, since" in words(manager)
    shown = sign_in("admin").get(reverse("admin:routing_route_change", args=["common"])).content.decode()
    assert f"{reverse(PAGE)}#route-common" in shown and "Use it again" in shown
    back = reverse("admin:service_levels_first_again")
    assert sign_in("support").post(back, {"route": "common"}).status_code == 403
    assert manager.get(back).status_code == 405
    assert manager.post(back, {"route": "nowhere"}).status_code == 404
    assert Demotion.objects.get().ended_at is None

    answer = manager.post(back, {"route": "common"}, follow=True)
    assert "asks its first model again" in answer.content.decode()
    ended = Demotion.objects.get()
    assert (ended.ended_by, ended.ended_because) == ("manager", "Taken back by hand.")
    assert LogEntry.objects.get(object_id="common").change_message == "The first model is used again."
    said = words(manager)
    assert "Set aside:" not in said and "By manager Taken back by hand." in said
    assert "was in use already" in manager.post(back, {"route": "common"}, follow=True).content.decode()


def test_the_page_takes_few_queries_however_much_has_happened(
    sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    Incident.objects.bulk_create(
        Incident(
            route="common", target="error_rate", level="fast", opened_at=now(), seen_at=now(), peak_burn=20,
            closed_at=now(), closed_as="recovered",
        )
        for _ in range(200)
    )  # fmt: skip
    manager = sign_in("manager")
    words(manager)
    with django_assert_max_num_queries(24):
        assert words(manager).count("Recovered") == 30


def test_addresses_for_alerts_are_checked(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    url = reverse("admin:assistant_assistantsettings_change", args=[1])
    form = form_of(admin.get(url))
    refused = admin.post(url, {**form, "alert_emails": "ann@larkfield.example, nobody"})
    assert "“nobody” is not an e-mail address." in refused.content.decode()
    admin.post(url, {**form, "alert_emails": "ann@larkfield.example, bob@larkfield.example"})
    assert AssistantSettings.objects.get().alert_emails == "ann@larkfield.example\nbob@larkfield.example"
    assert alerts.recipients(publishing.newest_snapshot()["settings"]) == [
        "ann@larkfield.example",
        "bob@larkfield.example",
    ]
