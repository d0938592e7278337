"""The page of changes in the admin: what is listed, what a record shows, and who may roll it back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from assistant import flip_care
from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from common.clock import now
from routing import publishing, rollup
from routing.flip_watch import Said
from routing.models import ConfigVersion, FlipRecord, LadderStep, Route, RouteOutcome, Rule
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, publish_draft, text_of, words_of

LIST = reverse("admin:routing_fliprecord_changelist")
HAIKU = "claude-haiku-5-5"


def page_of(row: FlipRecord) -> str:
    return reverse("admin:routing_fliprecord_change", args=[row.pk])


def back_of(row: FlipRecord) -> str:
    return reverse("admin:flip_back", args=[row.pk])


def swap(client: Client, note: str = "Half the price") -> FlipRecord:
    """Take the first model off the ladder of everyday questions, published 45 minutes ago."""
    LadderStep.objects.filter(route_id="common").exclude(model_id=HAIKU).delete()
    publish_draft(client, note)
    FlipRecord.objects.update(changed_at=now() - timedelta(minutes=45))
    return FlipRecord.objects.get()


def answer(hours_ago: float, n: int, **values: object) -> None:
    facts = {
        "route": "common", "tier": "lite", "state": "completed", "ended_by": "finish", "first_text_ms": 200,
        "total_ms": 900, "input_tokens": 1000, "output_tokens": 100, "cost_pico": 4 * 10**8, **values,
    }  # fmt: skip
    at = now() - timedelta(hours=hours_ago)
    RouteOutcome.objects.bulk_create(
        RouteOutcome(reply_id=uuid4(), turn_id=uuid4(), ended_at=at, **facts) for _ in range(n)
    )


def look() -> list[Said]:
    rollup.roll_up(now())
    return flip_care.run(now())


def test_a_manager_reads_a_change_and_rolls_it_back(sign_in: SignIn) -> None:
    admin, manager = sign_in("admin"), sign_in("manager")
    answer(3, 100)
    row = swap(admin)
    assert "Not counted yet" in words_of(manager.get(page_of(row)))
    look()
    assert "Too few replies" in words_of(manager.get(LIST))
    answer(0.5, 60, state="failed")
    answer(0.5, 40, cost_pico=10**8)
    look()

    listed = words_of(manager.get(LIST))
    assert "Common Models" in listed and "Half the price" in listed and "admin" in listed
    assert "Errors worse" in listed and "Watching" in listed
    page = words_of(manager.get(page_of(row)))
    assert "asks other models, or in another order Gemini 3.5 Flash-Lite, then Claude Haiku 5.5" in page
    assert "Why: Half the price" in page and "No transfer test was run." in page
    assert "0 % 0 of 100; 0 % to 3.7 % 60 % 60 of 100; 50 % to 69 % +60.0 points" in page
    assert "the route sets no limit" in page
    assert 'data-figure="errors" data-word="worse"' in text_of(manager.get(page_of(row)))

    shown = manager.get(back_of(row))
    assert "1 change, compared with version 2" in words_of(shown)
    done = words_of(manager.post(back_of(row), {**form_of(shown), "note": "It fails"}, follow=True))
    assert "Rolled back as version 3" in done and "Rolled back by manager" in done
    newest = ConfigVersion.objects.latest("number")
    assert (newest.created_by, newest.note) == ("manager", "Back to version 1 on this route: It fails")
    publishing.refresh(force=True)
    assert publishing.current().routes["common"].ladder[1] == HAIKU
    again = words_of(manager.get(back_of(row), follow=True))
    assert "rolled back already" in again
    undo = FlipRecord.objects.get(config_number=3)
    assert "This rolled the change of version 2 back." in words_of(manager.get(page_of(undo)))
    assert ConfigVersion.objects.count() == 3


def test_what_was_not_shown_is_not_rolled_back(admin: Client) -> None:
    row = swap(admin)
    form = form_of(admin.get(back_of(row)))
    Route.objects.filter(slug="complex").update(total_s=40)
    said = words_of(admin.post(back_of(row), form, follow=True))
    assert "Somebody has changed or published something meanwhile" in said
    assert ConfigVersion.objects.count() == 2
    assert "Roll back" in said, "with the difference as it is now"


def test_support_sees_neither_changes_nor_the_way_back_of_a_ladder(sign_in: SignIn) -> None:
    row = swap(sign_in("admin"))
    support = sign_in("support")
    assert [support.get(url).status_code for url in (LIST, page_of(row), back_of(row))] == [403, 403, 403]
    assert support.post(back_of(row), {"seen": ""}).status_code == 403
    assert ConfigVersion.objects.count() == 2


@pytest.mark.parametrize(("role", "may"), [("manager", False), ("admin", True)])
def test_rules_go_back_as_versions_by_who_may_edit_them(sign_in: SignIn, role: str, may: bool) -> None:
    Rule.objects.filter(name="Free plan").update(enabled=False)
    publish_draft(sign_in("support"), "Fewer tiers")
    row = FlipRecord.objects.get()
    assert (row.route_slug, row.changed_by) == ("all", "support")
    shown = sign_in(role).get(page_of(row))
    assert "Free plan is switched off" in words_of(shown) and "Fewer tiers" in words_of(shown)
    assert ("Back to version 1" in words_of(shown)) == may
    assert ("does that under Versions" in words_of(shown)) != may
    assert "as a whole" in words_of(sign_in(role).get(back_of(row), follow=True))


def test_a_broken_limit_is_seen_and_mailed_once(admin: Client, mailoutbox: list[EmailMessage]) -> None:
    AssistantSettings.objects.update(staff_email="team@example.com")
    publishing.publish(settings=as_snapshot(AssistantSettings.objects.get()))
    form = form_of(admin.get(reverse("admin:routing_route_change", args=["common"])))
    url = reverse("admin:routing_route_change", args=["common"])
    assert "less than or equal to 1.0" in words_of(admin.post(url, {**form, "gate_error_rate": "5"}))
    assert "was changed successfully" in words_of(
        admin.post(url, {**form, "gate_error_rate": "0.05"}, follow=True)
    )
    answer(3, 300)
    row = swap(admin)
    assert "errors by more than 5 in a hundred" in words_of(admin.get(page_of(row)))
    answer(0.5, 300, state="failed")
    (said,) = look()
    assert look() == []
    page = words_of(admin.get(page_of(row)))
    assert "Rolled back by itself" in page and "Limit broken, rolled back by itself" in page
    assert "Errors went from 0.0% of 300 replies to 100.0% of 300" in page
    listed = words_of(admin.get(LIST))
    assert "automatic" in listed and "Rolled back" in listed
    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == (
        ["team@example.com"],
        "[Changes] common: a change rolled back by itself",
    )
    assert said.text in letter.body and page_of(row) in letter.body
