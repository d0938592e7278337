"""What a receipt says of the store of answers: which one was given again, or why none was looked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.dateparse import parse_datetime

from assistant.frames import STORE, used_answer
from routing.models import StoredAnswer

HOW = {"exact": "the same question", "near": "the same question in other words"}


@dataclass(frozen=True)
class StoreView:
    """The store's part of one reply; `parts` are what the answer is found by, as label and value."""

    why_not: str = ""
    model: str = ""
    how: str = ""
    written_at: Any = None
    source: str = ""  # id of the reply for which it was written, "" once it is forgotten
    source_url: str = ""
    parts: tuple[tuple[str, str], ...] = ()


def sources_of(records: Iterable[Mapping[str, Any]]) -> dict[str, UUID]:
    """Return for each stored answer that these decisions used, while it is there, whose reply it was."""
    ids = {used["answer_id"] for record in records if (used := used_answer(record))}
    rows = StoredAnswer.objects.filter(pk__in=ids).values_list("pk", "reply_id") if ids else ()
    return {str(pk): reply for pk, reply in rows}


def store_view(record: Mapping[str, Any], sources: Mapping[str, UUID]) -> StoreView | None:
    """Return what a decision says of the store; None on a route that does not use it, or of a miss."""
    part = record.get(STORE) or {}
    if part.get("why_not"):
        return StoreView(why_not=str(part["why_not"]))
    used = used_answer(record)
    if used is None:
        return None
    source = sources.get(str(used["answer_id"]))
    return StoreView(
        model=str(used["model_label"] or used["model"]),
        how=HOW.get(str(part.get("how")), ""),
        written_at=parse_datetime(str(used["written_at"])),
        source=str(source or ""),
        source_url=reverse("admin:reply", args=[source]) if source else "",
        parts=_parts(part.get("key", {})),
    )


def _parts(key: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    entries = ", ".join(f"no. {entry} in version {version}" for entry, version in key.get("entries", ()))
    named = (
        ("Question", key.get("question")),
        ("Model asked first", key.get("model")),
        ("FAQ entries in the prompt", entries or "none"),
        ("Wording of the prompt", key.get("prompt_version")),
        ("Language", key.get("language") or "not known"),
        ("Plan", key.get("plan") or "guest"),
    )
    return tuple((label, str(value)) for label, value in named if value)
