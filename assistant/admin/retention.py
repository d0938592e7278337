"""How long each class of data is kept, and what has gone because its time was over."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from assistant.models import Deletion, RetentionPolicy
from assistant.privacy.classes import BY_NAME, CLASSES, LABELS, LEAST_DAYS, MOST_DAYS, flaws
from routing.admin.base import OneRow, ReadOnlyAdmin
from routing.admin.meanwhile import SeenForm

SHOWN = 60  # rows of the log under the form: about a week of all classes


class RetentionForm(SeenForm[RetentionPolicy]):
    """The days of each class, with their reasons beside them."""

    class Meta:
        model = RetentionPolicy
        fields = tuple(each.name for each in CLASSES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, about in BY_NAME.items():
            field = self.fields[name]
            field.label = about.label
            field.help_text = f"Days since {about.counts_from}. {about.reason} As shipped: {about.days}."
            field.widget.attrs.update({"min": LEAST_DAYS, "max": MOST_DAYS})

    def clean(self) -> dict[str, Any]:
        """Refuse days out of range, and parts that would outlive the whole."""
        data = super().clean()
        for name, words in flaws({each.name: data.get(each.name) for each in CLASSES}).items():
            self.add_error(name, words)
        return data


@admin.register(RetentionPolicy)
class RetentionAdmin(OneRow[RetentionPolicy]):
    form = RetentionForm
    warn_unsaved_form = True
    change_form_before_template = "admin/desk/_seen.html"
    change_form_after_template = "admin/desk/deletions.html"
    fieldsets = (
        (
            "Kept for, in days",
            {
                "fields": (
                    ("conversations", "requests"),
                    ("asked_questions", "partial_outputs"),
                    ("ledger", "drafts"),
                    ("staff_log", "sign_in_log"),
                    ("uploads", "stored_answers"),
                ),
                "description": "Once a night whatever is older goes for good. What waits for a person stays.",
            },
        ),
    )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form with the newest lines of the log under it."""
        rows = [(row, LABELS.get(row.kind, row.kind)) for row in Deletion.objects.all()[:SHOWN]]
        policy = RetentionPolicy.objects.filter(pk=1).first()
        context = {"deletions": rows, "policy": policy, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def response_change(self, request: HttpRequest, obj: RetentionPolicy) -> HttpResponse:
        # There is no list to go back to, so saving stays on the page.
        super().response_change(request, obj)
        return redirect(request.path)


@admin.register(Deletion)
class DeletionAdmin(ReadOnlyAdmin[Deletion]):
    list_display = ("day", "what", "count")
    list_filter = ("kind",)
    date_hierarchy = "day"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deletion]:
        return super().get_queryset(request).order_by("-day", "kind")

    @admin.display(description="Class of data", ordering="kind")
    def what(self, obj: Deletion) -> str:
        return LABELS.get(obj.kind, obj.kind)
