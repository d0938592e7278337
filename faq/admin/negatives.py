"""Questions the FAQ must not answer: the list of all, and the rows on an entry's form."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms.formsets import DEFAULT_MAX_NUM
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from common.text import shorten
from faq import negatives
from faq.admin.base import ModelAdmin, TabularInline, badge
from faq.admin.meanwhile import SeenForm
from faq.engine_models import Negative, key_of
from faq.models import Entry

ID_DIGITS = 19  # a longer number is none that a database would have given


class NegativeForm(SeenForm[Negative]):
    """One question, kept from one entry or from every one of its language."""

    called = "question"

    class Meta:
        model = Negative
        fields = ("text", "entry", "language")
        labels = {"entry": "Must not be answered by"}
        help_texts = {
            "text": "As a visitor asked it. What says nearly the same is held back as well.",
            "entry": "Empty: by no entry of this language.",
            "language": "Of a question for no entry; with an entry its language counts.",
        }

    guarded = Meta.fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.add_prefix("entry")
        given = str(self.data.get(name, ""))
        # Django looks up whatever was sent to show it once more, and fails at what no id can be.
        if given and not (given.isascii() and given.isdecimal() and len(given) < ID_DIGITS):
            sent = cast("QueryDict", self.data).copy()
            sent[name] = "0"
            self.data = sent

    def clean(self) -> dict[str, Any]:
        """Refuse what the list, or a published entry, has already."""
        cleaned = super().clean()
        if cleaned.get("text") and not self.errors:
            probe = copy(self.instance)
            probe.text, probe.entry = cleaned["text"], cleaned.get("entry")
            probe.language = cleaned.get("language") or "en"
            try:
                negatives.check(probe)
            except ValidationError as error:
                self.add_error("text", ValidationError(error.messages))
        return cleaned


class Words(HistoricalRecordContextHelper):  # type: ignore[misc]
    """Tells the changes of what staff write; the compared form follows from it."""

    def context_for_delta_changes(self, delta: Any) -> list[dict[str, Any]]:
        mine = [change for change in delta.changes if change.field in ("text", "entry", "language")]
        told: list[dict[str, Any]] = super().context_for_delta_changes(replace(delta, changes=mine))
        return told


class ScopeFilter(admin.SimpleListFilter):
    """Questions kept from one entry, or from every entry."""

    title = "kept from"
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("any", "Every entry"), ("one", "One entry")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Negative]) -> QuerySet[Negative]:
        if self.value() in ("any", "one"):
            return queryset.filter(entry__isnull=self.value() == "any")
        return queryset


@admin.register(Negative)
class NegativeAdmin(SimpleHistoryAdmin, ModelAdmin[Negative]):  # type: ignore[misc]
    """The list; every change goes through `faq.negatives`."""

    form = NegativeForm
    list_display = ("question", "kept_from", "language", "created_by", "created_at")
    list_filter = (ScopeFilter, "language")
    list_filter_submit = False
    search_fields = ("text", "entry__question")
    search_help_text = "Search questions and the entries they are kept from"
    list_select_related = ("entry",)
    list_per_page = 50
    ordering = ("-created_at", "-pk")
    autocomplete_fields = ("entry",)
    fields = ("text", "entry", "language")
    history_list_display = ("state",)
    object_history_template = "faq/history.html"
    change_form_before_template = "admin/desk/_seen.html"

    @admin.display(description="Question", ordering="text")
    def question(self, negative: Negative) -> SafeString:
        return format_html('<span class="faq-title">{}</span>', shorten(negative.text, 120))

    @admin.display(description="Kept from")
    def state(self, negative: Negative) -> SafeString | str:
        return self.kept_from(negative)

    @admin.display(description="Kept from", ordering="entry__question")
    def kept_from(self, negative: Negative) -> SafeString | str:
        return shorten(negative.entry.question, 60) if negative.entry else badge("Every entry", "info")

    def save_model(self, request: HttpRequest, obj: Negative, form: Any, change: bool) -> None:
        obj._history_user = request.user  # type: ignore[attr-defined]
        obj.created_by = obj.created_by or request.user.get_username()[:150]
        negatives.save(obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _told(request, lambda: super(NegativeAdmin, self).changeform_view(request, *args, **kwargs))

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _told(request, lambda: super(NegativeAdmin, self).history_form_view(request, *args, **kwargs))

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> Words:
        return Words(self.model, historical_record)

    def delete_model(self, request: HttpRequest, obj: Negative) -> None:
        negatives.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Negative]) -> None:
        for negative in queryset.select_related("entry"):
            negatives.remove(negative)


def _told(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """Return what `view` returns; when somebody else's edit came between, say so and undo it."""
    try:
        with transaction.atomic():
            return view()
    except ValidationError as error:
        list(messages.get_messages(request))  # drops "was changed successfully", which is not true
        messages.error(request, f"Nothing was saved. {' '.join(error.messages)}")
        return redirect(request.get_full_path())


class NegativeFormSet(BaseInlineFormSet[Negative, Entry, forms.ModelForm[Negative]]):
    """Refuses, at its row, what the entry itself is asked by."""

    def clean(self) -> None:
        super().clean()
        seen: set[str] = set()
        asked = self._asked_by()
        for row in self.forms:
            cleaned = getattr(row, "cleaned_data", {})
            text = cleaned.get("text")
            if not text or cleaned.get("DELETE"):
                continue
            key = key_of(text)
            if not key:
                row.add_error("text", "A question needs at least one word.")
            elif key in seen:
                row.add_error("text", "This question stands here twice.")
            elif key in asked:
                row.add_error("text", f"This entry is asked by it: {asked[key]}.")
            seen.add(key)

    def _asked_by(self) -> dict[str, str]:
        """Return the question and the phrasings as they stand in the form, which is stored as a whole."""
        count = str(self.data.get("phrasings-TOTAL_FORMS") or "")
        # What is no number is refused by the phrasings' own form set.
        rows = int(count) if count.isdecimal() else 0
        names = [f"phrasings-{row}" for row in range(min(rows, DEFAULT_MAX_NUM))]
        texts = [self.data.get(f"{name}-text") for name in names if not self.data.get(f"{name}-DELETE")]
        asked = {key_of(text): f"the phrasing “{text}”" for text in texts if text}
        return {**asked, key_of(self.instance.question): "its own question"}

    def save_new(self, form: Any, commit: bool = True) -> Negative:
        negative: Negative = super().save_new(form, commit=False)
        negative.language = self.instance.language
        if commit:
            negative.save()
        return negative


class NegativeRow(forms.ModelForm[Negative]):
    """A question that the entry of the form must not answer."""

    class Meta:
        model = Negative
        fields = ("text",)
        labels = {"text": "Question"}


class NegativeInline(TabularInline[Negative, Entry]):
    model = Negative
    form = NegativeRow
    formset = NegativeFormSet
    fields = ("text",)
    extra = 0
    hide_title = True
    verbose_name = "question"
    verbose_name_plural = "Must not be answered by this entry"
