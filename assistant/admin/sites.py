"""The web sites that embed the chat: who may frame it, how it looks there, and what to put on their pages."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from assistant import colours, embedding, languages
from assistant.admin.settings_words import SITE as TEXTS
from assistant.admin.settings_words import TextsForm, missing
from assistant.embed import sites, widget_files
from assistant.languages import LANGUAGES
from assistant.models import Site
from routing.admin.base import LineField, LinesField, ModelAdmin, badge, muted

NAMES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "ja": "Japanese",
}


class SiteForm(TextsForm):
    """A site, with addresses and colour as browsers need them."""

    texts = TEXTS

    language = forms.ChoiceField(
        required=False,
        choices=[
            ("", "The visitor's browser decides"),
            *((code, NAMES.get(code, code)) for code in LANGUAGES),
        ],
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = Site
        fields = (
            "name",
            "key",
            "is_active",
            "origins",
            "accent",
            "position",
            "launcher_label",
            "greeting",
            "language",
        )
        labels = {
            "is_active": "Switched on",
            "origins": "Addresses",
            "accent": "Colour",
            "position": "Corner",
            "launcher_label": "Words on the button",
            "greeting": "Greeting",
        }
        help_texts = {
            "key": "Stands in the page's source and cannot be changed later: letters, digits, hyphens and "
            "underscores.",
            "is_active": "Off takes the button from the site's pages, ends the open chats and lets nobody "
            "open one.",
            "origins": "Which pages may show the chat, one a line, such as https://www.example.com; with and "
            "without www are two. Nothing but scheme, host and port.",
            "accent": "Such as #0a6e5c. Empty is the desk's green.",
            "launcher_label": "Empty shows the sign alone, as phones always do.",
            "greeting": "Empty is the greeting of the Assistant settings.",
        }
        error_messages = {
            "key": {
                "invalid": "Letters, digits, hyphens and underscores only.",
                "unique": "Another site has this key.",
            },
            "accent": {"max_length": colours.HOW},
        }
        widgets = {"origins": UnfoldAdminTextareaWidget(attrs={"rows": 4})}
        field_classes = {
            "origins": LinesField,
            "name": LineField,
            "launcher_label": LineField,
            "greeting": LineField,
        }

    def clean_origins(self) -> str:
        """Keep addresses as browsers write them; refuse the first that is none."""
        try:
            return embedding.clean_origins(self.cleaned_data["origins"])
        except embedding.BadOrigin as error:
            raise ValidationError(str(error)) from error

    def clean_accent(self) -> str:
        """Keep a colour as #rrggbb."""
        accent: str = self.cleaned_data["accent"].strip()
        try:
            return colours.clean(accent) if accent else ""
        except colours.BadColour as error:
            raise ValidationError(str(error)) from error


TEXTS.declare(SiteForm)


@admin.register(Site)
class SiteAdmin(ModelAdmin[Site]):
    form = SiteForm
    warn_unsaved_form = True
    list_display = ("name", "key", "state", "addresses")
    search_fields = ("name", "key", "origins")
    prepopulated_fields = {"key": ("name",)}
    change_form_before_template = "admin/desk/_seen.html"
    change_form_outer_before_template = "admin/desk/site.html"
    change_form_outer_after_template = "admin/desk/texts_by_language.html"
    fieldsets = (
        ("The site", {"fields": (("name", "key"), "origins", "is_active")}),
        (
            "How the chat looks there",
            {
                "fields": (("accent", "position"), ("launcher_label", "language"), "greeting"),
                "description": "The script element's attributes win over what is set here.",
            },
        ),
        (
            "In other languages",
            {
                "classes": ("collapse",),
                "fields": TEXTS.rows(),
                "description": "What visitors who read that language see in place of the greeting and the "
                "words on the button above. Where a field is empty they see those above.",
            },
        ),
    )

    class Media:
        js = ("desk_admin/copy.js",)

    @admin.display(description="State")
    def state(self, row: Site) -> SafeString:
        if not row.is_active:
            return badge("Switched off")
        return (
            badge("On", "good") if row.origins else badge("No addresses", "warn", "No page may show it yet")
        )

    @admin.display(description="Addresses")
    def addresses(self, row: Site) -> SafeString:
        origins = sites.origins_of(row)
        if not origins:
            return muted("none")
        # In one element: on a phone the theme puts what stands in a cell side by side.
        return format_html(
            "<div>{}</div>", format_html_join("", "<div>{}</div>", ((origin,) for origin in origins))
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Site | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Site | None = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if words := mended(obj.accent):
            messages.info(request, words)
        if obj.is_active and not obj.origins:
            messages.warning(request, "No page may show the chat yet: give the site's addresses.")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        shown = (
            {"embedding": facts(row, desk_address(request)), "texts": texts_by_language(row)} if row else {}
        )
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **shown})


def texts_by_language(row: Site) -> dict[str, Any]:
    """Return what the page says of the site's texts in each language."""
    lines = TEXTS.stand(row)
    return {"names": languages.NAMES.values(), "lines": lines, "missing": missing(lines), "starters": None}


def desk_address(request: HttpRequest) -> str:
    """Return the origin that sites take the widget from: this page's own where it is one of ORIGINS."""
    here = f"{request.scheme}://{request.get_host()}"
    known: tuple[str, ...] = settings.ENV.origins
    return here if here in known or not known else known[0]


def facts(row: Site, desk: str) -> dict[str, Any]:
    """Return what the page of a site says about putting the chat on it."""
    pinned = widget_files.latest()
    accent = row.accent or colours.DESK
    return {
        "snippet": embedding.snippet(desk, row.key),
        "pinned": embedding.snippet(desk, row.key, pinned.version, pinned.integrity),
        "version": pinned.version,
        "integrity": pinned.integrity,
        "policy": embedding.policy(desk),
        "directives": embedding.POLICY,
        "theme": colours.theme(accent),
        "mended": mended(row.accent),
        "chat": reverse("embed", args=[row.key]),
        "ready": row.is_active and bool(row.origins),
    }


def mended(accent: str) -> str:
    """Return in words what is made of a colour so that it can be read, "" where nothing is."""
    if not accent:
        return ""
    theme = colours.theme(accent)
    moved = [
        f"{shade} on {ground} ground"
        for shade, ground in ((theme.light.green, "light"), (theme.dark.green, "dark"))
        if shade != accent
    ]
    if not moved:
        return ""
    on = "white" if theme.on_accent == colours.WHITE else "black"
    return (
        f"{accent} stays on the button, with {on} words. "
        f"Inside the chat, where it also is the colour of links, {' and '.join(moved)} stands for it: "
        f"{accent} alone would be hard to read there."
    )
