"""What speaks for and against the best candidate of a question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from faq.matching.features import Told, accounted, standing
from faq.matching.grams import Ints
from faq.matching.guards import dispute, doubt
from faq.matching.ranking import Found
from faq.matching.reading import Profile, Reading, read, read_words
from faq.matching.sparse import Floats
from faq.matching.store import EVERYWHERE, Query, Store

LOOKED_AT = 4  # candidates whose words are looked at before one is called the best
# Log odds that an entry loses when a guard speaks against it, so that the one next to it comes first.
DISPUTED = 2.0

# How alike a question has to be to one that must not be answered, and by how much an entry has to be nearer.
# Among so few entries nothing competes, so that margins say nothing: the words have to be known.
FEW_ENTRIES = 10
LEAST_KNOWN = 0.5

LEAST_NEGATIVE = 0.35
CLEARLY_NEARER = 0.05


@dataclass(frozen=True)
class Evidence:
    """The candidate at place `best` of the field, with what was found about it.

    `disputed` caps its confidence, `doubt` is for careful desks, `negative` is the nearest question that
    must not be answered.
    """

    best: int
    features: Mapping[str, float]
    disputed: str
    doubt: str
    negative: str


def weigh(
    store: Store, query: Query, vector: Floats | None, found: Found, profile_of: Callable[[int], Profile]
) -> Evidence:
    """Return the evidence for the best candidate: the strongest against which no guard speaks."""
    asked = read_words(query.words)
    told = _told(store, asked)
    order = found.field.order()[:LOOKED_AT]
    reasons: dict[int, str] = {}
    for place in order:
        rival = next((each for each in order if each != place), None)
        reasons[place] = dispute(
            asked,
            told.terms,
            profile_of(found.field.entries[place]),
            _row(store, found.rows[place]),
            None if rival is None else _row(store, found.rows[rival]),
        )
    best = max(order, key=lambda place: found.field.strength[place] - DISPUTED * bool(reasons[place]))
    negative, nearer = _negative(store, query, vector, found, best)
    features = standing(found.field, best)
    entry = profile_of(found.field.entries[best])
    rival = next((each for each in order if each != best), None)
    near = _row(store, found.meant[best])
    weights = store.idf(list(near.terms.values()))
    features.update(
        accounted(
            told,
            asked,
            entry,
            dict(zip(near.terms, map(float, weights), strict=True)),
            Profile() if rival is None else profile_of(found.field.entries[rival]),
        )
    )
    features["entries"] = float(np.log(max(1, len(store.numbers))))
    features["phrasings"] = float(np.log(max(1, len(store.rows_of(found.field.entries[best])))))
    against = "nearer to a question that must not be answered" if nearer else ""
    if not against and len(store.numbers) < FEW_ENTRIES and features["covered"] < LEAST_KNOWN:
        against = "too few entries to tell it from other questions"
    return Evidence(best, features, against or reasons[best], doubt(asked, features, entry), negative)


def _row(store: Store, row: int) -> Reading:
    return read(store.texts[int(row)])


def _told(store: Store, asked: Reading) -> Told:
    stems, words = list(asked.terms), list(asked.terms.values())
    known = store.known([*words, *stems])
    count = len(stems)
    return Told(
        terms=dict(zip(stems, map(float, store.idf(words)), strict=True)),
        known=frozenset(each for i, each in enumerate(stems) if known[i] or known[count + i]),
        unseen=store.weights.unseen,
    )


def _negative(store: Store, query: Query, vector: Floats | None, found: Found, best: int) -> tuple[str, bool]:
    """Return the nearest negative that counts, and whether it is about as near as the entry itself."""
    if not len(store.negatives):
        return "", False
    entry = found.field.entries[best]
    own = float(found.field.signals[best, 1])
    by_words = store.near_negatives(query, [entry])
    score, row = _nearer(by_words.everywhere, by_words.everywhere_row, by_words.scores, by_words.rows)
    if vector is not None:
        meant = store.dense_near_negatives(vector, [entry])
        sense, place = _nearer(meant.everywhere, meant.everywhere_row, meant.scores, meant.rows)
        own, score, row = (own + float(found.field.signals[best, 4])) / 2, (score + sense) / 2, place
    if row < 0 or score < LEAST_NEGATIVE:
        return "", False
    return store.negatives.texts[row], score > own - CLEARLY_NEARER


def _nearer(everywhere: float, row: int, scores: Floats, rows: Ints) -> tuple[float, int]:
    if int(rows[0]) >= 0 and (row < 0 or float(scores[0]) > everywhere):
        return float(scores[0]), int(rows[0])
    return everywhere, row


def refuses(store: Store, text: str) -> set[str]:
    """Return the entries ("" for all) that must not answer exactly this text."""
    return set(store.exact_negatives(text))


__all__ = ["EVERYWHERE", "Evidence", "refuses", "weigh"]
