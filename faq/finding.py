"""Asks a snapshot: which entry a text wants, by the calibration of that entry's language.

Pure. Where the answers are in several languages, those in the question's own are asked before all of them.
The calibration that counts is that of the candidate's language: "en" has a shipped one, any other needs
its own, else only exact hits are answered and the rest is offered at most.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from common.clock import ms_since, ticks
from faq.ahead import Ahead
from faq.found import EXACT_ONLY, FaqMatch, doubted, suggestions
from faq.matcher import Candidate, Matcher
from faq.matching.calibration import Calibration
from faq.normalize import words
from faq.passage_terms import Asked
from faq.snapshot import Passage, Snapshot
from faq.snapshot import main_language as main_language  # noqa: PLC0414 - known by this name

MOST_CANDIDATES = 10

# A passage less similar than this shares no more than common words with the question.
LEAST_SIMILAR = 0.05
# The question stands in the first words of a long message or nowhere in particular.
MOST_PASSAGE_WORDS = 200
NEAR_ENTRIES = 20  # whose passages count by how near their phrasings are


@dataclass(frozen=True)
class Near:
    """What passages are compared with: the question's terms, and how near the phrasings of entries are."""

    question: Sequence[Asked]
    entries: Mapping[str, float]


@dataclass(frozen=True)
class Finder:
    """A snapshot with the calibrations of the languages that have one; others use `shipped`."""

    snapshot: Snapshot
    mode: str
    calibrations: Mapping[str, Calibration]
    shipped: Calibration

    def calibration(self, language: str) -> Calibration | None:
        """Return the calibration of a language tag (`de-AT` is `de`), None without one."""
        return self.calibrations.get(main_language(language))

    @cached_property
    def _matchers(self) -> dict[str, Matcher]:
        """Return the matcher under each calibration, by its id; they share everything else."""
        return self._calibrated(self.snapshot.matcher)

    @cached_property
    def _within(self) -> dict[str, dict[str, Matcher]]:
        """Return matchers that know the answers of one language alone, where there are several languages."""
        return {
            language: self._calibrated(self.snapshot.matcher.changed(removed=others))
            for language, others in self.snapshot.foreign.items()
        }

    def _calibrated(self, matcher: Matcher) -> dict[str, Matcher]:
        every = {each.id: each for each in (self.shipped, *self.calibrations.values())}
        return {name: matcher.recalibrated(each) for name, each in every.items()}

    def prepared(self) -> "Finder":
        """Return it with all computed that a question needs, so that no question waits for it."""
        self.snapshot.prepared()
        _ = self._matchers, self._within, self._matches, self._near
        return self

    @cached_property
    def _matches(self) -> Ahead[FaqMatch]:
        return Ahead()

    @cached_property
    def _near(self) -> Ahead["Near"]:
        return Ahead()

    def prepare(self, text: str, language: str) -> None:
        """Do the dear part of what a message asks, in this thread; see faq.index.prepare."""
        self._matches.begin((text, language), lambda: self._match(text, frozenset(), language, ""))
        self._near.begin(text, lambda: self._alike(text))

    def match(
        self, text: str, exclude: frozenset[str] = frozenset(), language: str = "", without: str = ""
    ) -> FaqMatch:
        """Return the answers nearest to `text` without those of `exclude`; see faq.index.match."""

        def found() -> FaqMatch:
            return self._match(text, exclude, language, without)

        return found() if exclude or without else self._matches.take((text, language), found)

    def _match(self, text: str, exclude: frozenset[str], language: str, without: str) -> FaqMatch:
        """Ask the answers in the question's language first, and all where these neither answer nor offer.

        An entry in another language is so shown only when it is sure and none in the question's own is.
        """
        start, spoken = ticks(), main_language(language) if language else ""
        within = spoken if spoken in self._within else ""
        found = self._found(text, exclude, language, without, within)
        if within and not found.would_answer:
            every = self._found(text, exclude, language, without, "")
            found = every if every.would_answer or not found.suggested else found
        return replace(found, took_ms=ms_since(start))

    def _found(
        self, text: str, exclude: frozenset[str], language: str, without: str, within: str
    ) -> FaqMatch:
        """Return what is found among the answers of the language `within`, "" for all of them."""
        used = self.calibration(within or self.snapshot.language) or self.shipped
        found = self._ranked(used, text, exclude, language, without, within)
        spoken = self._language(found[0]) if found else ""
        calibration = self.calibration(spoken)
        judged = calibration or self.shipped
        if found and judged.id != used.id:
            found = self._ranked(judged, text, exclude, language, without, within)
            spoken = self._language(found[0])
            calibration = self.calibration(spoken)
        exact_only = bool(found) and calibration is None
        threshold = EXACT_ONLY if exact_only else judged.answer
        if found and doubted(found[0], judged.id):
            threshold = EXACT_ONLY
        return FaqMatch(
            candidates=found,
            threshold=threshold,
            matcher_version=self.snapshot.matcher.version[:40],
            index_version=self.snapshot.number,
            took_ms=0,
            suggest_threshold=judged.suggest,
            mode=self.mode,
            language=spoken,
            exact_only=exact_only,
            suggested=suggestions(found, threshold, judged.suggest, self.mode, exact_only),
            calibration=judged.id,
        )

    def _ranked(
        self,
        calibration: Calibration,
        text: str,
        exclude: frozenset[str],
        language: str,
        without: str,
        within: str,
    ) -> tuple[Candidate, ...]:
        """Return the candidates, of two equal exact hits the one in the question's language first."""
        matchers = self._within[within] if within else self._matchers
        ranked = matchers[calibration.id].rank(text, MOST_CANDIDATES + len(exclude), without)
        kept = [each for each in ranked if each.entry_id not in exclude][:MOST_CANDIDATES]
        if language:
            kept.sort(key=lambda each: (not each.exact, each.exact and self._language(each) != language))
        return tuple(kept)

    def _language(self, candidate: Candidate) -> str:
        return self.snapshot.rows[candidate.entry_id].view.language

    def nearest_passages(self, text: str, limit: int, exclude: Collection[str]) -> tuple[Passage, ...]:
        """Return the passages nearest to `text`, best first; see faq.index.nearest_passages."""
        near = self._near.take(text, lambda: self._alike(text))
        passages = self.snapshot.passages
        places = passages.nearest(near.question, near.entries, exclude, limit, LEAST_SIMILAR)
        return tuple(self.snapshot.rows[entry].passage(place) for entry, place in places)

    def _alike(self, text: str) -> "Near":
        question = self.snapshot.passages.question(words(text)[:MOST_PASSAGE_WORDS])
        matcher = self._matchers[(self.calibration(self.snapshot.language) or self.shipped).id]
        entries = {each.entry_id: each.score for each in matcher.similar(text, NEAR_ENTRIES)}
        return Near(question, entries)
