"""The conversations: a list to find one in, and a transcript with a receipt beside each answer."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from assistant.admin.filters import AnswerFilter, EscalatedFilter, RouteFilter, ThumbsFilter
from assistant.admin.locate import TURNS_A_PAGE
from assistant.admin.receipt import transcript
from assistant.admin.searching import NEWEST, searched
from assistant.admin.vouched import vouched
from assistant.models import Conversation, Reply, Request
from common.keyset import Keyset
from common.text import shorten
from routing import desk
from routing.admin.base import ReadOnlyAdmin, badge
from routing.admin.filters import DayFilter
from routing.models import Purpose, Route

STATE_BADGES = {"open": "plain", "waiting": "warn", "with_staff": "info", "closed": "plain"}
LIST_REPLIES = ("id", "conversation_id", "route", "state", "rating", "escalated", "cause", "ordinal")


def _requests_of(request: HttpRequest, conversation: Conversation) -> list[Request]:
    """Return the requests that came out of a conversation, for who may see them."""
    may_see = request.user.has_perm("assistant.view_request")
    return list(conversation.requests.order_by("number")) if may_see else []


@admin.register(Conversation)
class ConversationAdmin(Keyset, ReadOnlyAdmin[Conversation]):
    list_display = ("subject", "routes", "standing", "answers", "thumbs", "last")
    list_filter = (
        ("updated_at", DayFilter),
        RouteFilter,
        AnswerFilter,
        ThumbsFilter,
        EscalatedFilter,
        ("state", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
    )
    list_filter_submit = True
    search_fields = ("title",)  # shows the box; get_search_results does the looking
    search_help_text = (
        f"Words of a question or an answer (the newest {NEWEST} of each that have them), or an id"
        if connection.vendor == "postgresql"
        else "Words of a question or an answer, or an id"
    )
    keyset_columns = ("updated_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        name = Subquery(Route.objects.filter(slug=OuterRef("route")).values("name"))
        rows = Reply.objects.only(*LIST_REPLIES).annotate(route_name=name).order_by("created_at")
        replies = Prefetch("replies", queryset=rows)
        return super().get_queryset(request).select_related("visitor").prefetch_related(replies)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        return searched(queryset, search_term), False

    @admin.display(description="Conversation", ordering="title")
    def subject(self, obj: Conversation) -> SafeString:
        plan = ", ".join(filter(None, (obj.visitor.name, obj.visitor.plan or "guest")))
        kind = "" if obj.purpose == Purpose.VISITOR else f", {obj.get_purpose_display().lower()}"
        return format_html("{}<small class='desk-sub'>{}{}</small>", shorten(str(obj), 70), plan, kind)

    @admin.display(description="Routes")
    def routes(self, obj: Conversation) -> SafeString | str:
        names = (getattr(reply, "route_name", None) or reply.route for reply in obj.replies.all())
        marks = ((name,) for name in dict.fromkeys(names) if name)
        return format_html_join(" ", "<span class='desk-route'>{}</span>", marks) or "–"

    @admin.display(description="State", ordering="state")
    def standing(self, obj: Conversation) -> SafeString:
        states = {reply.state for reply in obj.replies.all()}
        marks = [badge(obj.get_state_display(), STATE_BADGES.get(obj.state, "plain"))]
        if Reply.State.FAILED in states:
            marks.append(badge("Failed answer", "bad"))
        if Reply.State.TRUNCATED in states:
            marks.append(badge("Cut short", "warn"))
        if any(reply.escalated for reply in obj.replies.all()):
            marks.append(badge("Escalated", "info"))
        return format_html_join(" ", "{}", ((mark,) for mark in marks))

    @admin.display(description="Answers")
    def answers(self, obj: Conversation) -> int:
        return len(obj.replies.all())

    @admin.display(description="Thumbs")
    def thumbs(self, obj: Conversation) -> SafeString | str:
        ratings = [reply.rating for reply in obj.replies.all()]
        marks = [
            badge(f"{count} {word}", kind)
            for value, word, kind in ((1, "up", "good"), (-1, "down", "bad"))
            if (count := ratings.count(value))
        ]
        return format_html_join(" ", "{}", ((mark,) for mark in marks)) or "–"

    @admin.display(description="Last activity", ordering="updated_at")
    def last(self, obj: Conversation) -> Any:
        return obj.updated_at

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the transcript; a POST has nothing to say here."""
        conversation = self.get_object(request, object_id)
        if not self.has_view_permission(request, conversation) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        if conversation is None:
            raise Http404("There is no such conversation.")
        turns = conversation.turns.prefetch_related("replies").order_by("ordinal")
        page = Paginator(turns, TURNS_A_PAGE).get_page(request.GET.get("page"))
        hosts = desk.settings().get("link_hosts") or ()
        link_entries = request.user.has_perm("faq.view_entry")
        return TemplateResponse(
            request,
            "admin/desk/transcript.html",
            {
                **self.admin_site.each_context(request),
                "title": shorten(str(conversation), 80),
                "subtitle": None,
                "opts": self.opts,
                "conversation": conversation,
                "state_badge": STATE_BADGES.get(conversation.state, "plain"),
                "turns": transcript(list(page.object_list), hosts, link_entries),
                "page": page,
                "requests": _requests_of(request, conversation),
                **vouched(conversation.visitor),
                **(extra_context or {}),
            },
        )
