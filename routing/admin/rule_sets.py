"""Publish, discard, go back: pages that show the difference and what speaks against it, then act on it.

What is sent back carries the mark of what was shown, so that nobody publishes a draft they have not seen.
"""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.sites import UnfoldAdminSite
from unfold.widgets import UnfoldAdminTextInputWidget

from routing import rule_sets
from routing.checks import Finding
from routing.models import Route
from routing.publishing import CannotPublish, NotPublished
from routing.rule_sets import Review

PUBLISHING = {"title": "Publish rules and routes"}
LOOK, RULES, ROUTES = "routing.view_rule", "routing.change_rule", "routing.change_route"


class NoteForm(forms.Form):
    """What is said of a version in the list of versions."""

    note = forms.CharField(
        label="Note (optional)",
        max_length=160,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Why; shown with the version, your name and the time.",
    )


@dataclass(frozen=True)
class Said:
    """A finding as the page shows it, with the name of its route."""

    route: str
    text: str


def missing_right(request: HttpRequest, review: Review) -> str:
    """Return why this person may not publish these changes, "" when they may."""
    if not request.user.has_perm(RULES):
        return "You may look at this, and not publish it."
    if review.touches_routes and not request.user.has_perm(ROUTES):
        return "Routes or ladders change as well: somebody who may edit routes has to publish this."
    return ""


def show_draft(request: HttpRequest) -> HttpResponse:
    """Show what publishing the draft would change; publish or discard it when that is sent."""
    _may_look(request)
    try:
        review = rule_sets.review()
    except NotPublished as problem:
        raise Http404(str(problem)) from problem
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _act_on_draft(request, review, form)
    return _page(request, review, form, PUBLISHING)


def _act_on_draft(request: HttpRequest, review: Review, form: NoteForm) -> HttpResponse:
    """Publish or discard; what could not be done is told on the same page, which keeps the note."""
    _may_act(request, review)
    note = form.cleaned_data["note"]
    if "discard" in request.POST and "sure" not in request.POST:
        messages.error(request, "Nothing was discarded. Tick that the draft may go, then discard it.")
        return _page(request, review, form, PUBLISHING)
    try:
        if "discard" in request.POST:
            gone = rule_sets.discard(request.POST.get("seen", ""))
            messages.success(request, f"Discarded {gone} change{'' if gone == 1 else 's'}.")
            return _to_list(request)
        config = rule_sets.publish(request.user.get_username(), note, request.POST.get("seen", ""))
    except CannotPublish as refusal:
        messages.error(request, f"Nothing was published or changed. {refusal}")
        return _page(request, rule_sets.review(), form, PUBLISHING)
    messages.success(
        request, f"Published as version {config.number}. The next message follows it, in every process."
    )
    return _to_list(request)


def show_back(request: HttpRequest, number: int) -> HttpResponse:
    """Show what going back to a version would change; do it when that is sent."""
    _may_look(request)
    try:
        review = rule_sets.review_back(number)
    except NotPublished as problem:
        raise Http404(str(problem)) from problem
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _may_act(request, review)
        try:
            config = rule_sets.go_back(
                number, request.user.get_username(), form.cleaned_data["note"], request.POST.get("seen", "")
            )
        except CannotPublish as refusal:
            messages.error(request, f"Nothing was published or changed. {refusal}")
            return _page(request, rule_sets.review_back(number), form, _going_back(number))
        messages.success(
            request,
            f"Version {config.number} has the rules and routes of version {number}. The next message "
            "follows it, in every process.",
        )
        return _to_list(request)
    return _page(request, review, form, _going_back(number))


def _going_back(number: int) -> dict[str, Any]:
    return {"title": f"Go back to version {number}", "back_to": number}


def _may_look(request: HttpRequest) -> None:
    if not request.user.has_perm(LOOK):
        raise PermissionDenied


def _may_act(request: HttpRequest, review: Review) -> None:
    if missing_right(request, review):
        raise PermissionDenied


def _to_list(request: HttpRequest) -> HttpResponse:
    return redirect(reverse("admin:routing_rule_changelist"))


def _page(request: HttpRequest, review: Review, form: NoteForm, more: dict[str, Any]) -> HttpResponse:
    names = dict(Route.objects.values_list("slug", "name"))

    def said(findings: tuple[Finding, ...]) -> list[Said]:
        return [Said(names.get(one.route, one.route), one.text) for one in findings]

    context = {
        **admin.site.each_context(request),
        "review": review,
        "form": form,
        "refused": said(review.refused),
        "warnings": said(review.warnings),
        "missing_right": missing_right(request, review),
        "waiting": len(rule_sets.unpublished()) if "back_to" in more else 0,
        **more,
    }
    return TemplateResponse(request, "admin/desk/rule_set.html", context)


def urls(site: UnfoldAdminSite) -> list[URLPattern]:
    """Return the addresses of these pages."""
    return [
        path("rules/publish/", site.admin_view(show_draft), name="rule_set"),
        path("rules/version/<int:number>/", site.admin_view(show_back), name="rule_set_back"),
    ]
