"""Routes and models in the admin: an edit leaves a trail and warns of trouble; one of a route is a draft."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from assistant.pipeline import ConversationFacts, consider
from common.clock import now
from routing import publishing
from routing.admin.marks import current_price, dollars, ladder_warnings, retirement
from routing.models import CatalogueModel, ConfigVersion, FlipRecord, ModelPrice, Route, Rule
from tests.admin.pages import form_of, publish_draft, text_of, words_of

EVERYDAY = "Does it send texts too?"


def url_of(route: str) -> str:
    return reverse("admin:routing_route_change", args=[route])


def first_model(text: str) -> str:
    """Return the model that production asks first for a message now."""
    publishing.refresh()
    return consider(text, ConversationFacts(), publishing.current()).steps[0].id


def common_form(client: Client) -> dict[str, Any]:
    return form_of(client.get(url_of("common")))


def test_a_reordered_ladder_is_asked_in_its_new_order_and_leaves_a_trail(admin: Client) -> None:
    before = publishing.current().routes["common"].ladder
    assert first_model(EVERYDAY) == before[0]
    form = common_form(admin) | {"steps-0-position": "1", "steps-1-position": "0"}
    page = text_of(admin.post(url_of("common"), form, follow=True))
    assert "was changed successfully" in page
    assert first_model(EVERYDAY) == before[0]
    assert not FlipRecord.objects.exists()
    publish_draft(admin)
    assert first_model(EVERYDAY) == before[1]
    change = FlipRecord.objects.get()
    assert (change.route_slug, change.old, change.new) == ("common", list(before), list(before[::-1]))
    assert (change.changed_by, change.config_number) == ("admin", 2)


def test_two_steps_change_places_by_their_models_too(admin: Client) -> None:
    before = publishing.current().routes["common"].ladder
    form = common_form(admin) | {"steps-0-model": before[1], "steps-1-model": before[0]}
    assert "was changed successfully" in text_of(admin.post(url_of("common"), form, follow=True))
    publish_draft(admin)
    assert publishing.current().routes["common"].ladder == before[::-1]
    form = common_form(admin) | {"steps-0-model": before[0], "steps-1-DELETE": "on"}
    assert "was changed successfully" in text_of(admin.post(url_of("common"), form, follow=True))
    publish_draft(admin)
    assert publishing.current().routes["common"].ladder == before[:1]


def test_a_new_step_goes_to_the_end_and_a_deleted_one_leaves(admin: Client) -> None:
    before = publishing.current().routes["common"].ladder
    form = common_form(admin) | {
        "steps-TOTAL_FORMS": "3",
        "steps-2-route": "common",
        "steps-2-model": "claude-sonnet-5-5",
        "steps-2-position": "0",
    }
    admin.post(url_of("common"), form)
    publish_draft(admin)
    assert publishing.current().routes["common"].ladder == (*before, "claude-sonnet-5-5")
    form = common_form(admin) | {"steps-0-DELETE": "on"}
    admin.post(url_of("common"), form)
    publish_draft(admin)
    assert publishing.current().routes["common"].ladder == (before[1], "claude-sonnet-5-5")


def test_a_model_stands_once_on_a_ladder(admin: Client) -> None:
    form = common_form(admin)
    form["steps-1-model"] = form["steps-0-model"]
    page = text_of(admin.post(url_of("common"), form))
    assert "Please correct" in page
    assert ConfigVersion.objects.count() == 1


def test_allowed_providers_are_ticked_and_hold_from_the_next_message_on(admin: Client) -> None:
    page = admin.get(url_of("common"))
    boxes = re.findall(
        r'<input type="checkbox" name="allowed_providers" value="(\w+)"', page.content.decode()
    )
    assert boxes == sorted({"anthropic", "gemini"} | set(boxes))
    assert publishing.current().routes["common"].redact, "on for every route of a new desk"
    form = common_form(admin) | {"allowed_providers": ["anthropic"]}
    saved = text_of(admin.post(url_of("common"), form, follow=True))
    assert "is skipped: gemini is not allowed on this route" in saved
    assert "Escalates to “Complex”, which may ask providers that are not allowed here" in saved
    publish_draft(admin)
    route = publishing.current().routes["common"]
    assert route.allowed_providers == ("anthropic",)
    assert first_model(EVERYDAY) == "claude-haiku-5-5"
    tried = text_of(admin.post(reverse("admin:try"), {"text": EVERYDAY}))
    assert "Not allowed on this route" in tried
    assert "Not allowed on this route" in text_of(admin.get(reverse("admin:routing_route_changelist")))
    assert "allowed_providers" not in admin.get(url_of("faq")).content.decode()


def test_a_ladder_without_any_allowed_provider_is_refused_at_the_form(admin: Client) -> None:
    CatalogueModel.objects.create(
        id="far", provider="elsewhere", wire="openai", label="Far", tier="lite", context_tokens=9000,
        max_output_tokens=900,
    )  # fmt: skip
    form = common_form(admin) | {"allowed_providers": ["elsewhere"]}
    page = text_of(admin.post(url_of("common"), form))
    assert "No step could be asked: this route allows elsewhere only" in page
    assert publishing.current().routes["common"].allowed_providers == ()
    unknown = text_of(admin.post(url_of("common"), common_form(admin) | {"allowed_providers": ["nobody"]}))
    assert "Select a valid choice" in unknown


def test_saving_a_route_tells_what_is_wrong_with_its_ladder(admin: Client) -> None:
    ModelPrice.objects.filter(model="claude-haiku-5-5").delete()
    CatalogueModel.objects.filter(pk="gemini-3.5-flash-lite").update(retires_on=now().date())
    promised = common_form(admin) | {"promises_fallback": "on"}
    assert "promises a second" not in words_of(admin.post(url_of("common"), promised, follow=True))
    alone = common_form(admin) | {"promises_fallback": "on", "allowed_providers": ["anthropic"]}
    page = text_of(admin.post(url_of("common"), alone, follow=True))
    assert "promises a second provider, and its ladder has models of anthropic only" in page
    assert "Claude Haiku 5.5 has no price" in page
    assert "Gemini 3.5 Flash-Lite: retired on" in page
    listing = text_of(admin.get(reverse("admin:routing_route_changelist")))
    assert "Retired on" in listing
    assert "No price" in listing


def test_the_last_rules_route_stays_on_and_escalation_does_not_circle(admin: Client) -> None:
    form = common_form(admin)
    del form["enabled"]
    assert "this route stays on" in text_of(admin.post(url_of("common"), form))
    form = form_of(admin.get(url_of("complex"))) | {"escalates_to": "common"}
    assert "escalate in a circle" in text_of(admin.post(url_of("complex"), form))
    assert ConfigVersion.objects.count() == 1
    del form["enabled"]
    form["escalates_to"] = ""
    page = text_of(admin.post(url_of("complex"), form, follow=True))
    assert "was changed successfully" in page
    publish_draft(admin)
    assert publishing.current().routes["complex"].enabled is False


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"total_s": "0"}, "Total deadline: more than 0, not 0."),
        ({"connect_s": "-1"}, "Connect deadline: more than 0, not -1."),
        ({"connect_s": "11"}, "First-text deadline: not less than “connect deadline”."),
        ({"first_text_s": "9999"}, "Total deadline: not less than “first-text deadline”."),
        ({"stall_s": "9999"}, "Total deadline: not less than “stall limit”."),
        ({"min_support": "30"}, "Support an answer needs: from 0 to 1, not 30."),
        ({"max_output_tokens": "0"}, "Answer, up to: at least 16, not 0."),
        ({"max_message_tokens": "15"}, "Message, up to: at least 16, not 15."),
        ({"daily_budget_usd": "-0.5"}, "Daily budget: at least 0, not -0.5."),
        (
            {"daily_budget_usd": "5", "monthly_budget_usd": "4"},
            "Monthly budget: not less than “daily budget”.",
        ),
        ({"target_error_rate": "2"}, "Target for errors: from 0 to 1, not 2."),
        ({"target_availability": "99"}, "Target for availability: from 0 to 1, not 99."),
        (
            {"target_total_p95_ms": "9000", "target_total_p99_ms": "8000"},
            "Target for the slowest answers: not less than “target for the whole answer”.",
        ),
        ({"target_total_p95_ms": "0"}, "Target for the whole answer: more than 0, not 0."),
        ({"cache_hours": "0"}, "Keep stored answers: from 1 to 720, not 0."),
        ({"sticky_turns": "51"}, "Stay for: from 0 to 50, not 51."),
    ],
)
def test_a_setting_that_breaks_the_desk_is_refused_at_its_field_and_by_the_check(
    admin: Client, changes: dict[str, str], complaint: str
) -> None:
    page = text_of(admin.post(url_of("common"), common_form(admin) | changes))
    assert complaint in page and "was changed successfully" not in page
    assert publishing.unpublished() == []
    Route.objects.filter(pk="common").update(**changes)
    shown = admin.get(reverse("admin:rule_set"))
    assert complaint in text_of(shown) and "To mend first" in text_of(shown)
    refused = admin.post(reverse("admin:rule_set"), {**form_of(shown), "publish": ""}, follow=True)
    assert "Nothing was published" in text_of(refused)


def test_the_ends_of_the_ranges_are_settings_and_an_older_flaw_stands_in_no_ones_way(admin: Client) -> None:
    ends = {"daily_budget_usd": "4", "monthly_budget_usd": "4", "min_support": "1", "cache_hours": "720"}
    ends |= {
        "connect_s": "10",
        "first_text_s": "10",
        "stall_s": "10",
        "total_s": "10",
        "sticky_turns": "50",
        "max_message_tokens": "16",
    }
    page = text_of(admin.post(url_of("common"), common_form(admin) | ends, follow=True))
    assert "was changed successfully" in page
    assert "Published as version 2" in text_of(publish_draft(admin))
    Route.objects.filter(pk="common").update(cache_hours=0)  # as a release without ranges let it
    publishing.publish()
    Route.objects.filter(pk="common").update(meaning="Another one")
    assert "Published as version 4" in text_of(publish_draft(admin))


def test_two_people_on_one_route_write_nothing_over_unread(admin: Client) -> None:
    first, second = common_form(admin), common_form(admin)
    admin.post(url_of("common"), first | {"max_output_tokens": "777", "cache": "exact", "hedge": "on"})
    page = admin.post(url_of("common"), second | {"max_output_tokens": "555", "meaning": "Mine"})
    shown = words_of(page)
    assert "Not saved yet: admin (" in shown and "changed this route while you had it open" in shown
    assert "Stored meanwhile: “777”" in shown
    route = Route.objects.get(pk="common")
    assert (route.max_output_tokens, route.cache) == (777, "exact")
    again = form_of(page)
    assert (again["cache"], again["hedge"]) == ("exact", "on"), "what was not touched is what is stored"
    assert (again["max_output_tokens"], again["meaning"]) == ("555", "Mine"), "what was typed is kept"
    assert "was changed successfully" in text_of(admin.post(url_of("common"), again, follow=True))
    route.refresh_from_db()
    assert (route.max_output_tokens, route.cache, route.meaning) == (555, "exact", "Mine")

    third = common_form(admin)
    admin.post(url_of("common"), common_form(admin) | {"steps-1-DELETE": "on"})
    late = words_of(admin.post(url_of("common"), third | {"steps-0-position": "1", "steps-1-position": "0"}))
    assert "Its ladder now: Gemini 3.5 Flash-Lite. What you typed" in late
    assert Route.objects.get(pk="common").steps.count() == 1


def test_a_route_without_a_model_cannot_be_deleted(admin: Client) -> None:
    assert admin.post(reverse("admin:routing_route_delete", args=["faq"])).status_code == 403
    Route.objects.get(slug="scaffold").rules.all().delete()
    admin.post(reverse("admin:routing_route_delete", args=["scaffold"]), {"post": "yes"})
    assert "scaffold" in publishing.current().routes
    publish_draft(admin)
    assert "scaffold" not in publishing.current().routes


def test_deleting_a_route_that_a_rule_needs_says_so(client: Client, seeded: None) -> None:
    boss = User.objects.create_superuser("boss", password="x")
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    last = Rule.objects.get(locked=True)
    url = reverse("admin:routing_route_delete", args=[last.route_id])
    page = text_of(client.get(url))
    assert "would require deleting the following protected related objects" in page
    assert last.name in page
    assert "your account doesn't have permission" not in page
    client.post(url, {"post": "yes"})
    assert Route.objects.filter(pk=last.route_id).exists()


def test_models_show_their_end_their_price_and_whether_they_can_be_asked(admin: Client) -> None:
    page = text_of(admin.get(reverse("admin:routing_cataloguemodel_changelist")))
    assert "Retired on 1 Jun 2026" in page
    assert "use gemini-3.5-flash-lite" in page
    assert "$3.00 in<small class='desk-sub'>$15.00 out</small>" in page
    assert "Sandbox answers" in page
    soon = text_of(admin.get(reverse("admin:routing_cataloguemodel_changelist"), {"life": "soon"}))
    assert "gemini-2.0-flash-lite" in soon
    assert "gemini-3.8-flash<" not in soon
    used = text_of(admin.get(reverse("admin:routing_cataloguemodel_changelist"), {"life": "used"}))
    assert "gemini-3.8-flash<" in used


def test_an_edited_price_is_published_and_kept_by_upgrades(admin: Client) -> None:
    url = reverse("admin:routing_cataloguemodel_change", args=["claude-haiku-5-5"])
    form = form_of(admin.get(url)) | {"prices-0-input": "0.25", "note": "Checked by us."}
    admin.post(url, form)
    row = CatalogueModel.objects.get(pk="claude-haiku-5-5")
    assert row.staff_edited == ["note", "prices"]
    price = publishing.current().models["claude-haiku-5-5"].prices[0]
    assert price.input == Decimal("0.25") / 1_000_000


def test_what_a_version_changed_is_told_without_json(admin: Client) -> None:
    form = common_form(admin) | {"max_output_tokens": "777"}
    admin.post(url_of("common"), form)
    publish_draft(admin)
    row = CatalogueModel.objects.get(pk="claude-haiku-5-5")
    address = reverse("admin:routing_cataloguemodel_change", args=[row.pk])
    admin.post(address, form_of(admin.get(address)) | {"label": "Our Haiku"})
    route, model = (
        words_of(admin.get(reverse("admin:routing_configversion_change", args=[number]))) for number in (2, 3)
    )
    listed = words_of(admin.get(reverse("admin:routing_configversion_changelist")))
    assert "answer, up to 1,024 tokens 777 tokens" in route
    assert "Common answer, up to: 1,024 tokens → 777 tokens" in listed
    assert "Our Haiku" in model and "777" not in model
    assert "{&quot;" not in route + model


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (None, None),
        (46, None),
        (45, "Retires in 45 days"),
        (1, "Retires in 1 day"),
        (0, "Retired on 23 Nov 2026"),
        (-1, "Retired on 22 Nov 2026"),
    ],
)
def test_the_red_mark_begins_45_days_before_the_end(days: int | None, text: str | None) -> None:
    mark = retirement(None if days is None else TODAY + timedelta(days=days), TODAY)
    assert (mark.text if mark else None) == text
    assert mark is None or mark.kind == "bad"


def test_the_price_of_today_is_the_newest_that_has_begun() -> None:
    def price(day: date, amount: str, above: int = 0) -> ModelPrice:
        return ModelPrice(effective_from=day, input_above=above, input=Decimal(amount), output=Decimal(1))

    prices = [
        price(date(2026, 1, 1), "1"),
        price(date(2026, 6, 1), "2"),
        price(date(2026, 6, 1), "4", above=200_000),
        price(date(2027, 1, 1), "3"),
    ]
    chosen = current_price(prices, TODAY)
    assert chosen is not None
    assert chosen.input == 2
    assert current_price(prices, date(2025, 1, 1)) is None


@pytest.mark.parametrize(
    ("amount", "shown"), [("3.000000", "$3.00"), ("0.075", "$0.075"), ("100", "$100.00"), ("0", "$0.00")]
)
def test_prices_have_the_decimals_they_need(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown


def test_a_smaller_window_behind_the_first_model_is_warned_about(seeded: None) -> None:
    models = list(
        CatalogueModel.objects.filter(pk__in=("claude-sonnet-5-5", "claude-haiku-4-5-20251001")).order_by(
            "-context_tokens"
        )
    )
    assert any("may not fit" in warning for warning in ladder_warnings(models, TODAY))
    assert not any("may not fit" in warning for warning in ladder_warnings(models[::-1], TODAY))
    near, first = CatalogueModel(context_tokens=1_000_000), CatalogueModel(context_tokens=1_048_576)
    near.pk, first.pk = "claude-haiku-5-5", "gemini-3.5-flash-lite"
    assert not any("may not fit" in warning for warning in ladder_warnings([first, near], TODAY))
    assert ladder_warnings([], TODAY) == ["This route has no model on its ladder, so it cannot answer."]
