"""What the routing pages share: Unfold's classes with types, publishing on save, small marks."""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.text import clean, plain_lines
from routing.publishing import CannotPublish, publish, unpublished

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)

# Unfold ships no types; its classes keep Django's interface, so Django's stubs stand in for them.
if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

__all__ = [
    "DraftAdmin",
    "LineField",
    "LinesField",
    "ModelAdmin",
    "PublishingAdmin",
    "ReadOnlyAdmin",
    "TabularInline",
    "badge",
    "mark_changed",
    "muted",
    "one_by_one",
    "waits",
]


class LinesField(forms.CharField):
    """The text of a textarea: a browser ends lines in CRLF, and a snapshot keeps every byte."""

    def to_python(self, value: Any) -> Any:
        """Return the text with plain line ends, so that a form saved as it was opened changes nothing."""
        return plain_lines(super().to_python(value) or "")


class LineField(forms.CharField):
    """A name or a label in one line, of which there is something to see."""

    default_error_messages = {"unseen": "Nothing of this can be seen. Type letters or digits."}

    def to_python(self, value: Any) -> Any:
        """Return the text in one line, without what only turns others around; NUL is refused later."""
        text = super().to_python(value) or ""
        if "\x00" in text:
            return text
        line = " ".join(clean(text).split())
        if line and not seen(line):
            raise ValidationError(self.error_messages["unseen"], code="unseen")
        return line


def seen(text: str) -> bool:
    """Return whether a text has a character that is drawn: no space, control or mark without width."""
    return any(unicodedata.category(sign)[0] not in "CZM" for sign in text)


BADGES = ("good", "bad", "warn", "info", "plain")


def badge(text: str, kind: str = "plain", title: str = "") -> SafeString:
    """Return a small coloured label; colour is never the only sign, the text says it too."""
    return format_html('<span class="desk-badge desk-{}" title="{}">{}</span>', kind, title, text)


def muted(text: str) -> SafeString:
    """Return text that steps back: nothing to act on."""
    return format_html("<span class='desk-muted'>{}</span>", text)


def mark_changed(request: HttpRequest) -> None:
    """Note that this request has changed what the runtime reads, so that it is published at the end."""
    setattr(request, "_desk_changed", True)  # noqa: B010 - the request carries it to the end of the view


class PublishingAdmin(ModelAdmin[M]):
    """An admin whose edits become a new configuration version in the transaction that makes them.

    Published once a request, after the inlines are saved, and without a draft of rules and routes.
    """

    list_per_page = 50

    def _publishing(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            with transaction.atomic():
                response = view(request, *args, **kwargs)
                if getattr(request, "_desk_changed", False):
                    self.before_publishing(request)
                    self.publish(request)
        except CannotPublish as refusal:
            self._take_back_success(request)
            messages.error(request, f"Nothing was changed. {refusal}")
            return redirect(request.get_full_path())
        return response

    def _take_back_success(self, request: HttpRequest) -> None:
        """Drop the page's own "was changed successfully", which stopped being true."""
        list(messages.get_messages(request))

    def before_publishing(self, request: HttpRequest) -> None:
        """Put rows in order before the snapshot is taken; nothing to do unless a subclass says so."""

    def publish(self, request: HttpRequest) -> None:
        """Publish what was edited, in the name of the signed-in user."""
        publish(by=request.user.get_username(), rule_set=False)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return self._publishing(request, super().changeform_view, object_id, form_url, extra_context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._publishing(request, super().changelist_view, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._publishing(request, super().delete_view, object_id, extra_context)

    def save_related(self, request: HttpRequest, form: ModelForm[M], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        mark_changed(request)

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        super().delete_model(request, obj)
        mark_changed(request)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        super().delete_queryset(request, queryset)
        mark_changed(request)


class DraftAdmin(PublishingAdmin[M]):
    """An admin of rules or routes: what it saves is a draft until somebody publishes it."""

    list_before_template = "admin/desk/draft_before.html"
    change_form_before_template = "admin/desk/_seen.html"

    def publish(self, request: HttpRequest) -> None:
        """Say that the edit waits in the draft, where it does."""
        if unpublished():
            messages.info(request, waits())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list under what waits to be published."""
        waiting = len(unpublished()) if request.method == "GET" else 0
        return super().changelist_view(request, {"unpublished": waiting, **(extra_context or {})})


def waits() -> SafeString:
    """Return that a saved edit is in the draft, with the way to publish it."""
    return format_html(
        "Saved in the draft; visitors notice nothing until it is published. "
        "<a class='desk-link' href='{}'>See the difference and publish</a>",
        reverse("admin:rule_set"),
    )


class ReadOnlyAdmin(ModelAdmin[M]):
    """A page on rows that nobody edits, superusers included: the ledger and the audit trail."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a row, without the button to a history it cannot have."""
        context = {"show_history": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


class OneRow(ModelAdmin[M]):
    """A page on a table of one row: nobody adds or deletes it, and the list leads straight to it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Go straight to the one row."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row, _ = self.model._default_manager.get_or_create(pk=1)
        return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk]))


@contextmanager
def one_by_one(request: HttpRequest) -> Iterator[None]:
    """Let in a person's orders one after the other: a double click finds what its first half has stored."""
    with transaction.atomic():
        list(
            get_user_model()
            .objects.select_for_update(no_key=True)
            .filter(username=request.user.get_username())
        )
        yield
