"""What became of a row while somebody had its form open: two people at once lose nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import QueryDict
from django.utils.timezone import localtime

from faq.engine_models import Negative
from faq.models import Entry

_LONGEST_VALUE = 200

M = TypeVar("M", Entry, Negative)


def newest_edit(row: Entry | Negative) -> int:
    """Return the number of a row's last edit in its history, 0 when it has none."""
    number: int | None = row.history.order_by("-history_id").values_list("history_id", flat=True).first()
    return number or 0


class SeenForm(forms.ModelForm[M]):
    """A form that refuses to write over what its sender has not read.

    `seen` is the edit that the person had before them, `guarded` names the fields of the row, and `called`
    says what staff call it.
    """

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    guarded: ClassVar[tuple[str, ...]] = ()
    called: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = newest_edit(self.instance)

    def clean(self) -> dict[str, Any]:
        """Refuse what somebody else's edit came before; the form then shows both, and may be saved again."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        seen = cleaned.get("seen")
        known = [name for name in self.guarded if name in self.fields]
        meanwhile = Meanwhile.since(self.instance, seen, known) if seen and self.instance.pk else None
        if meanwhile is None:
            return cleaned
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
        self.add_error(None, ValidationError(meanwhile.told(self.called, self.fields)))
        return cleaned


@dataclass(frozen=True)
class Meanwhile:
    """The edits that came after the one a person had before them."""

    row: Entry | Negative
    newest: int
    fields: tuple[str, ...]  # those that differ now from what the person saw
    before: Mapping[str, Any]  # as the person saw them
    who: str
    when: str

    @classmethod
    def since(cls, row: Entry | Negative, seen: int, names: Iterable[str]) -> Self | None:
        """Return what was changed after the edit `seen`, None when nothing that the form shows was."""
        newest = row.history.order_by("-history_id").first()
        was = row.history.filter(history_id=seen).first()
        if newest is None or was is None or newest.history_id <= seen:
            return None
        before = {name: getattr(was, name) for name in names}
        fields = tuple(name for name, value in before.items() if value != getattr(row, name))
        if not fields:
            return None
        who = str(newest.history_user) if newest.history_user else "An import or a command"
        return cls(
            row, newest.history_id, fields, before, who, f"{localtime(newest.history_date):%-d %b, %H:%M}"
        )

    def untouched(self, name: str, value: Any) -> bool:
        """Return whether the person left a field as it was."""
        return bool(_plain(value) == _plain(self.before[name]))

    def text(self, name: str) -> str:
        """Return what is stored now, as a form takes it."""
        value = getattr(self.row, name)
        return "" if value is None else str(value.pk if isinstance(value, Model) else value)

    def clash(self, name: str) -> str:
        """Return what the person is told at a field that both have changed."""
        value = getattr(self.row, name)
        now = "" if value is None else str(value)
        shown = f"“{now[:_LONGEST_VALUE]}{'…' if len(now) > _LONGEST_VALUE else ''}”" if now else "nothing"
        return f"Stored meanwhile: {shown}. Yours stands here; saving again puts it in place of that."

    def told(self, called: str, fields: Mapping[str, forms.Field]) -> str:
        """Return what the person is told above the form."""
        names = ", ".join(str(fields[name].label or name).lower() for name in self.fields)
        return (
            f"Not saved yet: {self.who} changed this {called} while you had it open ({self.when}: {names}). "
            "What you typed is still here, and what you had not touched shows what is stored now. "
            "Look through it and save again."
        )


def _plain(value: Any) -> Any:
    """Return a value without what a browser does to line ends."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value
