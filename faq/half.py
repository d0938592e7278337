"""This process's semantic half: its embedder, and the vectors of phrasings that it has needed lately."""

import logging
from collections.abc import Iterable, Sequence

import numpy as np

from faq.assembling import Half
from faq.embedder import Embedder, shared_embedder
from faq.matching.sparse import Floats
from faq.vectors import Halves, fill, stored, vectors_for

logger = logging.getLogger(__name__)

INLINE = 16  # texts that are embedded while an edit waits to be seen: some 25 ms
REMEMBERED = 20_000  # vectors kept at hand, 15 MB


class Vectors:
    """Vectors at hand: what the table has and what was computed here; unknown texts are zeros."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._at_hand: dict[str, Halves] = {}

    def half(self) -> Half:
        """Return what a matcher takes."""
        return Half(self.embedder, self.rows, self.missing)

    def rows(self, texts: Sequence[str]) -> Floats:
        """Return float32 [len(texts), dim], zeros for what is not at hand. No query."""
        found = np.zeros((len(texts), self.embedder.dim), np.float32)
        for row, text in enumerate(texts):
            vector = self._at_hand.get(text)
            if vector is not None:
                found[row] = vector
        return found

    def missing(self, texts: Iterable[str]) -> set[str]:
        """Return the texts that are not at hand."""
        return {text for text in texts if text not in self._at_hand}

    def gather(self, texts: Iterable[str], most: int) -> int:
        """Read vectors from the table, and compute at most `most`; return how many texts have none still."""
        wanted = self.missing(texts)
        self._keep(stored(wanted, self.embedder))
        lacking = [text for text in sorted(wanted) if text not in self._at_hand]
        if 0 < len(lacking) <= most:
            vectors = vectors_for(lacking, self.embedder)
            self._keep(dict(zip(lacking, vectors.astype(np.float16), strict=True)))
            return 0
        return len(lacking)

    def compute(self, texts: Iterable[str], seconds: float) -> int:
        """Compute vectors for about `seconds` and keep them in the table; return how many are left."""
        left = fill(texts, self.embedder, seconds)
        self.gather(texts, 0)
        return left

    def _keep(self, vectors: dict[str, Halves]) -> None:
        kept = {**self._at_hand, **vectors}
        over = len(kept) - max(REMEMBERED, len(vectors))
        for text in list(kept)[: max(0, over)]:
            del kept[text]
        self._at_hand = kept


_vectors: list[Vectors] = []


def vectors() -> Vectors | None:
    """Return the vectors of this process, None without an embedder; the first call loads it."""
    embedder = shared_embedder()
    if embedder is None:
        return None
    if not _vectors or _vectors[0].embedder is not embedder:
        _vectors[:] = [Vectors(embedder)]
    return _vectors[0]
