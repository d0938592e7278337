"""The fields in which the team says a text in other languages, and what is still unsaid; no JSON to be seen.

An empty field leaves it to the shipped translation, or to what stands in the text's own field.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django import forms
from django.db.models import Model
from unfold.widgets import UnfoldAdminTextInputWidget

from assistant.languages import DEFAULT, NAMES
from assistant.models import AssistantSettings, Site
from assistant.translating import SHIPPED, worded
from routing.admin.base import LineField
from routing.admin.meanwhile import SeenForm

Fields = dict[str, forms.CharField]
InLanguages = dict[str, dict[str, str]]

OWN, SHIPPED_WORDS, MISSING, UNUSED = "yours", "shipped", "missing", "none"


@dataclass(frozen=True)
class Said:
    """How one text stands in one language: whose words visitors read there."""

    language: str
    state: str
    words: str

    @property
    def kind(self) -> str:
        """Return how its badge looks."""
        return {OWN: "good", MISSING: "warn"}.get(self.state, "plain")


@dataclass(frozen=True)
class Line:
    """One text with how it stands in each language."""

    called: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Texts:
    """The texts of a model that may be said in other languages, by the names that staff know them by.

    `shipped(name, language)` is what visitors read where nobody has typed anything, "" for nothing.
    """

    model: type[Model]
    called: Mapping[str, str]
    shipped: Callable[[str, str], str]

    def rows(self) -> tuple[Any, ...]:
        """Return the fields as the form shows them: of each language the first text, then the others."""
        first, *rest = self.called
        found: list[Any] = []
        for language in NAMES:
            found += [field_name(first, language), tuple(field_name(name, language) for name in rest)]
        return tuple(found)

    def fields(self) -> Fields:
        """Return a field for each text in each language, as long as its own field may be."""
        return {field_name(name, language): self._field(name, language) for language, name in self._each()}

    def _field(self, name: str, language: str) -> forms.CharField:
        most = getattr(self.model._meta.get_field(name), "max_length", None)
        widget = UnfoldAdminTextInputWidget(attrs={"lang": language})
        label = f"{NAMES[language]}: {self.called[name]}"
        return LineField(label=label, max_length=most, required=False, widget=widget)

    def declare(self, form: "type[TextsForm]") -> None:
        """Put the fields where a class statement would: they differ by language and text alone."""
        form.declared_fields.update(self.fields())
        form.base_fields.update(self.fields())

    def hint(self, fields: Mapping[str, forms.Field]) -> None:
        """Show in each field, while it is empty, the shipped text in its language."""
        for language, name in self._each():
            field = fields.get(field_name(name, language))
            if field is not None:
                field.widget.attrs["placeholder"] = self.shipped(name, language)

    def initial(self, stored: InLanguages) -> dict[str, str]:
        """Return what stands in the fields of a form, from what is stored."""
        return {
            field_name(name, language): str((stored.get(language) or {}).get(name, ""))
            for language, name in self._each()
        }

    def collected(self, given: Mapping[str, Any]) -> InLanguages:
        """Return what is to be stored, from the cleaned values of a form; empty fields are left out."""
        found: InLanguages = {}
        for language, name in self._each():
            if text := str(given.get(field_name(name, language)) or "").strip():
                found.setdefault(language, {})[name] = text
        return found

    def _each(self) -> Iterator[tuple[str, str]]:
        return ((language, name) for language in NAMES for name in self.called)

    def stand(self, row: Any) -> list[Line]:
        """Return how each text of a row stands in each language."""
        return [
            Line(called, tuple(self._said(row, name, language) for language in NAMES))
            for name, called in self.called.items()
        ]

    def _said(self, row: Any, name: str, language: str) -> Said:
        own = (row.in_languages.get(language) or {}).get(name)
        if own:
            return Said(language, OWN, own)
        typed = getattr(row, name)
        if typed and typed != self.shipped(name, DEFAULT):
            return Said(language, OWN if language == DEFAULT else MISSING, typed)
        words = self.shipped(name, language)
        return Said(language, SHIPPED_WORDS if words else UNUSED, words)


class TextsForm(SeenForm[Any]):
    """The form of a row with texts in other languages; the fields come by `texts.declare`."""

    texts: ClassVar[Texts]

    def stored_beside(self) -> dict[str, Any]:
        """Return what is stored in other languages, by the names of its fields."""
        return self.texts.initial(self.instance.in_languages)

    def clean(self) -> dict[str, Any]:
        """Take over what the team says in other languages, where the form asks for it."""
        cleaned = super().clean()
        if not self.texts.fields().keys() - self.fields.keys():
            self.instance.in_languages = self.texts.collected(self.cleaned_data)
        return cleaned


def field_name(name: str, language: str) -> str:
    """Return what the field of a text in a language is called in the form."""
    return f"{name}_in_{language}"


def missing(lines: Collection[Line]) -> list[str]:
    """Return in words which texts have no words of their own in which languages."""
    found = []
    for line in lines:
        names = [NAMES[said.language] for said in line.said if said.state == MISSING]
        if names:
            found.append(f"{line.called} ({', '.join(names)})")
    return found


SETTINGS: Final = Texts(
    AssistantSettings,
    {
        "greeting": "greeting",
        "label_faq": "approved answer",
        "label_lite": "light model",
        "label_heavy": "heavy model",
    },
    lambda name, language: worded(SHIPPED, name, language),
)
SITE: Final = Texts(
    Site, {"greeting": "greeting", "launcher_label": "words on the button"}, lambda name, language: ""
)
