"""What became of an entry while somebody had its form open: two people at once lose nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.forms import Field
from django.utils.timezone import localtime

from faq.models import Entry

_LONGEST_VALUE = 200


def newest_edit(entry: Entry) -> int:
    """Return the number of an entry's last edit in its history, 0 when it has none."""
    number: int | None = entry.history.order_by("-history_id").values_list("history_id", flat=True).first()
    return number or 0


@dataclass(frozen=True)
class Meanwhile:
    """The edits that came after the one a person had before them."""

    entry: Entry
    newest: int
    fields: tuple[str, ...]  # those that differ now from what the person saw
    before: Mapping[str, Any]  # as the person saw them
    who: str
    when: str

    @classmethod
    def since(cls, entry: Entry, seen: int, names: Iterable[str]) -> Self | None:
        """Return what was changed after the edit `seen`, None when nothing that the form shows was."""
        newest = entry.history.order_by("-history_id").first()
        was = entry.history.filter(history_id=seen).first()
        if newest is None or was is None or newest.history_id <= seen:
            return None
        before = {name: getattr(was, name) for name in names}
        fields = tuple(name for name, value in before.items() if value != getattr(entry, name))
        if not fields:
            return None
        who = str(newest.history_user) if newest.history_user else "An import or a command"
        return cls(
            entry, newest.history_id, fields, before, who, f"{localtime(newest.history_date):%-d %b, %H:%M}"
        )

    def untouched(self, name: str, value: Any) -> bool:
        """Return whether the person left a field as it was."""
        return bool(_plain(value) == _plain(self.before[name]))

    def text(self, name: str) -> str:
        """Return what is stored now, as a form takes it."""
        value = getattr(self.entry, name)
        return "" if value is None else str(value)

    def clash(self, name: str) -> str:
        """Return what the person is told at a field that both have changed."""
        now = self.text(name)
        shown = f"“{now[:_LONGEST_VALUE]}{'…' if len(now) > _LONGEST_VALUE else ''}”" if now else "nothing"
        return f"Stored meanwhile: {shown}. Yours stands here; saving again puts it in place of that."

    def told(self, fields: Mapping[str, Field]) -> str:
        """Return what the person is told above the form."""
        names = ", ".join(str(fields[name].label or name).lower() for name in self.fields)
        return (
            f"Not saved yet: {self.who} changed this entry while you had it open ({self.when}: {names}). "
            "What you typed is still here, and what you had not touched shows what is stored now. "
            "Look through it and save again."
        )


def _plain(value: Any) -> Any:
    """Return a value without what a browser does to line ends."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value
