"""The matcher with the interface of the one to come: changes, calibrations and folders."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from faq.matcher import ALGORITHM as ALGORITHM  # noqa: PLC0414
from faq.matcher import Candidate
from faq.matcher import Matcher as Ranker
from faq.matching.calibration import Calibration

Entries = Sequence[tuple[str, Sequence[str]]]


class Matcher:
    def __init__(self, entries: Entries, delta_rows: int = 0) -> None:
        self._entries = {entry: list(texts) for entry, texts in entries}
        self._ranker = Ranker.build(list(entries))
        self.delta_rows = delta_rows
        self.semantic = False
        self.version = self._ranker.version

    @classmethod
    def build(
        cls,
        entries: Entries,
        embedder: Any = None,
        *,
        negatives: Sequence[tuple[str, str]] = (),
        vectors: Callable[..., Any] | None = None,
    ) -> "Matcher":
        return cls(entries)

    def changed(
        self,
        upserts: Entries,
        removed: Sequence[str] = (),
        negatives: Sequence[tuple[str, str]] | None = None,
        vectors: Callable[..., Any] | None = None,
    ) -> "Matcher":
        entries = {entry: texts for entry, texts in self._entries.items() if entry not in removed}
        entries.update({entry: list(texts) for entry, texts in upserts})
        more = sum(len(texts) for _, texts in upserts)
        return Matcher(list(entries.items()), self.delta_rows + more)

    def recalibrated(self, calibration: Calibration) -> "Matcher":
        return self

    def rank(self, text: str, limit: int = 10, without: str = "") -> list[Candidate]:
        return self._ranker.rank(text, limit, without)

    def similar(self, text: str, limit: int = 10) -> list[Candidate]:
        return self._ranker.rank(text, limit)

    def save(self, folder: Path) -> None:
        (folder / "entries.json").write_text(json.dumps(list(self._entries.items())))

    @classmethod
    def load(cls, folder: Path, embedder: Any = None) -> "Matcher":
        return cls(json.loads((folder / "entries.json").read_text()))
