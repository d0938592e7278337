"""The plain page to the team: it needs no script, no socket, no Redis and no model, only the database."""

import logging
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assistant import languages, limits, page_language, visitors
from assistant.models import AssistantSettings, Conversation, Message, Request
from assistant.person import requests
from assistant.person.form import TEXT_LIMIT, PersonForm, new_token
from assistant.settings_snapshot import as_snapshot
from assistant.translating import worded
from assistant.who import Who
from common.clock import now
from routing import publishing

log = logging.getLogger(__name__)

FORMALITIES = ("small_talk", "person")
UNSTORED = _(
    "Your message could not be stored just now; it is still in the form below. Please send it again in a "
    "minute."
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest) -> HttpResponse:
    """Show the form, and for a sent one store the request and lead to its receipt."""
    visitor = visitors.visitor_of(request) or visitors.new_visitor()
    try:
        return _send(request, visitor) if request.method == "POST" else _empty(request, visitor)
    except DatabaseError:
        log.exception("the page to the team works without the database")
        sent = request.method == "POST"
        form = PersonForm(request.POST or None, has_conversation="with_conversation" in request.POST)
        return _page(request, visitor, form, str(UNSTORED) if sent else "", 503)


def _empty(request: HttpRequest, visitor: visitors.VisitorCookie) -> HttpResponse:
    latest = _latest(visitor.id)
    initial = {"token": new_token(), "text": _question(latest)}
    return _page(request, visitor, PersonForm(has_conversation=latest is not None, initial=initial))


def _send(request: HttpRequest, visitor: visitors.VisitorCookie) -> HttpResponse:
    """Store what was sent. Whatever is wrong with it is shown beside its field, with all that was typed."""
    latest = _latest(visitor.id)
    form = PersonForm(request.POST, has_conversation=latest is not None)
    if not form.is_valid():
        return _page(request, visitor, form)
    data = form.cleaned_data
    address = str(request.META.get("REMOTE_ADDR", ""))
    who = Who(visitor.id, visitor.plan, page_language.known_language(request), address=address)
    along = latest.pk if latest and data.get("with_conversation") else None
    try:
        wish = requests.Wish(Request.Reason.BUTTON, data["email"], data["text"], data["token"], along)
        made = requests.create(who, wish)
    except requests.RequestRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return _page(request, visitor, form)
    except limits.RateLimited as limited:
        response = _page(request, visitor, form, limited.message, 429)
        response["Retry-After"] = str(limited.retry_after)
        return response
    response = redirect("person_receipt", made.pk)
    visitors.remember(response, visitor)
    return response


@never_cache
@require_safe
def receipt(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Show the number of a request and what happens next, to the visitor who sent it."""
    visitor = visitors.visitor_of(request)
    made = Request.objects.filter(pk=request_id, visitor_id=visitor.id).first() if visitor else None
    if made is None:
        raise Http404("no such request of this visitor")
    said = made.messages.filter(author=Message.Author.SYSTEM).order_by("created_at").first()
    context = {"made": made, "words": said.text if said else "", "desk": _desk()}
    return render(request, "person_receipt.html", context)


def _latest(visitor_id: UUID) -> Conversation | None:
    return Conversation.objects.filter(visitor_id=visitor_id).order_by("-updated_at").first()


def _question(conversation: Conversation | None) -> str:
    """Return what the visitor asked last, to begin the message with."""
    if conversation is None:
        return ""
    # "thanks" and "a person, please" are not what it is about.
    turn = conversation.turns.exclude(replies__route__in=FORMALITIES).order_by("-ordinal").first()
    return turn.text[:TEXT_LIMIT] if turn else ""


def _desk() -> AssistantSettings:
    return AssistantSettings.objects.first() or AssistantSettings()


def _page(
    request: HttpRequest,
    visitor: visitors.VisitorCookie,
    form: PersonForm,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the form; also while the database is away, when only its own promise is left out."""
    form.mark_errors()
    language = get_language() or languages.DEFAULT
    context: dict[str, Any] = {"form": form, "problem": problem}
    try:
        context |= {"desk": _desk(), "person": requests.facts(language, now())}
    except DatabaseError:
        context |= {"desk": AssistantSettings(), "person": {"contact": _known_contact()}}
        status = 503
    context["name"] = worded(as_snapshot(context["desk"]), "name", language)
    response = render(request, "person.html", context, status=status)
    visitors.remember(response, visitor)
    return response


def _known_contact() -> str:
    """Return the contact as this process knew it last: an address to write to when nothing can be stored."""
    try:
        return str(publishing.current().settings.get("contact", ""))
    except DatabaseError:
        return ""  # a process that has never reached the database knows nobody
