"""What a transfer case asks of an answer, and whether one answer gives it. Pure.

Phrases are looked for as staff read them: case, line breaks, curly quotes and Markdown's marks do not count.
A line between slashes is a pattern of `routing.patterns`, matched against the text as it came.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from routing.patterns import BadPattern, compiled

Kind = Literal["answer", "leak", "route", "say", "not_say", "grounded", "first_text", "judge"]

MOST_LINES = 20  # phrases of one case
LONGEST_LINE = 200
NO_NAMES: Mapping[str, str] = {}

_MARKS = re.compile(r"[*_`#>]+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "\u00a0": " "})
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class CaseTurn:
    """An earlier message and its answer."""

    visitor: str
    assistant: str


@dataclass(frozen=True)
class CaseSpec:
    """A case as a run keeps it."""

    id: int
    title: str
    question: str
    turns: tuple[CaseTurn, ...] = ()
    plan: str = ""
    language: str = ""
    must_say: tuple[str, ...] = ()
    must_not_say: tuple[str, ...] = ()
    must_route: str = ""
    must_be_grounded: bool = False
    least_support: float = 0.5
    max_first_text_ms: int | None = None
    judge_question: str = ""
    routes: tuple[str, ...] = ()

    @property
    def of_routes(self) -> tuple[str, ...]:
        """Return the routes whose models are tested with it."""
        return self.routes or ((self.must_route,) if self.must_route else ())

    @property
    def asks_for_text(self) -> bool:
        """Return whether declining to answer would fail the case."""
        return bool(self.must_say or self.must_be_grounded or self.judge_question)


def case_of(stored: dict[str, Any]) -> CaseSpec:
    """Return the case that `asdict` has made plain."""
    fields = dict(stored)
    fields["turns"] = tuple(CaseTurn(**turn) for turn in stored["turns"])
    for name in ("must_say", "must_not_say", "routes"):
        fields[name] = tuple(stored[name])
    return CaseSpec(**fields)


@dataclass(frozen=True)
class Judged:
    """What a judge said of an answer; `yes` is None when it could not be judged, and `why` says why."""

    yes: bool | None
    why: str


@dataclass(frozen=True)
class Given:
    """One answer: how it ended, what it says, and where it comes from.

    `state` is that of a reply. `approved` is staff's own text, which needs no passage to stand in.
    """

    state: str
    text: str
    route: str
    approved: bool = False
    support: float | None = None
    first_text_ms: int | None = None
    leaked: bool = False
    judged: Judged | None = None
    detail: str = ""


@dataclass(frozen=True)
class Check:
    """One thing that was asked of the answer, whether it held, and both in words."""

    kind: Kind
    passed: bool
    words: str


def lines_of(text: str) -> tuple[str, ...]:
    """Return the phrases of a field, one a line, without blank lines."""
    return tuple(line for line in (raw.strip() for raw in text.splitlines()) if line)


def flaws_of(text: str) -> list[str]:
    """Return in words what is wrong with the phrases of a field."""
    lines = lines_of(text)
    found = [f"More than {MOST_LINES} lines: make a second case of it."] if len(lines) > MOST_LINES else []
    for line in lines:
        pattern = pattern_of(line)
        if pattern is not None:
            try:
                compiled(pattern)
            except BadPattern as error:
                found.append(f"{line}: {error}.")
        elif len(line) > LONGEST_LINE:
            found.append(f"“{line[:40]}…” is longer than {LONGEST_LINE} characters.")
        elif not plain(line):
            found.append(f"“{line}” holds nothing to look for.")
    return found


def pattern_of(line: str) -> str | None:
    """Return the pattern of a line between slashes, None of a phrase."""
    return line[1:-1] if len(line) > 2 and line.startswith("/") and line.endswith("/") else None


def plain(text: str) -> str:
    """Return a text as phrases are compared."""
    return " ".join(_MARKS.sub("", text.translate(_QUOTES)).casefold().split())


def says(text: str, line: str) -> bool:
    """Return whether an answer holds a phrase or matches a pattern that can be used."""
    pattern = pattern_of(line)
    if pattern is None:
        return plain(line) in plain(text)
    try:
        return compiled(pattern).search(text) is not None
    except BadPattern:
        return False


def checks(case: CaseSpec, given: Given, names: Mapping[str, str] = NO_NAMES) -> tuple[Check, ...]:
    """Return every check of the case with its outcome, in the order of the form; an answer comes first.

    `names` are what staff call the routes.
    """
    return tuple(_checks(case, given, names))


def passed(found: Sequence[Check]) -> bool:
    """Return whether all checks held."""
    return all(check.passed for check in found)


def _checks(case: CaseSpec, given: Given, names: Mapping[str, str]) -> Iterator[Check]:
    yield _answered(case, given)
    if given.leaked:
        yield Check("leak", False, "Gave its own instructions away.")
    if case.must_route:
        right = given.route == case.must_route
        wanted, took = (names.get(slug, slug) for slug in (case.must_route, given.route))
        yield Check("route", right, f"Takes the route {wanted}{'' if right else f'; it took {took}'}.")
    for line in case.must_say:
        said = says(given.text, line)
        yield Check("say", said, f"{'Says' if said else 'Does not say'} {_quoted(line)}.")
    for line in case.must_not_say:
        yield _not_said(given.text, line)
    if case.must_be_grounded:
        yield _grounded(case, given)
    if case.max_first_text_ms is not None:
        yield _in_time(case.max_first_text_ms, given.first_text_ms)
    if case.judge_question:
        yield _judged(case.judge_question, given.judged)


def _answered(case: CaseSpec, given: Given) -> Check:
    why = f": {given.detail}" if given.detail else ""
    if given.state == "completed":
        return Check("answer", True, "Answered to its end.")
    if given.state == "refused":
        return Check("answer", not case.asks_for_text, f"Declined to answer{why}.")
    if given.state == "truncated":
        return Check("answer", False, f"Was cut off{why}.")
    return Check("answer", False, f"Gave no answer{why}.")


def _quoted(line: str) -> str:
    pattern = pattern_of(line)
    return f"“{line}”" if pattern is None else f"what matches {line}"


def _not_said(text: str, line: str) -> Check:
    pattern = pattern_of(line)
    if pattern is not None:
        try:
            compiled(pattern)
        except BadPattern as error:  # nobody knows then, so it does not pass
            return Check("not_say", False, f"{line} cannot be looked for: {error}.")
    said = says(text, line)
    return Check("not_say", not said, f"{'Says' if said else 'Does not say'} {_quoted(line)}.")


def _grounded(case: CaseSpec, given: Given) -> Check:
    if given.approved:
        return Check("grounded", True, "Is an approved answer, its own source.")
    if given.support is None:
        return Check("grounded", False, "Nothing of it could be held against the passages.")
    share = f"{given.support:.0%} of it stands in its passages; {case.least_support:.0%} has to."
    return Check("grounded", given.support >= case.least_support, share)


def _in_time(limit: int, first_text_ms: int | None) -> Check:
    if first_text_ms is None:
        return Check("first_text", False, f"No text; it had to begin within {limit:,} ms.")
    within = first_text_ms <= limit
    words = f"First text after {first_text_ms:,} ms; it had to come within {limit:,} ms."
    return Check("first_text", within, words)


def _judged(question: str, judged: Judged | None) -> Check:
    if judged is None:
        return Check("judge", False, f"{question} Could not be judged: no judge was chosen for this run.")
    if judged.yes is None:
        return Check("judge", False, f"{question} Could not be judged: {judged.why}")
    return Check("judge", judged.yes, f"{question} {'Yes' if judged.yes else 'No'}: {judged.why}")


# ---- repeatability ---------------------------------------------------------------------------------


def agreement(texts: Sequence[str]) -> float | None:
    """Return how alike answers are, in [0, 1]: the mean over all pairs of the words that they share.

    By words, not by meaning: the Dice coefficient of the two bags of words (Dice 1945). None for fewer than
    two answers with text.
    """
    bags = [Counter(_WORD.findall(text.casefold())) for text in texts if text.strip()]
    pairs = list(combinations(bags, 2))
    if not pairs:
        return None
    return sum(_dice(one, other) for one, other in pairs) / len(pairs)


def _dice(one: Counter[str], other: Counter[str]) -> float:
    words = one.total() + other.total()
    return 2 * (one & other).total() / words if words else 1.0
