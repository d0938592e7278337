"""How well questions are grouped into flows: purity and mutual information against public sets' intents.

    python -m benchmarks.faq_flows --data FOLDER [--sets banking77 clinc150] [--json]

`purity` is the share of questions whose flow belongs mostly to their own intent, `nmi` the normalised mutual
information of flows and intents, `in_large` the share of questions in flows of at least LARGE. The flows know
nothing of the intents. docs/benchmarks.md holds the figures.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import faq_sets
from faq import flowing
from faq.embedder import EmbedderMissing, load_embedder

LARGE = 5
BY_MEANING = (0.50, 0.55, 0.60, 0.65, 0.70)
IN_WORDS = (0.30, 0.40, 0.50, 0.60)


@dataclass(frozen=True)
class Result:
    """What one threshold makes of one set. `seconds` are those of the grouping alone."""

    name: str
    by: str
    like: float
    questions: int
    intents: int
    flows: int
    large: int
    in_large: float
    purity: float
    nmi: float
    seconds: float


def judge(flows: Sequence[Sequence[int]], labels: Sequence[str]) -> tuple[float, float]:
    """Return purity and normalised mutual information of flows against labels."""
    names = {label: place for place, label in enumerate(sorted(set(labels)))}
    table = np.zeros((len(flows), len(names)))
    for row, members in enumerate(flows):
        for place in members:
            table[row, names[labels[place]]] += 1
    joint = table / table.sum()
    by_flow, by_label = joint.sum(axis=1), joint.sum(axis=0)
    expected = np.outer(by_flow, by_label)
    there = joint > 0
    shared = float((joint[there] * np.log(joint[there] / expected[there])).sum())
    entropies = _entropy(by_flow) + _entropy(by_label)
    return float(table.max(axis=1).sum() / table.sum()), 2 * shared / entropies if entropies else 1.0


def _entropy(shares: NDArray[np.float64]) -> float:
    return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())


def measure(questions: faq_sets.QuestionSet) -> Iterator[Result]:
    """Yield the result of each threshold, by meaning where there is a sentence model and by words."""
    label_of = dict([*questions.phrasings, *questions.asked])
    texts = list(label_of)
    texts = [texts[place] for place in flowing.ordered(texts, [1] * len(texts))]
    labels = [label_of[text] for text in texts]
    try:
        vectors = load_embedder().embed(texts)
    except EmbedderMissing:
        vectors = None
    for by, rows, likes in (
        ("meaning", vectors, BY_MEANING),
        ("words", flowing.word_vectors(texts), IN_WORDS),
    ):
        for like in likes if rows is not None else ():
            assert rows is not None
            start = time.perf_counter()
            flows = flowing.group(rows, [1] * len(texts), like)
            took = time.perf_counter() - start
            yield _result(questions.name, by, like, flows, labels, took)


def _result(
    name: str, by: str, like: float, flows: Sequence[Sequence[int]], labels: Sequence[str], took: float
) -> Result:
    large = [len(each) for each in flows if len(each) >= LARGE]
    purity, nmi = judge(flows, labels)
    total = len(labels)
    return Result(
        name, by, like, total, len(set(labels)), len(flows), len(large), sum(large) / total, purity, nmi, took
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="How well questions are grouped into flows.")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the question sets")
    parser.add_argument("--sets", nargs="+", default=["banking77", "clinc150"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [each for questions in faq_sets.read(options.data, options.sets) for each in measure(questions)]
    if options.json:
        print(json.dumps([asdict(each) for each in found], indent=1))
        return
    print("set         by       like  questions  intents  flows  large  in large  purity   nmi  seconds")
    for each in found:
        print(
            f"{each.name:11} {each.by:8} {each.like:.2f}  {each.questions:9}  {each.intents:7}"
            f"  {each.flows:5}  {each.large:5}  {each.in_large:8.2f}  {each.purity:6.3f}"
            f"  {each.nmi:.3f}  {each.seconds:7.1f}"
        )


if __name__ == "__main__":
    main()
