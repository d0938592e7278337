"""What became of a row while somebody had its form open: two people at once lose nothing."""

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import QueryDict
from django.utils.timezone import localtime

from common.clock import now
from common.text import plain_lines, shorten

M = TypeVar("M", bound=Model)

BETWEEN = "; "  # the parts of the mark, whose names may be of several words
OPENED = "opened"  # the moment of the mark, beside the fields
SHOWN = 200  # characters of a stored value that are told
TOLD = 500  # characters of what stands in an inline that are told


class _Seen(forms.CharField):
    """The mark of what the form showed; it is no value of the row, so never a change of it."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class SeenForm(forms.ModelForm[M]):
    """A form that refuses to write over what its sender has not read.

    `seen` holds a digest of each field, and of the inlines, as the page showed them.
    """

    seen = _Seen(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**self.stored_beside(), **self.initial}
        self.stored: dict[str, str] = {}
        if self.instance.pk:
            named = {name: _plain(self.initial[name]) for name in self.fields if name in self.initial}
            self.stored = {**named, **self.inlines_in_words()}
            self.initial["seen"] = _mark(self.stored)

    def stored_beside(self) -> dict[str, Any]:
        """Return what stands in fields that are none of the row's own, by their names."""
        return {}

    def inlines_in_words(self) -> dict[str, str]:
        """Return what stands in the inlines, by what they are called."""
        return {}

    def clean(self) -> dict[str, Any]:
        """Refuse what somebody else's edit came before; fields that were left alone show what is stored."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        seen = dict(part.split("=", 1) for part in cleaned.get("seen", "").split(BETWEEN) if "=" in part)
        differs = [
            name for name, value in self.stored.items() if seen.get(name, "") not in ("", _digest(value))
        ]
        if not differs:
            return cleaned
        shown = cast("QueryDict", self.data).copy()
        for name in (name for name in differs if name in cleaned):
            typed = _plain(cleaned[name])
            if _digest(typed) == seen[name]:
                _put(shown, self.add_prefix(name), self.initial[name])
            elif typed != self.stored[name]:
                now_stored = shorten(self._told(name), SHOWN) or "nothing"
                self.add_error(
                    name,
                    f"Stored meanwhile: “{now_stored}”. Yours stands here; saving again puts it in place of "
                    "that.",
                )
        inlines = [name for name in differs if name not in self.fields]
        if not inlines:  # rows that were added or deleted meanwhile cannot be sent again
            shown[self.add_prefix("seen")] = _mark(self.stored)
        self.data = shown
        self.add_error(None, " ".join(self._sentences(differs, inlines, seen.get(OPENED, ""))))
        return cleaned

    def _sentences(self, differs: list[str], inlines: list[str], opened: str) -> Iterator[str]:
        kind = self.instance._meta.verbose_name
        labels = (str(self.fields[name].label or name) if name in self.fields else name for name in differs)
        names = ", ".join(label.lower() for label in labels)
        yield f"Not saved yet: {self._who(opened)} changed this {kind} while you had it open ({names})."
        for name in inlines:
            yield f"Its {name} now: {shorten(self.stored[name], TOLD)}."
        if inlines:
            yield "What you typed is still here. Open the page once more and make your change in that."
        else:
            yield (
                "What you typed is still here, and what you had not touched shows what is stored now. Look "
                "through it and save again."
            )

    def _who(self, opened: str) -> str:
        kind = ContentType.objects.get_for_model(self.instance)
        edits = LogEntry.objects.filter(content_type=kind, object_id=str(self.instance.pk))
        edit = edits.select_related("user").order_by("-action_time").first()
        if edit is None or not opened.isdigit() or edit.action_time.timestamp() < int(opened):
            return "somebody"
        return f"{edit.user} ({localtime(edit.action_time):%-d %b, %H:%M})"

    def _told(self, name: str) -> str:
        """Return what is stored in a field, in the words of its choices where it has some."""
        choices: Mapping[str, Any] = {
            str(value): label for value, label in getattr(self.fields[name], "choices", ())
        }
        return str(choices.get(self.stored[name], self.stored[name]))


def _mark(stored: Mapping[str, str]) -> str:
    parts = {OPENED: str(int(now().timestamp())), **{name: _digest(value) for name, value in stored.items()}}
    return BETWEEN.join(f"{name}={part}" for name, part in parts.items())


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:12]


def _plain(value: Any) -> str:
    """Return a value of a row or a form as one text, the same for the same value."""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, list):
        return ", ".join(sorted(map(str, value)))
    return "" if value is None else plain_lines(str(value))


def _put(data: QueryDict, name: str, value: Any) -> None:
    """Write a stored value into what a form was sent, as a browser would have."""
    if value is False:
        data.pop(name, None)
    elif isinstance(value, list):
        data.setlist(name, [str(part) for part in value])
    else:
        data[name] = "on" if value is True else "" if value is None else str(value)
