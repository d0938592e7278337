"""The address of a reply: from its id, which is all that routing stores, to its place in a transcript."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from assistant.models import Reply, Turn

TURNS_A_PAGE = 20


def transcript_address(reply: Reply) -> str:
    """Return where a reply stands: its conversation's page that holds the turn, and the reply on it."""
    earlier = Turn.objects.filter(
        conversation_id=reply.conversation_id, ordinal__lt=reply.turn.ordinal
    ).count()
    page = earlier // TURNS_A_PAGE + 1
    base = reverse("admin:assistant_conversation_change", args=[reply.conversation_id])
    return f"{base}?page={page}#reply-{reply.pk}"


def locate_reply(request: HttpRequest, reply_id: UUID) -> HttpResponse:
    """Redirect to a reply's place; 404 when it is gone, as after an erasure."""
    if not request.user.has_perm("assistant.view_conversation"):
        raise PermissionDenied
    reply = Reply.objects.select_related("turn").filter(pk=reply_id).first()
    if reply is None:
        raise Http404("This answer has been deleted.")
    return redirect(transcript_address(reply))


def turn_address(request: HttpRequest, turn_id: UUID) -> str:
    """Return the address that leads to a question in its transcript; "" for who may not read those."""
    may_see = request.user.has_perm("assistant.view_conversation")
    return reverse("admin:turn", args=[turn_id]) if may_see else ""


def locate_turn(request: HttpRequest, turn_id: UUID) -> HttpResponse:
    """Redirect to the first answer to a question; 404 when it is gone, as after an erasure."""
    if not request.user.has_perm("assistant.view_conversation"):
        raise PermissionDenied
    reply = Reply.objects.select_related("turn").filter(turn_id=turn_id).order_by("ordinal").first()
    if reply is None:
        raise Http404("This conversation has been deleted.")
    return redirect(transcript_address(reply))
