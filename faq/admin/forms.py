"""The entry form: its answer with counter and preview, and phrasings that belong to one entry each."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import QueryDict
from django.urls import reverse

from faq import negatives, services
from faq.admin import editing
from faq.admin.base import Textarea
from faq.admin.guard import PUBLISH, Checked
from faq.admin.meanwhile import Meanwhile, newest_edit
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


class EntryForm(forms.ModelForm[Entry]):
    """Checks an entry as it would be after saving, published or not.

    `seen` is the edit that the person had before them: nobody writes over what they have not read.
    `checked` is what the guard has found, None when the form publishes no answer.
    """

    checked: Checked | None = None
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = newest_edit(self.instance)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned is None:
            cleaned = self.cleaned_data
        self._refuse_to_overwrite(cleaned)
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

    def _refuse_to_overwrite(self, cleaned: dict[str, Any]) -> None:
        """Refuse what somebody else's edit came before; the form then shows both, and may be saved again."""
        seen = cleaned.get("seen")
        known = [name for name in EntryForm.Meta.fields if name in self.fields]
        meanwhile = Meanwhile.since(self.instance, seen, known) if seen and self.instance.pk else None
        if meanwhile is None:
            return
        shown = cast("QueryDict", self.data).copy()
        shown[self.add_prefix("seen")] = str(meanwhile.newest)
        for name in meanwhile.fields:
            if name not in cleaned:
                continue  # it has an error of its own, which is told first
            if meanwhile.untouched(name, cleaned[name]):
                shown[self.add_prefix(name)] = meanwhile.text(name)
            elif cleaned[name] != getattr(self.instance, name):
                self.add_error(name, meanwhile.clash(name))
        self.data = shown
        self.add_error(None, ValidationError(meanwhile.told(self.fields)))


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
