"""A question made ready: split, its misspelt words repaired, looked up and embedded."""

from collections.abc import Sequence
from dataclasses import dataclass

from faq.matching.sparse import Floats
from faq.matching.speller import Speller
from faq.matching.store import Query, Store
from faq.matching.training import Embedder
from faq.normalize import normalize
from faq.terms import within_edits

# A longer message is never one FAQ question: its beginning is ranked, for citing, never for showing.
MOST_WORDS = 60
SURELY_MEANT = 6  # letters of a word that one slip leaves recognisable


@dataclass(frozen=True)
class Asked:
    """A question made ready; `long` says that only its beginning is.

    `slipped` is what was meant when a slip of the fingers is all that is wrong with it, else "".
    """

    long: bool
    query: Query
    vector: Floats | None
    slipped: str


def make_ready(text: str, store: Store, speller: Speller, embedder: Embedder | None) -> Asked | None:
    """Return a question made ready; None for one without a word."""
    words = normalize(text).split()
    head = words[:MOST_WORDS]
    if not head:
        return None
    long = len(words) > MOST_WORDS
    repaired = speller.repair(head)
    vector = None
    if embedder is not None:
        meant = text if repaired == head and not long else " ".join(repaired)
        vector = embedder.embed([meant])[0]
    return Asked(long, store.query(repaired), vector, "" if long else _slipped(head, repaired))


def _slipped(asked: Sequence[str], repaired: Sequence[str]) -> str:
    """Return the repaired question when each repair is one slip behind the first letter of a longer word.

    Such a question counts as its phrasing. More than a slip may be another word: "reactivate" is no
    misspelt "deactivate", nor "exporting" a misspelt "importing".
    """
    changed = [(word, meant) for word, meant in zip(asked, repaired, strict=True) if word != meant]
    sure = all(
        len(word) >= SURELY_MEANT and word[0] == meant[0] and within_edits(word, meant, 1)
        for word, meant in changed
    )
    return " ".join(repaired) if changed and sure else ""
