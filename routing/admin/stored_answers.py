"""Stored answers: what may be given again, how often it was, and a way to have it forgotten."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import DropdownFilter

from common.clock import now
from common.text import shorten
from routing import cache_store
from routing.admin.base import ModelAdmin, muted
from routing.models import Route, StoredAnswer

MINUTE = timedelta(minutes=1)


class StoredRouteFilter(DropdownFilter):  # type: ignore[misc]
    """By route, under the name that the other pages give it."""

    title = "route"
    parameter_name = "route"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return list(Route.objects.filter(kind=Route.Kind.MODEL).values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[StoredAnswer]) -> QuerySet[StoredAnswer]:
        return queryset.filter(route=self.value()) if self.value() else queryset


def _ago(moment: datetime) -> str:
    """Return how long ago a moment was; Django's own words would begin with "0 minutes"."""
    return "just now" if now() - moment < MINUTE else f"{timesince(moment, depth=1)} ago"


@admin.register(StoredAnswer)
class StoredAnswerAdmin(ModelAdmin[StoredAnswer]):
    """Read only but for forgetting: an answer that is wrong is mended in the FAQ or the instructions."""

    empty_words = "Answers are stored on routes that say so: Routes, a route, Answers."
    list_display = ("asked", "route_name", "written_by", "age", "uses")
    list_filter = (StoredRouteFilter,)
    list_filter_submit = True
    list_per_page = 50
    search_fields = ("question",)
    search_help_text = "Words of the question"
    actions = ("forget",)
    fieldsets = (
        (None, {"fields": ("question", "text", "cited")}),
        ("Written", {"fields": (("written_at", "written_by"), ("uses", "conversation"))}),
        (
            "Found again while all of this is as it was",
            {
                "fields": (("route_name", "prompt_version"), ("language", "plan"), "rests_on"),
                "description": "And while its route's hours last.",
            },
        ),
    )
    readonly_fields = (
        "question", "text", "cited", "written_at", "written_by", "uses", "conversation",
        "route_name", "prompt_version", "language", "plan", "rests_on",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredAnswer]:
        name = Route.objects.filter(pk=OuterRef("route")).values("name")
        return super().get_queryset(request).annotate(named=Subquery(name))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: StoredAnswer | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> Any:
        # One word for it on this page; the general one would ask to confirm what costs one model call.
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @admin.action(description="Forget: the next one asks the model", permissions=["delete"])
    def forget(self, request: HttpRequest, queryset: QuerySet[StoredAnswer]) -> None:
        """Delete the chosen ones."""
        self.log_deletions(request, queryset)
        count = cache_store.forget(answers=list(queryset.values_list("pk", flat=True)))
        messages.success(request, f"{count} stored answer{'' if count == 1 else 's'} forgotten.")

    @admin.display(description="Question", ordering="question")
    def asked(self, obj: StoredAnswer) -> SafeString:
        return format_html(
            "{}<small class='desk-sub'>{}</small>",
            shorten(obj.question, 120),
            shorten(obj.answer.replace("**", ""), 120),
        )

    @admin.display(description="Route", ordering="route")
    def route_name(self, obj: StoredAnswer) -> str:
        return getattr(obj, "named", None) or obj.route

    @admin.display(description="Model", ordering="model")
    def written_by(self, obj: StoredAnswer) -> SafeString:
        return format_html("{}<small class='desk-sub'>{}</small>", obj.model_label, obj.model)

    @admin.display(description="Written", ordering="written_at")
    def age(self, obj: StoredAnswer) -> str:
        return _ago(obj.written_at)

    @admin.display(description="Given again", ordering="hits")
    def uses(self, obj: StoredAnswer) -> SafeString:
        if not obj.hits or obj.used_at is None:
            return muted("not yet")
        times = "once" if obj.hits == 1 else f"{obj.hits:,} times"
        return format_html("{}<small class='desk-sub'>last {}</small>", times, _ago(obj.used_at))

    @admin.display(description="Conversation")
    def conversation(self, obj: StoredAnswer) -> SafeString:
        address = reverse("admin:reply", args=[obj.reply_id])
        return format_html("<a class='desk-link' href='{}'>Where it was written</a>", address)

    @admin.display(description="Answer")
    def text(self, obj: StoredAnswer) -> SafeString:
        return linebreaksbr(obj.answer, autoescape=True)

    @admin.display(description="Sources under it")
    def cited(self, obj: StoredAnswer) -> str:
        return ", ".join(str(each.get("title", "")) for each in obj.sources) or "none"

    @admin.display(description="FAQ entries in its prompt")
    def rests_on(self, obj: StoredAnswer) -> str:
        return ", ".join(f"no. {entry} in version {version}" for entry, version in obj.entries) or "none"
