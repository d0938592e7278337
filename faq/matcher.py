"""Finds the entry that a question asks for, and says how sure that is.

An exact normalised phrasing always wins, and one that a slip in a word keeps from being exact. Otherwise
the signals of `faq.matching` rank the entries: alike in words, alike in meaning where there is an embedder,
and what a classifier trained on all phrasings says. About thirty features of the best entry become P(it is
right) by a logistic regression whose coefficients were fitted on public question sets, or on a desk's own
reviewed messages.
"""

import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from faq.matching import saving
from faq.matching.asked import Asked, make_ready
from faq.matching.calibration import Calibration
from faq.matching.evidence import refuses, weigh
from faq.matching.guards import final
from faq.matching.ranking import Found, Trained, find
from faq.matching.reading import Profile, profile
from faq.matching.shipped import SHIPPED
from faq.matching.sparse import Floats
from faq.matching.store import EVERYWHERE, Store
from faq.matching.training import Embedder, Training
from faq.normalize import normalize

ALGORITHM = "2"

ANSWER_THRESHOLD = SHIPPED.answer
SUGGEST_THRESHOLD = SHIPPED.suggest

REFUSED = "a question that must not be answered"
_PROFILES = 2000  # entries whose profile stays in memory, about 6 MB

Entries = Sequence[tuple[str, Sequence[str]]]
Pairs = Sequence[tuple[str, str]]
Vectors = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True)
class Candidate:
    """An entry with P(it answers the question) and the phrasing that came nearest.

    Of the best candidate also: `disputed`, why its confidence is capped; `doubt`, what a careful desk holds
    against it; `negative`, the nearest question that must not be answered, when it counts; and `features`.
    """

    entry_id: str
    confidence: float
    score: float
    exact: bool
    phrasing: str
    disputed: str = ""
    doubt: str = ""
    negative: str = ""
    features: Mapping[str, float] = field(default_factory=dict)


class Matcher:
    """An immutable index over the phrasings of all entries; a change makes another one."""

    def __init__(
        self,
        store: Store,
        trained: Training,
        embedder: Embedder | None,
        calibration: Calibration,
        delta: str = "",
    ) -> None:
        self._store = store
        self._trained = trained
        self._embedder = embedder if store.dim else None
        self._calibration = calibration
        self._delta = delta
        self._last: tuple[str, Asked, Found | None] | None = None
        self._profiles: dict[int, Profile] = {}
        self._lock = threading.Lock()

    # --- making ---------------------------------------------------------------------------------------

    @classmethod
    def build(
        cls,
        entries: Entries,
        embedder: Embedder | None = None,
        *,
        negatives: Pairs = (),
        calibration: Calibration = SHIPPED,
        vectors: Vectors | None = None,
    ) -> "Matcher":
        """Index and train on `entries` (id, phrasings).

        `negatives` are (entry id or "" for all, text) of questions that must not be answered. `vectors` gives
        the unit vectors of texts where they are known already; else the embedder makes them. A row of
        zeros stands for a text that has none yet. Raises ValueError for an id that is empty or doubled.
        """
        embed = vectors if vectors is not None and embedder is not None else None
        if embedder is not None and embed is None:
            embed = embedder.embed
        store = Store.build(entries, negatives, embed)
        return cls(store, Training.of(store, embedder, _digest(entries, negatives)), embedder, calibration)

    def changed(
        self,
        upserts: Entries = (),
        removed: Collection[str] = (),
        negatives: Pairs | None = None,
        vectors: Vectors | None = None,
    ) -> "Matcher":
        """Return a matcher with entries replaced or added, others removed, and new negatives unless None.

        Costs milliseconds. What was trained stays: an entry that it does not know is judged by its nearest
        phrasing alone, until the next `build`.
        """
        embed = vectors
        if embed is None and self._embedder is not None:
            embed = self._embedder.embed
        store = self._store.changed(upserts, removed, negatives, embed if self._embedder else None)
        delta = _digest(
            [("", [self._delta]), *upserts, *(("", [each]) for each in sorted(removed))], negatives
        )
        fresh = {store.numbers[name] for name, _ in upserts}
        words = {
            word
            for number in fresh
            for row in store.rows_of(number)
            for word in normalize(store.texts[row]).split()
        }
        trained = (
            replace(self._trained, speller=self._trained.speller.extended(sorted(words)))
            if words
            else self._trained
        )
        return Matcher(store, trained, self._embedder, self._calibration, delta)

    def recalibrated(self, calibration: Calibration) -> "Matcher":
        """Return a matcher that reads the same evidence by another calibration."""
        return Matcher(self._store, self._trained, self._embedder, calibration, self._delta)

    def save(self, folder: Path) -> None:
        """Write index and training into an existing, empty folder."""
        saving.save(self._store, folder)
        self._trained.save(folder)
        about = {"algorithm": ALGORITHM, "digest": self._trained.digest, "embedder": self._embedder_id}
        (folder / "matcher.json").write_text(json.dumps(about), encoding="utf-8")

    @classmethod
    def load(
        cls, folder: Path, embedder: Embedder | None = None, calibration: Calibration = SHIPPED
    ) -> "Matcher":
        """Return the matcher that `save` wrote, its arrays mapped; raises ValueError when it does not fit."""
        try:
            about = json.loads((folder / "matcher.json").read_text(encoding="utf-8"))
            store = saving.load(folder)
            trained = Training.load(folder, store, embedder, str(about["digest"]))
        except (OSError, ValueError, KeyError, EOFError, saving.StoreError) as error:
            raise ValueError(f"The index in {folder} is damaged: {error}") from error
        if about.get("algorithm") != ALGORITHM:
            raise ValueError(f"The index in {folder} is of another algorithm.")
        if embedder is not None and store.dim and about.get("embedder") != embedder.id:
            raise ValueError(f"The index in {folder} holds vectors of {about.get('embedder')}.")
        return cls(store, trained, embedder, calibration)

    # --- what it is -----------------------------------------------------------------------------------

    @property
    def semantic(self) -> bool:
        """Return whether meaning counts beside words."""
        return self._embedder is not None

    @property
    def _embedder_id(self) -> str:
        return self._embedder.id if self._embedder else ""

    @property
    def delta_rows(self) -> int:
        """Return how many phrasings have changed since the training."""
        return self._store.delta_rows

    @cached_property
    def version(self) -> str:
        """Return algorithm, halves and content, at most 40 characters."""
        half = "semantic" if self.semantic else "lexical"
        return f"{half}-{ALGORITHM}-{self._trained.digest}" + (f"+{self._delta}" if self._delta else "")

    # --- asking ---------------------------------------------------------------------------------------

    def rank(self, text: str, limit: int = 10, without: str = "") -> list[Candidate]:
        """Return up to `limit` entries, likeliest first; none for a text that shares nothing with any.

        `without` asks as if phrasings and negatives whose normalised text equals it were not there.
        """
        asked = self._ask(text)
        if asked is None:
            return []
        matcher = self
        if without:
            matcher, trained = self._left_out(asked, without)
            asked = replace(asked, query=matcher._store.query(asked.query.words))
            found = find(matcher._store, asked.query, asked.vector, self._trained.ridges, trained)
        else:
            found = self._found(text, asked)
        return matcher._judged(text, asked, found)[:limit] if found is not None else []

    def similar(self, text: str, limit: int = 20) -> list[Candidate]:
        """Return up to `limit` entries by similarity alone: `score` in [0, 1], confidence 0."""
        asked = self._ask(text)
        found = self._found(text, asked) if asked else None
        if found is None:
            return []
        likeness = _likeness(found)
        order = np.argsort(-likeness, kind="stable")[:limit]
        return [self._candidate(found, int(place), 0.0, float(likeness[place])) for place in order]

    def _ask(self, text: str) -> Asked | None:
        last = self._last
        if last is not None and last[0] == text:
            return last[1]
        return make_ready(text, self._store, self._trained.speller, self._embedder)

    def _found(self, text: str, asked: Asked) -> Found | None:
        """Return what is found for a question made ready, kept for whoever asks the same next."""
        last = self._last
        if last is not None and last[0] == text:
            return last[2]
        found = find(self._store, asked.query, asked.vector, self._trained.ridges)
        self._last = (text, asked, found)  # swapped whole, as threads share a matcher
        return found

    def _judged(self, text: str, asked: Asked, found: Found) -> list[Candidate]:
        evidence = weigh(self._store, asked.query, asked.vector, found, self._profile)
        disputed = "too long to be one question" if asked.long else evidence.disputed
        refused = refuses(self._store, text) | refuses(self._store, asked.slipped)
        best_id = self._store.ids[found.field.entries[evidence.best]]
        if refused & {EVERYWHERE, best_id}:
            disputed = REFUSED
        chance = self._calibration.weights(self.semantic).probability(evidence.features)
        likeness = _likeness(found)
        rest = found.field.shares()
        rest = rest / max(1e-9, 1.0 - float(rest[evidence.best]))
        ranked = [
            replace(
                self._candidate(
                    found, evidence.best, final(chance, disputed), float(likeness[evidence.best])
                ),
                disputed=disputed,
                doubt=evidence.doubt,
                negative=evidence.negative,
                features=evidence.features,
            )
        ]
        for place in found.field.order():
            if place != evidence.best:
                # The rest of the chance, shared out; never more than the best, which the order is about.
                share = min(chance, float(rest[place]) * (1 - chance))
                other = self._candidate(found, place, final(share, disputed), float(likeness[place]))
                barred = refused & {EVERYWHERE, other.entry_id}
                ranked.append(replace(other, disputed=REFUSED) if barred else other)
        rows = self._store.exact(text) or (self._store.exact(asked.slipped) if asked.slipped else [])
        return self._with_exact(ranked, {self._store.entry_of(row): row for row in rows}, refused)

    def _with_exact(
        self, ranked: list[Candidate], exact: Mapping[int, int], refused: Collection[str]
    ) -> list[Candidate]:
        """Put the entries that have exactly this phrasing first, and order the rest by confidence."""
        rest = sorted(ranked, key=lambda each: -each.confidence)
        if not exact or EVERYWHERE in refused:
            return rest
        held = {self._store.ids[entry]: row for entry, row in exact.items()}
        first = [
            replace(
                next((each for each in ranked if each.entry_id == name), Candidate(name, 1.0, 1.0, True, "")),
                confidence=1.0,
                score=1.0,
                exact=True,
                phrasing=self._store.texts[row],
                disputed="",
                doubt="",
            )
            for name, row in held.items()
            if name not in refused
        ]
        return [*first, *(each for each in rest if each.entry_id not in held or each.entry_id in refused)]

    def _left_out(
        self, asked: Asked, without: str
    ) -> tuple["Matcher", "tuple[Trained | None, Trained | None]"]:
        """Return this matcher without a text, and what its ridges would say had they never seen it."""
        rows = self._store.exact(without)
        scores: list[Trained | None] = []
        for ridge, vector in zip(self._trained.ridges, (None, asked.vector), strict=True):
            if ridge is None or (ridge.joint and vector is None):
                scores.append(None)
                continue
            told = ridge.scores(self._store, asked.query, vector)
            for row in rows:
                if row < len(ridge.leverage) and (owner := self._store.entry_of(row)) >= 0:
                    told = ridge.left_out(told, row, owner)
            scores.append(Trained(told, self._store.directory.in_base))
        kept = {self._store.ids[self._store.entry_of(row)]: set[int]() for row in rows}
        for row in rows:
            kept[self._store.ids[self._store.entry_of(row)]].add(row)
        upserts = []
        for name, gone in kept.items():
            left = [row for row in self._store.rows_of(self._store.numbers[name]) if row not in gone]
            upserts.append((name, [self._store.texts[row] for row in left]))
        pairs = [pair for pair in self._store.negative_pairs if normalize(pair[1]) != without]
        changed = self.changed(
            [each for each in upserts if each[1]],
            [name for name, texts in upserts if not texts],
            pairs if len(pairs) < len(self._store.negative_pairs) else None,
        )
        return changed, (scores[0], scores[1])

    def _profile(self, entry: int) -> Profile:
        found = self._profiles.get(entry)
        if found is None:
            found = profile(self._store.texts[row] for row in self._store.rows_of(entry))
            with self._lock:
                if len(self._profiles) >= _PROFILES:
                    self._profiles.clear()
                self._profiles[entry] = found
        return found

    def _candidate(self, found: Found, place: int, confidence: float, score: float) -> Candidate:
        return Candidate(
            entry_id=self._store.ids[found.field.entries[place]],
            confidence=confidence,
            score=score,
            exact=False,
            phrasing=self._store.texts[int(found.meant[place])],
        )


# How near two sentences are in meaning that have nothing to do with each other.
_UNRELATED = 0.3


def _likeness(found: Found) -> Floats:
    """Return how alike each candidate is, in [0, 1], without regard to the others."""
    signals = found.field.signals
    words = 0.6 * signals[:, 1] + 0.4 * signals[:, 0]
    if signals.shape[1] > 3:
        sense = np.maximum(0.0, (signals[:, 4] - _UNRELATED) / (1 - _UNRELATED))
        words = np.maximum(words, (words + sense) / 2)
    return np.asarray(np.clip(words, 0.0, 1.0))


def _digest(entries: Entries, negatives: Pairs | None = None) -> str:
    digest = sha256()
    for entry_id, phrasings in entries:
        digest.update(repr((entry_id, list(phrasings))).encode("utf-8", "replace"))
    digest.update(repr(None if negatives is None else sorted(negatives)).encode("utf-8", "replace"))
    return digest.hexdigest()[:8]
