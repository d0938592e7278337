"""The entry form: its answer with counter and preview, and phrasings that belong to one entry each."""

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.urls import reverse

from faq import negatives, services
from faq.admin import editing
from faq.admin.base import Textarea
from faq.admin.guard import PUBLISH, Checked
from faq.admin.meanwhile import SeenForm
from faq.engine_models import key_of
from faq.models import ANSWER_LIMIT, Entry, Phrasing


class AnswerWidget(Textarea):
    """A text area with a character counter and a preview that the server renders."""

    template_name = "faq/answer_widget.html"

    class Media:
        js = ("faq/answer.js", "faq/editing.js")
        css = {"all": ("faq/admin.css", "faq/proposals.css")}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["limit"] = ANSWER_LIMIT
        context["preview_url"] = reverse("admin:faq_entry_preview")
        return {**context, **editing.widget_context()}


class EntryForm(SeenForm[Entry]):
    """Checks an entry as it would be after saving, published or not.

    `checked` is what the guard has found, None when the form publishes no answer.
    """

    checked: Checked | None = None
    called = "entry"

    class Meta:
        model = Entry
        fields = (
            "question",
            "answer",
            "kind",
            "status",
            "category",
            "language",
            "featured",
            "reviewed_on",
            "review_by",
        )
        widgets = {"answer": AnswerWidget(attrs={"rows": 16})}
        help_texts = {
            "answer": "Markdown: bold, lists, links, code and headings. The preview shows what visitors get."
        }

    guarded = Meta.fields

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if PUBLISH in self.data:
            cleaned["status"] = Entry.Status.PUBLISHED
        if cleaned.get("status") == Entry.Status.PUBLISHED and cleaned.get("kind") == Entry.Kind.ANSWER:
            probe = Entry(pk=self.instance.pk, language=cleaned.get("language") or "")
            for conflict in services.conflicts(probe, [cleaned.get("question") or ""]):
                self.add_error("question", str(conflict))
            # Those of the entry itself stand in the same form and are checked there.
            for negative in negatives.barring(
                Entry(language=probe.language), [cleaned.get("question") or ""]
            ):
                self.add_error("question", negatives.told(negative))
        if self.checked is not None and self.checked.stops:
            self.add_error(None, "Look at what this would clash with, and tick “Publish it all the same”.")
        return cleaned


class PhrasingForm(forms.ModelForm[Phrasing]):
    """One more way to ask."""

    class Meta:
        model = Phrasing
        fields = ("text",)
        labels = {"text": "Phrasing"}


class PhrasingFormSet(BaseInlineFormSet[Phrasing, Entry, forms.ModelForm[Phrasing]]):
    """Refuses a phrasing that stands twice or that belongs to another published entry, at its row."""

    def clean(self) -> None:
        super().clean()
        rows = [
            (form, form.cleaned_data["text"])
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get("text") and not form.cleaned_data.get("DELETE")
        ]
        seen = {key_of(self.instance.question): "the question"}
        for form, text in rows:
            key = key_of(text)
            if not key:
                form.add_error("text", "A phrasing needs at least one word.")
            elif key in seen:
                form.add_error("text", f"This is the same as {seen[key]}, but for case and punctuation.")
            seen.setdefault(key, f"“{text}”")
        entry = self.instance
        if entry.status == Entry.Status.PUBLISHED and entry.kind == Entry.Kind.ANSWER:
            taken = {each.text: str(each) for each in services.conflicts(entry, [text for _, text in rows])}
            every = negatives.barring(Entry(language=entry.language), [text for _, text in rows])
            barred = {each.normalised: negatives.told(each) for each in every}
            for form, text in rows:
                problem = taken.get(text) or barred.get(key_of(text))
                if problem:
                    form.add_error("text", problem)
