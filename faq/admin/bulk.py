"""What is done with many entries at once from the list."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from faq import services
from faq.admin import guard
from faq.admin.base import ModelAdmin
from faq.models import Entry

MOST_PUBLISHED = 500  # at once: some seconds of one request
REFUSALS_TOLD = 10


class BulkActions(ModelAdmin[Entry]):
    """Publish, archive and review many."""

    @admin.action(description="Publish selected entries", permissions=("change",))
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Entry]) -> HttpResponse | None:
        """Publish what clashes with nothing, and ask about the rest."""
        entries = self.fresh(queryset[: MOST_PUBLISHED + 1])
        if len(entries) > MOST_PUBLISHED:
            messages.error(
                request,
                f"At most {MOST_PUBLISHED} entries are published at once, so that the page answers. "
                "Narrow the list by a filter, such as the category, and publish part by part.",
            )
            return None
        clear, held = guard.hold_back(request, entries)
        for entry in clear:
            entry._history_user = request.user  # type: ignore[attr-defined]
        done, refused = services.publish_many(clear)
        for entry, error in refused[:REFUSALS_TOLD]:
            messages.error(request, f"“{entry.question}” was not published. {' '.join(error.messages)}")
        if len(refused) > REFUSALS_TOLD:
            messages.error(request, f"{len(refused) - REFUSALS_TOLD} more were not published.")
        if done:
            messages.success(request, f"{done} published. Visitors may be shown them within a second.")
        return guard.ask(self, request, held) if held else None

    @admin.action(description="Archive selected entries", permissions=("change",))
    def archive_selected(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        entries = self.fresh(queryset)
        for entry in entries:
            entry._history_user = request.user  # type: ignore[attr-defined]
            services.archive(entry)
        messages.success(
            request, f"{len(entries)} archived. Nobody is shown them any more; their history stays."
        )

    @admin.action(description="Reviewed today: still true", permissions=("change",))
    def review_selected(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        """Set the review date of those that are published; a draft is dated when it is published."""
        entries = self.fresh(queryset.filter(status=Entry.Status.PUBLISHED))
        for entry in entries:
            entry._history_user = request.user  # type: ignore[attr-defined]
            entry._change_reason = "Reviewed: still true"  # type: ignore[attr-defined]
        left = queryset.count() - len(entries)
        if entries:
            services.review_today(entries)
            day = f"{entries[0].review_by:%-d %b %Y}"
            messages.success(request, f"{len(entries)} reviewed today; next time by {day}.")
        if left:
            messages.warning(request, f"{left} left as they are: only what is published is reviewed.")

    def fresh(self, queryset: QuerySet[Entry]) -> list[Entry]:
        """Return plain rows: those of the list carry counts that are not for saving."""
        return list(Entry.objects.filter(pk__in=[row.pk for row in queryset]).prefetch_related("phrasings"))
