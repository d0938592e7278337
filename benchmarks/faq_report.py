"""The benchmark's tables, in Markdown, so that they can be read here and pasted into a page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from benchmarks.faq_floors import HALVES, Results, Verdict
from benchmarks.faq_quality import Measured, median, spread
from benchmarks.faq_sampling import FULL

QUALITY = {
    "top1": "top-1",
    "mrr10": "MRR@10",
    "auroc": "AUROC right",
    "auroc_scope": "AUROC scope",
    "coverage_95": "cov. 95",
    "carried_95": "carried 95",
    "carried_precision_95": "precision",
    "coverage_98": "cov. 98",
    "carried_98": "carried 98",
    "carried_precision_98": "precision",
    "typos_top1": "typos top-1",
    "answered": "own threshold",
    "precision": "real precision",
    "calibration_error": "ECE",
}
SIZES = {
    "build_s": "build s",
    "memory_mb": "memory MB",
    "peak_mb": "peak MB",
    "embedder_mb": "embedder MB",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "loop_worst_ms": "loop worst ms",
    "loop_p99_ms": "loop p99 ms",
    "loop_idle_ms": "loop idle ms",
}
LEGEND = (
    "Per cent; the median over the seeds, and after it half the distance from lowest to highest. "
    "docs/benchmarks.md says what each figure means."
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    return "\n".join([padded[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *padded[1:]])


def quality(measured: Sequence[Measured], absent: Mapping[str, str]) -> Iterator[str]:
    """Give the table of each set; `absent` methods are named with what they lack."""
    for name, of_set in groupby(measured, key=lambda each: each.questions):
        rows = []
        for k, of_k in groupby(sorted(of_set, key=lambda each: each.k or 10**9), key=lambda each: each.k):
            rounds = list(of_k)
            rows += [
                _row(k, method, [each for each in rounds if each.method == method])
                for method in dict.fromkeys(each.method for each in rounds)
            ]
        rows += [["", method, why] + [""] * len(QUALITY) for method, why in absent.items()]
        asked = next(each.figures for each in measured if each.questions == name)
        title = f"## {name}: {asked['asked']:,} questions, {asked['outside']:,} of them outside the scope"
        yield (f"{title}\n\n" + table(["k", "method", "confidence", *QUALITY.values()], rows))


def _row(k: int, method: str, rounds: Sequence[Measured]) -> list[str]:
    confidence = " or ".join(dict.fromkeys(each.confidence for each in rounds))
    cells = [_percent(median(rounds, figure), spread(rounds, figure), len(rounds)) for figure in QUALITY]
    return ["full" if k == FULL else str(k), method, confidence, *cells]


def _percent(value: float | None, wide: float | None, rounds: int) -> str:
    if value is None:
        return ""
    return f"{value:.1%}"[:-1] + (f" ±{(wide or 0) * 50:.1f}" if rounds > 1 else "")


def sizes(rows: Sequence[Mapping[str, Any]], absent: Mapping[str, str]) -> str:
    """Return the table of times and memory."""
    lines = []
    for row in rows:
        start = [f"{row['size']:,}", row["shape"], row["method"]]
        if "error" in row:
            lines.append([*start, row["error"]] + [""] * (len(SIZES) - 1))
        else:
            lines.append([*start, *(_plain(row.get(figure)) for figure in SIZES)])
    lines += [["", "", method, why] + [""] * (len(SIZES) - 1) for method, why in absent.items()]
    return table(["phrasings", "entries", "method", *SIZES.values()], lines)


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"


def floors(verdicts: Sequence[Verdict]) -> str:
    """Return the table of what must be shown: floor, measured, met or not, for both halves."""
    rows = []
    for label, each in groupby(verdicts, key=lambda verdict: verdict.label):
        halves = list(each)
        cells = [cell for verdict in halves for cell in _verdict(verdict)]
        rows.append([label, *cells, halves[0].peer, halves[0].peer_here])
    head = [cell for half in HALVES for cell in (f"{half}: floor", "measured", "")]
    return table(["what it must show", *head, "best peer in the plan", "best peer here"], rows)


def _verdict(verdict: Verdict) -> tuple[str, str, str]:
    return (
        f"{'<=' if verdict.at_most else '>='} {verdict.floor:g}",
        "" if verdict.measured is None else f"{verdict.measured:.1f}",
        {True: "met", False: "NOT MET", None: "not measured"}[verdict.met],
    )


def whole(
    results: Results, verdicts: Sequence[Verdict], absent: Mapping[str, str], machine: Mapping[str, Any]
) -> str:
    """Return the report."""
    loads = "/".join(str(load) for load in machine["load_average"])
    parts = [
        f"{machine['processor']}, {machine['cores']} cores, load {loads}, "
        f"commit {machine['commit'] or 'unknown'}",
        *quality(results.measured, absent),
        LEGEND,
    ]
    if results.sizes:
        parts += ["## Time and memory", sizes(results.sizes, absent)]
    if results.embedding_ms is not None:
        parts.append(f"A phrasing's sentence vector takes {results.embedding_ms:.1f} ms, many at a time.")
    return "\n\n".join([*parts, "## What it must show", floors(verdicts)])
