"""Remembers sentence vectors, so that no text is embedded twice in a run.

The memory may be kept in a folder: the fresh processes that measure sizes map it instead of embedding
100,000 phrasings again, and a second run of the benchmark starts with it.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """The product's embedder, as far as it is used here."""

    id: str

    @property
    def dim(self) -> int: ...
    @property
    def vocabulary(self) -> Mapping[str, int]: ...
    def embed(self, texts: Sequence[str]) -> Vectors: ...


class Remembered:
    """An embedder that looks into its memory first."""

    def __init__(self, embedder: Embedder, folder: Path | None = None, *, keep_new: bool = True) -> None:
        self.id, self.dim, self.vocabulary = embedder.id, embedder.dim, embedder.vocabulary
        self._embedder, self._keep_new = embedder, keep_new
        self._name = hashlib.sha256(embedder.id.encode()).hexdigest()[:12]
        self._rows: dict[str, int] = {}
        self._kept: Vectors = np.empty((0, embedder.dim), np.float32)
        self._new: dict[str, Vectors] = {}
        if folder is not None and (folder / f"{self._name}.npy").is_file():
            self._kept = np.load(folder / f"{self._name}.npy", mmap_mode="r")
            texts = json.loads((folder / f"{self._name}.json").read_text(encoding="utf-8"))
            self._rows = {text: row for row, text in enumerate(texts)}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of `texts`, float32 [texts, dim]."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._rows and text not in self._new]
        made = dict(self._make(unknown))
        if self._keep_new:
            self._new |= made
        found = np.empty((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            found[row] = self._known(text, made)
        return found

    def forget(self, texts: Sequence[str]) -> None:
        """Embed `texts` anew from now on."""
        for text in texts:
            self._rows.pop(text, None)
            self._new.pop(text, None)

    def _known(self, text: str, made: Mapping[str, Vectors]) -> Vectors:
        if text in self._rows:
            vector: Vectors = self._kept[self._rows[text]]
            return vector
        return self._new[text] if text in self._new else made[text]

    def _make(self, texts: Sequence[str]) -> Iterator[tuple[str, Vectors]]:
        if texts:
            yield from zip(texts, self._embedder.embed(texts), strict=True)

    def batch_ms(self, count: int) -> float:
        """Return the ms that one of `count` remembered texts takes to embed, all at once."""
        texts = [*self._rows, *self._new][:count]
        start = time.perf_counter()
        self._embedder.embed(texts)
        return (time.perf_counter() - start) / max(1, len(texts)) * 1000

    def save(self, folder: Path) -> None:
        """Write all that is remembered into `folder`, for another Remembered of the same embedder."""
        if not self._new:
            return
        folder.mkdir(parents=True, exist_ok=True)
        texts = [*self._rows, *self._new]
        kept = self._kept[list(self._rows.values())]
        vectors = np.concatenate([kept, np.stack(list(self._new.values()))])
        np.save(folder / f"{self._name}.new.npy", vectors)
        (folder / f"{self._name}.new.npy").replace(folder / f"{self._name}.npy")
        (folder / f"{self._name}.json").write_text(json.dumps(texts), encoding="utf-8")
