"""What staff narrow the list of entries by, beyond its fields."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from common.clock import now
from faq import health_shown
from faq.models import Entry
from faq.proposals import FEW

FEW_PHRASINGS = FEW
SOON = timedelta(days=30)  # a month's work can be planned


class ReviewFilter(admin.SimpleListFilter):
    """Entries whose review date has passed, or comes within a month."""

    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "Overdue"), ("soon", f"Due within {SOON.days} days"), ("none", "No date")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        if self.value() == "overdue":
            return queryset.filter(review_by__lt=now().date(), status=Entry.Status.PUBLISHED)
        if self.value() == "soon":
            today = now().date()
            due = queryset.filter(review_by__gte=today, review_by__lte=today + SOON)
            return due.filter(status=Entry.Status.PUBLISHED)
        if self.value() == "none":
            return queryset.filter(review_by__isnull=True)
        return queryset


class PhrasingsFilter(admin.SimpleListFilter):
    """Answers that few phrasings lead to."""

    title = "phrasings"
    parameter_name = "phrasings"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("few", f"Fewer than {FEW_PHRASINGS}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        if self.value() == "few":
            answers = queryset.filter(kind=Entry.Kind.ANSWER)
            return answers.alias(held=Count("phrasings", distinct=True)).filter(held__lt=FEW_PHRASINGS)
        return queryset


class RecognisedFilter(admin.SimpleListFilter):
    """Published answers by how well they are recognised, as the worker measured it last."""

    title = "recognised"
    parameter_name = "recognised"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("well", "Well"),
            ("partly", "Partly"),
            ("poorly", "Poorly"),
            ("confused", "Confused with another"),
            ("unmeasured", "Not measured yet"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        wanted = health_shown.RECOGNISED.get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset


class UsageFilter(admin.SimpleListFilter):
    """Published answers that nobody was shown lately."""

    title = "use"
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("never", f"Not shown in {health_shown.USAGE_DAYS} days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        return health_shown.never_shown(queryset) if self.value() == "never" else queryset
