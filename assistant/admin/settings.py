"""The team's own settings: one row, never added or deleted, in force with the next message."""

import re
from collections import Counter
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_domain_name, validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextareaWidget

from assistant.admin.settings_words import SETTINGS, TextsForm, missing
from assistant.languages import NAMES, main_language
from assistant.models import AssistantSettings
from assistant.opening_hours import BadHours, parse_closed, parse_hours
from assistant.settings_snapshot import as_snapshot
from common.text import shorten
from faq import index
from routing.admin.base import LinesField, OneRow, PublishingAdmin
from routing.publishing import publish

# "Phone: 020 7946 0000" are words, whatever stands before the colon; these are refused with a space as well.
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
ADDRESS = re.compile(SCHEME.pattern + r"\S")
SHOWN = 100  # characters of what is refused, in the sentence that says so
ALERTED = 10  # whoever wants more writes to a list
MOST_STARTERS = 1000  # five a language are shown; whoever features more is told how many
REFUSED = frozenset(("javascript", "vbscript", "data", "file", "blob", "about"))


class AssistantSettingsForm(TextsForm):
    """The settings, checked field by field."""

    texts = SETTINGS

    time_zone = forms.ChoiceField(
        widget=UnfoldAdminSelect2Widget(), help_text="Days on the metrics page and the budgets follow it."
    )

    class Meta:
        model = AssistantSettings
        fields = (
            "time_zone",
            "link_hosts",
            "daily_cost_cap_usd",
            "monthly_cost_cap_usd",
            "visitor_usd_an_hour",
            "address_usd_an_hour",
            "visitor_messages_a_minute",
            "address_messages_a_minute",
            "opening_hours",
            "closed_on",
            "alert_emails",
        )
        labels = {
            "privacy_url": "Privacy notice",
            "staff_email": "Staff e-mail",
            "alert_emails": "Alerts go to",
            "hours": "Hours in words",
            "opening_hours": "Opening hours",
            "closed_on": "Closed on",
            "answer_within_hours": "Answer within, opening hours",
            "confirm_requests": "Send visitors a receipt",
            "live_chat": "Live chat",
            "live_wait_minutes": "A visitor waits, minutes",
            "live_shows_name": "Visitors read the first name",
            "label_faq": "Approved answer",
            "label_lite": "Answer of a light model",
            "label_heavy": "Answer of a heavy model",
            "daily_cost_cap_usd": "Daily cost cap, USD",
            "monthly_cost_cap_usd": "Monthly cost cap, USD",
            "visitor_messages_a_minute": "A visitor: messages a minute",
            "address_messages_a_minute": "An address: messages a minute",
            "visitor_usd_an_hour": "A visitor: USD an hour",
            "address_usd_an_hour": "An address: USD an hour",
            "link_hosts": "Hosts of links",
        }
        help_texts = {
            "daily_cost_cap_usd": "0 lets the desk answer from the FAQ only.",
            "monthly_cost_cap_usd": "Empty is none of its own.",
            "visitor_messages_a_minute": "Of each browser and each signed-in session; 0 is no limit.",
            "address_messages_a_minute": "Of each IP address, of each /64 network with IPv6; 0 is no limit.",
            "visitor_usd_an_hour": "What models may cost for one visitor or session; approved answers stay "
            "free. Empty is no limit.",
            "address_usd_an_hour": "The same for all visitors of an address together.",
            "hours": "In your own words; shown only while no opening hours are set.",
            "staff_email": "Where requests for a person are sent. Without it they wait in the admin.",
            "alert_emails": "Who gets a mail when a route burns its error budget, an e-mail address a line. "
            "Empty: the staff e-mail.",
            "opening_hours": (
                "When people answer, in the desk's time zone: Mon-Fri 09:00-17:00; Sat 10:00-13:00. "
                "Empty promises nobody an hour."
            ),
            "closed_on": "Days without answers, one a line: 2026-12-24, or 12-25 for every year.",
            "answer_within_hours": (
                "Hours of opening time until a request is answered; the visitor is told the moment. "
                "0 promises none."
            ),
            "confirm_requests": "The visitor gets the request and the conversation so far by e-mail.",
            "live_chat": "Visitors may ask for somebody in the chat while one of the team has the inbox "
            "open, within opening hours.",
            "live_wait_minutes": "Then they are told that nobody can come, and may leave an address.",
            "live_shows_name": "Of whoever is in the chat with them; else they read “Support team”.",
        }
        widgets = {
            "opening_hours": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "closed_on": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "house_instructions": UnfoldAdminTextareaWidget(attrs={"rows": 6}),
            "alert_emails": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "link_hosts": UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        }
        field_classes = dict.fromkeys(
            ("house_instructions", "opening_hours", "closed_on", "link_hosts", "alert_emails"), LinesField
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        SETTINGS.hint(self.fields)
        field = self.fields.get("time_zone")
        if isinstance(field, forms.ChoiceField):
            field.choices = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]

    def clean_contact(self) -> str:
        """Keep an e-mail address, an https address, or words; refuse every other kind of address."""
        contact: str = self.cleaned_data["contact"]
        squeezed = SCHEME.match("".join(contact.split()))
        if not ADDRESS.match(contact) and (squeezed is None or squeezed[1].lower() not in REFUSED):
            return contact
        try:
            URLValidator(schemes=["https"])(contact)
        except ValidationError as error:
            raise ValidationError(
                "Write an e-mail address, a page that begins with https://, a phone number or plain words."
            ) from error
        return contact

    def clean_link_hosts(self) -> str:
        """Keep one host a line; refuse what is an address or no host at all."""
        hosts = [
            line.strip().lower() for line in self.cleaned_data["link_hosts"].splitlines() if line.strip()
        ]
        for host in hosts:
            try:
                validate_domain_name(host)
            except ValidationError as error:
                shown = shorten(host, SHOWN)
                raise ValidationError(
                    f"“{shown}” is not a host name: write help.example.com, without https:// and any path."
                ) from error
        return "\n".join(hosts)

    def clean_alert_emails(self) -> str:
        """Keep one address a line; refuse what is none, and more than a mail should go to."""
        addresses = self.cleaned_data["alert_emails"].replace(",", " ").split()
        if len(addresses) > ALERTED:
            raise ValidationError(f"At most {ALERTED} addresses; a mailing list is one.")
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError as error:
                raise ValidationError(f"“{shorten(address, SHOWN)}” is not an e-mail address.") from error
        return "\n".join(dict.fromkeys(addresses))

    def clean_opening_hours(self) -> str:
        """Keep hours that can be read, as they were typed."""
        hours: str = self.cleaned_data["opening_hours"].strip()
        try:
            parse_hours(hours)
        except BadHours as error:
            raise ValidationError(str(error)) from error
        return hours

    def clean_closed_on(self) -> str:
        """Keep days that can be read, as they were typed."""
        days: str = self.cleaned_data["closed_on"].strip()
        try:
            parse_closed(days)
        except BadHours as error:
            raise ValidationError(str(error)) from error
        return days

    def clean_daily_cost_cap_usd(self) -> Any:
        """Refuse a cap below nothing; nothing is allowed and means: approved answers only."""
        cap = self.cleaned_data["daily_cost_cap_usd"]
        if cap < 0:
            raise ValidationError("A cap cannot be negative. 0 lets the desk answer from the FAQ only.")
        return cap

    def clean_monthly_cost_cap_usd(self) -> Any:
        """Refuse a cap below nothing."""
        return self._not_negative("monthly_cost_cap_usd")

    def clean_visitor_usd_an_hour(self) -> Any:
        """Refuse an amount below nothing."""
        return self._not_negative("visitor_usd_an_hour")

    def clean_address_usd_an_hour(self) -> Any:
        """Refuse an amount below nothing."""
        return self._not_negative("address_usd_an_hour")

    def _not_negative(self, name: str) -> Any:
        amount = self.cleaned_data[name]
        if amount is not None and amount < 0:
            raise ValidationError("An amount cannot be negative. Leave it empty for no limit.")
        return amount


SETTINGS.declare(AssistantSettingsForm)


@admin.register(AssistantSettings)
class AssistantSettingsAdmin(OneRow[AssistantSettings], PublishingAdmin[AssistantSettings]):
    form = AssistantSettingsForm
    warn_unsaved_form = True
    change_form_before_template = "admin/desk/_seen.html"
    change_form_outer_after_template = "admin/desk/texts_by_language.html"
    fieldsets = (
        ("The assistant", {"fields": ("name", "greeting", "tone", "house_instructions")}),
        (
            "People",
            {
                "fields": (
                    ("contact", "staff_email"),
                    ("opening_hours", "closed_on"),
                    ("answer_within_hours", "hours"),
                    "confirm_requests",
                    "live_chat",
                    "live_wait_minutes",
                    "live_shows_name",
                    "privacy_url",
                ),
                "description": "Shown to visitors who want a person, or to know what happens to their data.",
            },
        ),
        (
            "What stands under an answer",
            {
                "fields": ("label_faq", "label_lite", "label_heavy"),
                "description": "The words of the chip that says which tier really answered.",
            },
        ),
        (
            "In other languages",
            {
                "classes": ("collapse",),
                "fields": SETTINGS.rows(),
                "description": "What visitors who read that language see in place of the texts above. If a "
                "field is empty: the shipped text in their language, or yours above if you have changed it.",
            },
        ),
        (
            "Budgets",
            {
                "fields": (("daily_cost_cap_usd", "monthly_cost_cap_usd"), "time_zone"),
                "description": "Of the whole desk. Routes and plans may have their own beside it.",
            },
        ),
        (
            "Service levels",
            {
                "fields": ("alert_emails",),
                "description": "The targets themselves stand with the routes.",
            },
        ),
        (
            "Limits",
            {
                "fields": (
                    ("visitor_usd_an_hour", "address_usd_an_hour"),
                    ("visitor_messages_a_minute", "address_messages_a_minute"),
                    "link_hosts",
                ),
                "description": "So that one visitor, or one address, cannot take everything.",
            },
        ),
    )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = AssistantSettings.objects.filter(pk=object_id).first() if object_id else None
        shown = {"texts": texts_by_language(row)} if row else {}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def publish(self, request: HttpRequest) -> None:
        row = AssistantSettings.objects.get(pk=1)
        by = request.user.get_username()
        publish(by=by, note="assistant settings", settings=as_snapshot(row), rule_set=False)

    def response_change(self, request: HttpRequest, obj: AssistantSettings) -> HttpResponse:
        # There is no list to go back to, so saving stays on the page.
        super().response_change(request, obj)
        return redirect(request.path)


def texts_by_language(row: AssistantSettings) -> dict[str, Any]:
    """Return what the page says of the texts in each language, the starters among them."""
    lines = SETTINGS.stand(row)
    index.refresh()
    starters = Counter(main_language(entry.language) for entry in index.starters(MOST_STARTERS))
    return {
        "names": NAMES.values(),
        "lines": lines,
        "missing": missing(lines),
        "starters": [starters[language] for language in NAMES],
    }
