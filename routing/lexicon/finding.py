"""Looking for many patterns in a message at the price of its words, not of the patterns.

A pattern is tried on a sentence only when the sentence has a word from each group of words without
which the pattern cannot match. The groups are read from the pattern itself (`routing.lexicon.needs`),
so that nobody has to keep a second list; a pattern that shows none is tried on every sentence.
"""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import pairwise

from routing.lexicon.needs import Needs, beyond_ascii, needs_of
from routing.lexicon.text import KEY_CHARS, Reading, word_set

# Needs of a pattern that are looked for in single sentences; more take longer than the searches they spare.
MOST_PLACED = 2


class _Alternative:
    """One pattern of a finder, compiled when it is first needed, and what a sentence must have for it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.needs: Needs = tuple(sorted(needs_of(source), key=_commonness))

    def fits(self, keys: frozenset[str]) -> bool:
        """Return whether a line with these keys has a word of each need."""
        for need in self.needs:  # noqa: SIM110 - asked some hundred times a message; all() costs twice this
            if need.isdisjoint(keys):
                return False
        return True

    @cached_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        return re.compile(self.source).search


class Finder:
    """Finds any of some patterns in a message, sentence by sentence; none may run across sentences.

    A pattern begins where a word does, but for those on languages that set no spaces.
    """

    def __init__(self, *sources: str) -> None:
        parts = [part for source in sources for part in split_alternatives(source)]
        self.sources = tuple(map(_at_word, parts))
        self._alternatives = [_Alternative(source) for source in self.sources]
        needless = [each for each in self._alternatives if not each.needs]
        self._always = [each for each in needless if not beyond_ascii(each.source)]
        self._foreign = [each for each in needless if beyond_ascii(each.source)]
        self._by_key: dict[str, list[_Alternative]] = {}
        for each in self._alternatives:
            for key in each.needs[0] if each.needs else ():
                self._by_key.setdefault(key, []).append(each)
        self._keys = frozenset(self._by_key)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return all patterns as one, in their order."""
        return re.compile("|".join(self.sources))

    def without_needs(self) -> list[str]:
        """Return the patterns that are tried on every sentence."""
        return [each.source for each in self._always]

    def found(self, reading: Reading) -> bool:
        """Return whether some sentence has one of the patterns."""
        return next(self.lines(reading), None) is not None

    def lines(self, reading: Reading) -> Iterator[str]:
        """Give the line (`| words |`) of each sentence that has one of the patterns."""
        likely = [
            (self._where(each, reading), each.search) for each in self._likely(reading.keys, reading.line)
        ]
        somewhere = 0
        for where, _ in likely:
            somewhere |= where
        for at, line in enumerate(reading.lines) if somewhere else ():
            if somewhere >> at & 1 and any(search(line) for where, search in likely if where >> at & 1):
                yield line

    def counts(self, reading: Reading) -> dict[int, int]:
        """Return how often the patterns stand in each sentence that may have one, by its number.

        None is counted within another.
        """
        somewhere = 0
        for each in self._likely(reading.keys, reading.line):
            somewhere |= self._where(each, reading)
        found = {}
        for at, line in enumerate(reading.lines) if somewhere else ():
            if somewhere >> at & 1:
                found[at] = len(self.pattern.findall(line))
        return found

    @staticmethod
    def _where(alternative: _Alternative, reading: Reading) -> int:
        """Return the sentences that have a word of the rarest needs, as a number with a bit for each."""
        where, places = reading.everywhere, reading.places
        for need in alternative.needs[:MOST_PLACED]:
            has = 0
            for key in need & reading.keys:
                has |= places[key]
            where &= has
        return where

    def _likely(self, keys: frozenset[str], line: str) -> list[_Alternative]:
        """Return the patterns that a line with these keys may have."""
        likely = [*self._always]
        if self._foreign and not line.isascii():
            likely += self._foreign
        for key in self._keys & keys:
            for each in self._by_key[key]:
                if each not in likely and each.fits(keys):
                    likely.append(each)
        return likely


def _at_word(source: str) -> str:
    """Return a pattern with the sign before its first word.

    With a set of signs at its front the engine runs through a line several times as fast as with a boundary.
    """
    source = source.removeprefix(r"\b")
    return source if source.startswith(("\\|", "#")) or beyond_ascii(source) else rf"\W{source}"


_WHOLE = re.compile(r"(?P<before>(?:\\b)?)\(\?:(?P<inner>.*)\)(?P<after>(?:\\b)?)", re.DOTALL)


def split_alternatives(source: str) -> list[str]:
    """Return the alternatives of a pattern, those of `\\b(?:one|other)\\b` with their boundaries."""
    whole = _WHOLE.fullmatch(source)
    if whole is None or min(depth for _, depth in _depths(whole["inner"])) < 0:
        return _outer(source)
    return [f"{whole['before']}{part}{whole['after']}" for part in _outer(whole["inner"])]


def _outer(source: str) -> list[str]:
    """Return what stands between the bars outside all brackets."""
    bars = [at for at, depth in _depths(source) if source[at] == "|" and not depth]
    return [source[start + 1 : end] for start, end in pairwise([-1, *bars, len(source)])]


def _depths(source: str) -> Iterator[tuple[int, int]]:
    """Give the place of each sign that is neither escaped nor in a set, and how many brackets are open."""
    depth = 0
    for found in _TOKEN.finditer(source):
        if found[0] in "()":
            depth += 1 if found[0] == "(" else -1
        if len(found[0]) == 1:
            yield found.start(), depth


_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


# The words of ordinary messages: a group with few of them says most about a sentence.
_COMMON = frozenset(
    word[:KEY_CHARS]
    for word in word_set(
        """
        a an and any are as at be by can could did do does for from get give have how i if in is it like me
        my need no not of on one or our please so some that the there this to up us want was we what when
        where which who why will with would you your help know time account card der die das ein eine ich
        sie mir mein mich wie bitte und ist kann le la les de des un une je vous mon ma est comment pour que
        el los mi me con por como es no
        """
    )
)


def _commonness(need: frozenset[str]) -> int:
    return 20 * len(need & _COMMON) + len(need)
