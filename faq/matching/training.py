"""What is learnt from all phrasings at once: the classifiers, and the words that slips are repaired by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from faq.matching.ridge import Ridge, train
from faq.matching.sparse import Floats
from faq.matching.speller import Speller
from faq.matching.store import Store

# The vocabulary of a sentence model is in order of use; what comes later is a name or a piece of one.
FREQUENT_WORDS = 15_000
_NAMES = ("lexical", "joint")
_KEYS = ("weights", "leverage", "share", "shape", "landmarks")


class Embedder(Protocol):
    """What the semantic half needs: unit vectors of texts, and the words that are no misspellings."""

    id: str
    dim: int

    @property
    def vocabulary(self) -> Mapping[str, int]: ...

    def embed(self, texts: Sequence[str]) -> Floats: ...


@dataclass(frozen=True)
class Training:
    """What is the same for a matcher and for those made of it by changes and calibrations."""

    ridges: tuple[Ridge | None, Ridge | None]  # by words, by words and meaning
    speller: Speller
    digest: str  # of the base's content

    @classmethod
    def of(cls, store: Store, embedder: Embedder | None, digest: str) -> "Training":
        """Learn from the base of a store."""
        owner = store.owner[: len(store.base)]
        count = len(store.ids)
        joint = None
        if embedder is not None and store.base.vectors is not None:
            joint = train(store, owner, count, store.base.vectors.rows(0, len(store.base)))
        return cls((train(store, owner, count, None), joint), _speller(store, embedder), digest)

    def save(self, folder: Path) -> None:
        """Write the classifiers into an existing folder."""
        for name, ridge in zip(_NAMES, self.ridges, strict=True):
            for key, value in (ridge.arrays() if ridge else {}).items():
                np.save(folder / f"ridge-{name}-{key}.npy", value, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, store: Store, embedder: Embedder | None, digest: str) -> "Training":
        """Return what `save` wrote, arrays mapped; raises OSError, ValueError or EOFError when damaged."""
        lexical, joint = (_ridge(folder, name) for name in _NAMES)
        return cls((lexical, joint), _speller(store, embedder), digest)


def _speller(store: Store, embedder: Embedder | None) -> Speller:
    frequent: list[str] = []
    if embedder is not None:
        frequent = sorted(embedder.vocabulary, key=embedder.vocabulary.__getitem__)[:FREQUENT_WORDS]
    return Speller.of(store.vocabulary(), frequent)


def _ridge(folder: Path, name: str) -> Ridge | None:
    if not (folder / f"ridge-{name}-shape.npy").exists():
        return None
    return Ridge.of(
        {key: np.load(folder / f"ridge-{name}-{key}.npy", mmap_mode="r", allow_pickle=False) for key in _KEYS}
    )
