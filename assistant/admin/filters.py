"""The filters of the conversation list. Those about replies must all hold for one and the same reply."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from assistant.models import Conversation, Reply
from routing.models import Route

THUMBS = {
    "down": Q(rating=-1),
    "up": Q(rating=1),
    "none": Q(rating=None),
}
ENDINGS = {
    # A spent budget is a decision of staff: it has a choice of its own.
    "unfinished": Q(state__in=(Reply.State.FAILED, Reply.State.TRUNCATED)) & ~Q(ended_by="budget"),
    "budget": Q(ended_by="budget"),
    "failed": Q(state=Reply.State.FAILED),
    "truncated": Q(state=Reply.State.TRUNCATED),
    "refused": Q(state=Reply.State.REFUSED),
    "cancelled": Q(state=Reply.State.CANCELLED),
    "running": Q(state__in=(Reply.State.QUEUED, Reply.State.STREAMING)),
}
ESCALATED = {
    "yes": Q(escalated=True) | Q(cause=Reply.Cause.ESCALATION),
    "no": Q(escalated=False) & ~Q(cause=Reply.Cause.ESCALATION),
}


def reply_condition(parameters: Any) -> Q:
    """Return what the chosen filters ask of a reply, all of them together."""
    wanted = Q()
    if parameters.get("route"):
        wanted &= Q(route=parameters["route"])
    for name, choices in (("thumbs", THUMBS), ("answer", ENDINGS), ("escalated", ESCALATED)):
        wanted &= choices.get(parameters.get(name, ""), Q())
    return wanted


class ReplyFilter(DropdownFilter):  # type: ignore[misc]
    """A filter about replies: thumbs down on the common route is one reply, not two that share a page."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> QuerySet[Conversation]:
        if not self.value():
            return queryset
        replies = Reply.objects.filter(reply_condition(request.GET), conversation=OuterRef("pk"))
        return queryset.filter(Exists(replies))


class RouteFilter(ReplyFilter):
    title = "route"
    parameter_name = "route"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return list(Route.objects.values_list("slug", "name"))


class ThumbsFilter(ReplyFilter):
    title = "thumbs"
    parameter_name = "thumbs"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("down", "Thumbs down"), ("up", "Thumbs up"), ("none", "Not rated")]


class AnswerFilter(ReplyFilter):
    title = "answer"
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [
            ("unfinished", "Failed or cut short"),
            ("failed", "Failed"),
            ("budget", "Out of budget"),
            ("truncated", "Cut short"),
            ("refused", "Refused"),
            ("cancelled", "Stopped by the visitor"),
            ("running", "Still running"),
        ]


class EscalatedFilter(ReplyFilter):
    title = "escalated"
    parameter_name = "escalated"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("yes", "Asked for more after an answer"), ("no", "Not escalated")]
