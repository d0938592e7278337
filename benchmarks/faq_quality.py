"""How well the matcher and its peers answer the questions of the sets, over k and seeds."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import faq_peers
from benchmarks.faq_asking import Ranking, answers, matcher_answers
from benchmarks.faq_metrics import (
    NO_ANSWER,
    Answers,
    auroc,
    auroc_scope,
    bootstrap,
    calibration_error,
    carried_over,
    coverage,
    given_at,
    mrr,
    top1,
)
from benchmarks.faq_sampling import FULL, Round, draw, misspelt
from benchmarks.faq_sets import Pairs, QuestionSet
from benchmarks.faq_vectors import Remembered

PRECISIONS = (95, 98)  # per cent
LEXICAL, SEMANTIC = "lexical alone", "with MiniLM"

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Plan:
    """What is measured: of each set every k with every seed."""

    sets: Sequence[QuestionSet]
    ks: Sequence[int]
    seeds: Sequence[int]
    most_asked: int
    bootstrap_rounds: int
    peers: bool = True


@dataclass(frozen=True)
class Measured:
    """The figures of one method in one round. `confidence` says what served as confidence."""

    questions: str
    k: int
    seed: int
    method: str
    confidence: str
    figures: Figures
    intervals: dict[str, tuple[float, float]]


def measure(plan: Plan, embedder: Remembered | None) -> Iterator[Measured]:
    """Give the figures of every method, round by round; says on stderr how far it is."""
    for questions in plan.sets:
        for k in plan.ks:
            # All phrasings are the same ones for every seed, and so are the questions if all are asked.
            for seed in plan.seeds if k != FULL else plan.seeds[:1]:
                start = time.perf_counter()
                this = draw(questions, k, seed, plan.most_asked)
                yield from _round(plan, questions.name, k, seed, this, embedder)
                name = "full" if k == FULL else k
                took = time.perf_counter() - start
                print(f"{questions.name} k={name} seed {seed}: {took:.0f} s", file=sys.stderr, flush=True)


def _round(
    plan: Plan, name: str, k: int, seed: int, this: Round, embedder: Remembered | None
) -> Iterator[Measured]:
    typos = misspelt(this.asked, seed)
    if embedder is not None:  # in one batch, which takes half the time of one by one
        embedder.embed([text for text, _ in (*this.asked, *typos)])

    def measured(method: str, confidence: str, figures: Figures, judged: Answers) -> Measured:
        wide = _intervals(judged, seed, plan.bootstrap_rounds)
        return Measured(name, k, seed, method, confidence, figures, wide)

    for method, half in ((LEXICAL, None), (SEMANTIC, embedder)):
        if method == LEXICAL or half is not None:
            figures, judged = _own(this, typos, half, seed)
            yield measured(method, "its own", figures, judged)
    for peer in faq_peers.peers(embedder) if plan.peers else ():
        if not faq_peers.missing(peer):
            confidence, figures, judged = _peer(peer.build(this.entries), this.asked, typos, seed)
            yield measured(peer.name, confidence, figures, judged)


def _own(this: Round, typos: Pairs, embedder: Remembered | None, seed: int) -> tuple[Figures, Answers]:
    """Return the figures of the product's matcher, at its own threshold too."""
    from faq.matcher import ANSWER_THRESHOLD, Matcher

    matcher = Matcher.build(this.entries, embedder)
    judged = matcher_answers(matcher, this.asked)
    slipped = matcher_answers(matcher, typos)
    given, given_slipped = given_at(judged, ANSWER_THRESHOLD), given_at(slipped, ANSWER_THRESHOLD)
    return {
        **_figures(judged, slipped, seed),
        "calibration_error": calibration_error(judged),
        "threshold": ANSWER_THRESHOLD,
        "answered": given.answered,
        "answered_inside_right": given.inside_right,
        "precision": given.precision,
        "typos_answered": given_slipped.answered,
        "typos_precision": given_slipped.precision,
    }, judged


def _peer(
    rank: Callable[[str], Ranking], asked: Pairs, typos: Pairs, seed: int
) -> tuple[str, Figures, Answers]:
    """Return a peer's figures with its best confidence: its score, or the margin to the next entry.

    The better one is the one that covers more at 95 % precision, of equals the one with more AUROC.
    """
    rankings = {text: rank(text) for text, _ in asked}
    raw = answers(rankings.__getitem__, asked)
    margins = [_margin(rankings[text]) for text, _ in asked]
    both = {"score": raw, "margin": replace(raw, confidence=np.asarray(margins, dtype=np.float64))}
    name = max(both, key=lambda each: (coverage(both[each], 0.95).answered, auroc(both[each])))
    return name, _figures(both[name], answers(rank, typos), seed), both[name]


def _margin(ranking: Ranking) -> float:
    """Return by how much the best entry leads; its score where it is alone."""
    if not ranking:
        return NO_ANSWER
    return ranking[0][1] - (ranking[1][1] if len(ranking) > 1 else 0.0)


def _figures(judged: Answers, slipped: Answers, seed: int) -> Figures:
    figures: Figures = {
        "asked": len(judged),
        "outside": int((~judged.inside).sum()),
        "top1": top1(judged),
        "mrr10": mrr(judged),
        "auroc": auroc(judged),
        "auroc_scope": auroc_scope(judged),
        "typos_top1": top1(slipped),
    }
    for percent in PRECISIONS:
        best, carried = coverage(judged, percent / 100), carried_over(judged, percent / 100, seed)
        figures |= {
            f"coverage_{percent}": best.answered,
            f"inside_right_{percent}": best.inside_right,
            f"carried_{percent}": carried.answered,
            f"carried_precision_{percent}": carried.precision,
        }
    return {name: None if value is None or np.isnan(value) else value for name, value in figures.items()}


def _intervals(judged: Answers, seed: int, rounds: int) -> dict[str, tuple[float, float]]:
    if not rounds:
        return {}
    return {
        "top1": bootstrap(judged, top1, seed, rounds),
        "coverage_95": bootstrap(judged, lambda some: coverage(some, 0.95).answered, seed, rounds),
    }


def median(measured: Sequence[Measured], figure: str) -> float | None:
    """Return the median of a figure over seeds; None where no round has it."""
    values = _values(measured, figure)
    return float(np.median(values)) if values else None


def spread(measured: Sequence[Measured], figure: str) -> float | None:
    """Return highest minus lowest of a figure over seeds; None where no round has it."""
    values = _values(measured, figure)
    return max(values) - min(values) if values else None


def _values(measured: Sequence[Measured], figure: str) -> list[float]:
    found = (each.figures.get(figure) for each in measured)
    return [value for value in found if value is not None]
