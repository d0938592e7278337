"""Why the best candidate is as sure as it is: each feature, and what it added to the confidence.

The confidence is a logistic regression: a start and, for each feature, its value times its weight, added
up on the scale of log odds. Below, what adds stands to the right of the middle, what takes away to the left.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from faq import calibrating, index
from faq.calibration_state import name_of
from faq.found import SHADOW, FaqMatch, doubted
from faq.matcher import Candidate
from faq.matching.calibration import Calibration
from faq.matching.features import in_words
from faq.matching.shipped import SHIPPED

MIDDLE = 50.0  # of a bar's width of 100
SHOWN = 10  # contributions; the others add little and are unfolded by who wants to know
SHIPPED_ID = SHIPPED.id


@dataclass(frozen=True)
class Contribution:
    """A feature in plain words; `adds` is its value times its weight, in log odds.

    `bar_from` and `bar_width` lie in 0 .. 100, the middle at 50.
    """

    label: str
    value: float
    weight: float
    adds: float
    bar_from: float
    bar_width: float

    @property
    def speaks_for(self) -> bool:
        return self.adds >= 0


@dataclass(frozen=True)
class Mark:
    """A threshold on the scale of confidence; `at` is in per cent."""

    at: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Evidence:
    """Everything the confidence of the best candidate was made of."""

    exact: bool
    confidence: float
    verdict: str
    states: tuple[str, ...]
    marks: tuple[Mark, ...]
    held_back: str
    negative: str
    start: float
    contributions: tuple[Contribution, ...]
    logit: float
    before_guards: float

    @property
    def percent(self) -> float:
        return 100 * self.confidence

    @property
    def most(self) -> tuple[Contribution, ...]:
        return self.contributions[:SHOWN]

    @property
    def others(self) -> tuple[Contribution, ...]:
        return self.contributions[SHOWN:]

    @property
    def rest(self) -> float:
        """Return what the others add together."""
        return sum(row.adds for row in self.others)

    @property
    def capped(self) -> bool:
        """Return whether the guards have taken confidence away."""
        return bool(self.held_back) and self.confidence < self.before_guards


def evidence_of(match: FaqMatch) -> Evidence | None:
    """Return the evidence behind a match, None when nothing was near. One query, for the calibrations."""
    best = match.best
    if best is None:
        return None
    semantic = index.current().matcher.semantic
    held = {each.id: each for each in calibrating.calibrations(semantic).values()}
    calibration = held.get(match.calibration)
    weights = calibration.weights(semantic) if calibration else None
    rows = _contributions(best.features, weights.of) if weights and not best.exact else ()
    return Evidence(
        exact=best.exact,
        confidence=best.confidence,
        verdict=_verdict(match),
        states=_states(match, calibration),
        marks=_marks(match),
        held_back=_held_back(match, best),
        negative=_negative(best),
        start=weights.bias if weights else 0.0,
        contributions=rows,
        logit=weights.logit(best.features) if weights else 0.0,
        before_guards=weights.probability(best.features) if weights else best.confidence,
    )


def _contributions(features: Mapping[str, float], weights: Mapping[str, float]) -> tuple[Contribution, ...]:
    """Return what each feature added, what weighs most first."""
    adds = {name: weight * features.get(name, 0.0) for name, weight in weights.items()}
    longest = max((abs(value) for value in adds.values()), default=0.0) or 1.0
    rows = []
    for name in sorted(adds, key=lambda each: -abs(adds[each])):
        width = MIDDLE * abs(adds[name]) / longest
        rows.append(
            Contribution(
                label=in_words(name),
                value=features.get(name, 0.0),
                weight=weights[name],
                adds=adds[name],
                bar_from=MIDDLE if adds[name] >= 0 else MIDDLE - width,
                bar_width=width,
            )
        )
    return tuple(rows)


def _held_back(match: FaqMatch, best: Candidate) -> str:
    """Return what keeps the best candidate from being shown, however sure the matcher is of it."""
    return best.disputed or doubted(best, match.calibration)


def _verdict(match: FaqMatch) -> str:
    if match.would_answer:
        return "sure enough to be the answer"
    if match.best is not None and match.best.confidence >= match.suggest_threshold:
        return "sure enough to be offered as “did you mean”"
    return "not sure enough to be shown"


def _states(match: FaqMatch, calibration: Calibration | None) -> tuple[str, ...]:
    """Return language, calibration and mode, a sentence each."""
    language = name_of(calibrating.main_language(match.language))
    if match.exact_only:
        told = f"The entry is in {language}, which has no own calibration: only exact hits are answered."
    elif calibration is None:
        told = f"The entry is in {language}. Its calibration was switched a moment ago: try again."
    elif calibration.id == SHIPPED_ID:
        told = f"The entry is in {language}, judged with the shipped coefficients."
    else:
        told = f"The entry is in {language}, judged with the desk's own calibration {calibration.id}."
    if match.mode == SHADOW:
        return (told, "Shadow mode: the FAQ only watches, so a visitor does not get this answer.")
    return (told,)


def _marks(match: FaqMatch) -> tuple[Mark, ...]:
    """Return both thresholds on the scale, their words turned inwards at its ends."""
    wanted = ((match.suggest_threshold, "offered from"), (match.threshold, "answered from"))
    return tuple(
        Mark(100 * at, f"{words} {at:.2f}", "start" if at < 0.25 else "end" if at > 0.75 else "middle")
        for at, words in wanted
    )


def _negative(best: Candidate) -> str:
    """Return the nearest question that must not be answered, "" when none was near."""
    return best.negative
