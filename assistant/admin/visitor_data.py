"""Answering a visitor who asks what is stored, or wants it gone: find, export, erase."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from assistant.models import VisitorDataAction
from assistant.privacy import StillRunning, erase, export
from assistant.privacy.erasing import note
from assistant.privacy.exporting import as_json
from assistant.privacy.finding import find
from assistant.privacy.trail import Trail, in_words, trail_of
from routing.admin.base import ReadOnlyAdmin

WORD = "erase"


class FindForm(forms.Form):
    """Whom it is about."""

    term = forms.CharField(
        label="Conversation, visitor or request",
        max_length=254,
        strip=True,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
        help_text="An id as a conversation's page shows it, a request's number, or the e-mail address given "
        "with a request. Nothing is stored under a name.",
        error_messages={"required": "Paste an id, a request's number or an e-mail address."},
    )


class ConfirmForm(forms.Form):
    """The word that must be typed before anything is erased."""

    word = forms.CharField(
        label=f"Type “{WORD}” to go on", widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )

    def clean_word(self) -> str:
        """Refuse anything but the word."""
        word: str = self.cleaned_data["word"].strip().lower()
        if word != WORD:
            raise forms.ValidationError(f"Nothing was erased: type the word {WORD}.")
        return word


def _require(request: HttpRequest, right: str) -> None:
    if not request.user.has_perm(f"assistant.{right}_visitor_data"):
        raise PermissionDenied


def visitor_data(request: HttpRequest) -> HttpResponse:
    """Show the search. Sent by POST, since what is looked for may be an address, and addresses are logged."""
    _require(request, "export")
    form = FindForm(request.POST) if request.method == "POST" else FindForm()
    found = find(form.cleaned_data["term"]) if form.is_bound and form.is_valid() else None
    return _page(request, "visitor_data.html", "Visitor data", form=form, found=found)


def export_visitor(request: HttpRequest, visitor_id: UUID) -> HttpResponse:
    """Send all that is stored of a visitor as a JSON file, and note who took it."""
    _require(request, "export")
    trail = _trail(request, visitor_id)
    note(VisitorDataAction.Action.EXPORT, visitor_id, request.user.get_username(), trail.counts())
    response = HttpResponse(as_json(export(visitor_id)), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="visitor-{str(visitor_id)[:8]}.json"'
    return response


def erase_visitor(request: HttpRequest, visitor_id: UUID) -> HttpResponse:
    """Ask for the word, then erase the visitor for good."""
    _require(request, "erase")
    trail = _trail(request, visitor_id)
    form = ConfirmForm(request.POST) if "word" in request.POST else ConfirmForm()
    if form.is_bound and form.is_valid():
        try:
            counts = erase(visitor_id, request.user.get_username())
        except StillRunning:
            messages.error(request, "An answer is still being written. Nothing was erased; try again.")
            return redirect("admin:visitor_data")
        messages.success(request, f"Erased: {in_words(counts) or 'the visitor, who had sent nothing'}.")
        return redirect("admin:visitor_data")
    return _page(
        request,
        "visitor_erase.html",
        "Erase a visitor",
        form=form,
        counts=trail.counts(),
        visitor_id=visitor_id,
    )


def _trail(request: HttpRequest, visitor_id: UUID) -> Trail:
    trail = trail_of(visitor_id)
    if request.method != "POST" or not trail.exists:
        raise Http404("There is no such visitor.")
    return trail


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    shared = admin.site.each_context(request)
    trail = reverse("admin:assistant_visitordataaction_changelist")
    return TemplateResponse(
        request, f"admin/desk/{template}", {**shared, "title": title, "audit_url": trail, **context}
    )


@admin.register(VisitorDataAction)
class VisitorDataActionAdmin(ReadOnlyAdmin[VisitorDataAction]):
    list_display = ("at", "action", "by", "short_hash", "how_much")
    list_filter = ("action",)
    search_fields = ("visitor_hash", "by")
    fields = ("at", "action", "by", "visitor_hash", "how_much")

    @admin.display(description="Visitor (hash)", ordering="visitor_hash")
    def short_hash(self, obj: VisitorDataAction) -> str:
        return obj.visitor_hash[:16]

    @admin.display(description="How much")
    def how_much(self, obj: VisitorDataAction) -> str:
        return in_words(obj.counts) or "nothing"
