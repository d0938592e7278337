"""The forms of every page: no JSON, settings checked field by field and in force at once."""

import pytest
from django import forms
from django.contrib import admin as admin_site
from django.contrib.auth.models import User
from django.db.models import JSONField
from django.test import Client, RequestFactory
from django.urls import reverse

from assistant.models import AssistantSettings
from routing import publishing
from routing.models import ConfigVersion
from tests.admin.pages import form_of, text_of, words_of

SETTINGS = reverse("admin:assistant_assistantsettings_change", args=[1])


# A column of JSON behind boxes to tick is no JSON to whoever ticks them.
CHOSEN = forms.MultipleChoiceField


def test_nobody_edits_json(seeded: None) -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="admin")
    looked_at = 0
    for page in admin_site.site._registry.values():
        if not (page.has_change_permission(request) or page.has_add_permission(request)):
            continue
        fields = dict(page.get_form(request).base_fields)
        for inline in page.get_inline_instances(request):
            fields |= inline.get_formset(request).form.base_fields
        json_columns = {field.name for field in page.opts.get_fields() if isinstance(field, JSONField)}
        as_text = {name for name in json_columns & fields.keys() if not isinstance(fields[name], CHOSEN)}
        assert not as_text, page
        assert not any(isinstance(field, forms.JSONField) for field in fields.values()), page
        looked_at += len(fields)
    assert looked_at > 50


def test_no_page_prints_raw_json(admin: Client) -> None:
    for name in ("routing_configversion", "routing_cataloguemodel"):
        listing = admin.get(reverse(f"admin:{name}_changelist"))
        first = listing.context["cl"].result_list[0]
        page = words_of(admin.get(reverse(f"admin:{name}_change", args=[first.pk])))
        assert "{&quot;" not in page
        assert "&#x27;:" not in page


def test_settings_are_one_row_in_force_at_once(admin: Client) -> None:
    listing = admin.get(reverse("admin:assistant_assistantsettings_changelist"))
    assert listing["Location"] == SETTINGS
    form = form_of(admin.get(SETTINGS)) | {
        "name": "Mara",
        "link_hosts": "Help.Example.com\n\n docs.example.com ",
        "daily_cost_cap_usd": "2.50",
        "monthly_cost_cap_usd": "40.0005",
        "visitor_usd_an_hour": "",
        "time_zone": "Europe/Berlin",
    }
    page = text_of(admin.post(SETTINGS, form, follow=True))
    assert "was changed successfully" in page
    values = publishing.current().settings
    assert values["name"] == "Mara"
    assert values["link_hosts"] == ["help.example.com", "docs.example.com"]
    assert (values["daily_cost_cap_usd"], values["time_zone"]) == ("2.50", "Europe/Berlin")
    assert (values["monthly_cost_cap_usd"], values["visitor_usd_an_hour"]) == ("40.0005", None)
    assert AssistantSettings.objects.count() == 1
    newest = ConfigVersion.objects.first()
    assert newest is not None
    assert newest.created_by == "admin"


@pytest.mark.parametrize(
    "contact",
    [
        "help@example.com",
        "https://help.example.com/contact",
        "+44 20 7946 0000",
        "Phone: 020 7946 0000",
        "the front desk, 9:00 to 17:00",
        "Mon-Fri 9:00",
        "",
    ],
)
def test_a_contact_is_an_address_a_number_or_words(admin: Client, contact: str) -> None:
    admin.post(SETTINGS, form_of(admin.get(SETTINGS)) | {"contact": contact})
    assert AssistantSettings.objects.get().contact == contact


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("link_hosts", "https://help.example.com/", "is not a host name"),
        ("daily_cost_cap_usd", "-1", "cannot be negative"),
        ("monthly_cost_cap_usd", "-1", "cannot be negative"),
        ("visitor_usd_an_hour", "-0.5", "cannot be negative"),
        ("address_usd_an_hour", "-1", "cannot be negative"),
        ("visitor_messages_a_minute", "-1", "greater than or equal to 0"),
        ("time_zone", "Mars/Olympus", "Select a valid choice"),
        ("privacy_url", "javascript:alert(1)", "valid URL"),
        ("staff_email", "nobody", "valid email"),
        ("contact", "javascript:alert(1)", "plain words"),
        ("contact", "JavaScript : alert(1)", "plain words"),
        ("contact", "data:text/html,x", "plain words"),
        ("contact", "http://help.example.com", "plain words"),
        ("contact", "https://", "plain words"),
        ("contact", "tel:+442079460000", "plain words"),
        ("name", "", "This field is required"),
    ],
)
def test_wrong_settings_are_refused_at_their_field(
    admin: Client, field: str, value: str, complaint: str
) -> None:
    answer = admin.post(SETTINGS, form_of(admin.get(SETTINGS)) | {field: value})
    assert complaint in str(answer.context["adminform"].form.errors[field])
    assert ConfigVersion.objects.count() == 1
