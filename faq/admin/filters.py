"""What staff narrow the list of entries by, beyond its fields."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from common.clock import now
from faq.models import Entry
from faq.proposals import FEW

FEW_PHRASINGS = FEW


class ReviewFilter(admin.SimpleListFilter):
    """Entries whose review date has passed, or comes within a month."""

    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "Overdue"), ("none", "No date")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        if self.value() == "overdue":
            return queryset.filter(review_by__lt=now().date(), status=Entry.Status.PUBLISHED)
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
