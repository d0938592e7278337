"""A visitor's own data: download it, or have it deleted. Own cookie only; both by POST with a CSRF token."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from assistant import visitors
from assistant.models import AssistantSettings, VisitorDataAction
from assistant.privacy import StillRunning, erase, export
from assistant.privacy.erasing import note
from assistant.privacy.exporting import as_json
from assistant.privacy.trail import trail_of

BY_THE_VISITOR = "the visitor"


@never_cache
@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """Send the visitor everything that is stored about them, as a JSON file."""
    visitor = visitors.visitor_of(request)
    if visitor is None:
        return _nothing(request)
    trail = trail_of(visitor.id)
    if trail.exists:
        note(VisitorDataAction.Action.EXPORT, visitor.id, BY_THE_VISITOR, trail.counts())
    response = HttpResponse(as_json(export(visitor.id)), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@never_cache
@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """Erase everything that is stored about the visitor, and forget the browser."""
    visitor = visitors.visitor_of(request)
    if visitor is None:
        return _nothing(request)
    try:
        erase(visitor.id, BY_THE_VISITOR)
    except StillRunning:
        words = _("An answer is still being written, so nothing was deleted yet. Stop it and try again.")
        return _say(request, words, 503)
    response = HttpResponseRedirect(f"{reverse('chat')}?deleted")
    visitors.forget(response)
    return response


def _nothing(request: HttpRequest) -> HttpResponse:
    return _say(request, _("Nothing is stored for this browser."), 404)


def _say(request: HttpRequest, words: str, status: int) -> HttpResponse:
    desk = AssistantSettings.objects.first() or AssistantSettings()
    return render(request, "my_data.html", {"desk": desk, "words": words}, status=status)
