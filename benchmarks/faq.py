"""Measures the FAQ matcher, and what else one could take, on public question sets.

    python -m benchmarks.faq --data DIR [--quick] [--json FILE]

docs/benchmarks.md says where the question sets come from, how the peers are installed, and what each
figure means. Nothing is fetched from the network and nothing is written but the files that are named.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import faq_floors, faq_machine, faq_peers, faq_quality, faq_report, faq_sampling, faq_sizes
from benchmarks.faq_quality import LEXICAL, SEMANTIC, Plan
from benchmarks.faq_sets import SetMissing, available, read
from benchmarks.faq_vectors import Remembered

KS = (1, 3, 5, 10, faq_sampling.FULL)
SEEDS = (1, 2, 3, 4, 5)
SIZES = (1_000, 10_000, 100_000)
BOOTSTRAP = 200
QUICK: dict[str, Any] = {"k": [5, 10], "seeds": [1, 2], "sizes": [1_000, 10_000], "most_asked": 800}
EMBEDDED_AT_ONCE = 5_000
SAMPLED = 1_000  # phrasings, for the time that one takes to embed


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables and write the JSON."""
    options = parse(arguments)
    names = options.sets or available(options.data)
    try:
        sets = read(options.data, names or ("banking77", "clinc150"))
    except SetMissing as error:
        sys.exit(str(error))
    began, machine = time.perf_counter(), faq_machine.describe()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.cache or Path(scratch)
        embedder, why = (None, "switched off") if options.lexical else load(folder)
        plan = Plan(sets, options.k, options.seeds, options.most_asked, BOOTSTRAP, options.peers)
        measured = list(faq_quality.measure(plan, embedder))
        sizes = list(faq_sizes.measure(jobs(plan, options.sizes, embedder, folder, Path(scratch))))
        spent = embedder.batch_ms(SAMPLED) if embedder else None
    results = faq_floors.Results(measured, sizes, spent)
    absent = not_measured(embedder, why, options.peers)
    print(faq_report.whole(results, faq_floors.judge(results), absent, machine))
    if options.json:
        about = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "took_s": round(time.perf_counter() - began),
            "machine": machine,
            "load_average_after": faq_machine.describe()["load_average"],
            "sets": {each.name: {"official_test_part": each.official} for each in sets},
            "embedder": embedder.id if embedder else None,
            "not_measured": absent,
        }
        write(options, about, results)


def write(options: argparse.Namespace, about: Mapping[str, Any], results: faq_floors.Results) -> None:
    """Write all figures and what they were measured with."""
    names = ("k", "seeds", "sizes", "most_asked", "quick")
    settings = {name: getattr(options, name) for name in names}
    record = {
        **about,
        "settings": settings | {"typo_share": faq_sampling.TYPO_SHARE, "bootstrap_rounds": BOOTSTRAP},
        "embedding_ms": results.embedding_ms,
        "quality": [asdict(each) for each in results.measured],
        "sizes": list(results.sizes),
        "must_show": [asdict(each) for each in faq_floors.judge(results)],
    }
    options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, those of --quick filled in where none are given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faq", description="Measure the FAQ matcher.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the question sets lie")
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="default: all that DIR has")
    parser.add_argument("--k", nargs="+", type=phrasings, help="phrasings an entry; default: 1 3 5 10 full")
    parser.add_argument("--seeds", nargs="+", type=int, help="default: 1 2 3 4 5")
    parser.add_argument("--sizes", nargs="*", type=int, help="phrasings; default: 1000 10000 100000")
    parser.add_argument("--most-asked", type=int, help="questions a round; default: 3000")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="the matcher alone")
    parser.add_argument("--lexical", action="store_true", help="without the semantic half")
    parser.add_argument("--quick", action="store_true", help="k 5 and 10, two seeds, up to 10,000 phrasings")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep sentence vectors for the next run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    options = parser.parse_args(arguments)
    defaults: dict[str, Any] = {
        "k": list(KS), "seeds": list(SEEDS), "sizes": list(SIZES), "most_asked": faq_sampling.MOST_ASKED,
    }  # fmt: skip
    for name, value in (defaults | QUICK if options.quick else defaults).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def phrasings(text: str) -> int:
    """Return a number of phrasings an entry; "full" takes all."""
    if text == "full":
        return faq_sampling.FULL
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is neither a number above 0 nor full")
    return int(text)


def load(folder: Path) -> tuple[Remembered | None, str]:
    """Return the embedder with its memory from `folder`, or None and the sentence that says why."""
    from faq.embedder import EmbedderMissing, load_embedder

    try:
        return Remembered(load_embedder(), folder), ""
    except EmbedderMissing as error:
        print(f"Measured without the semantic half: {error}", file=sys.stderr)
        return None, str(error)


def jobs(
    plan: Plan, sizes: Sequence[int], embedder: Remembered | None, folder: Path, scratch: Path
) -> list[faq_sizes.Job]:
    """Return what is measured at each size, and embed all that has to be."""
    lexical = {LEXICAL, *(peer.name for peer in faq_peers.peers(None))}
    methods: list[tuple[str, tuple[str, ...]]] = [(LEXICAL, faq_sizes.SHAPES)]
    if embedder is not None:
        methods.append((SEMANTIC, faq_sizes.SHAPES))
    if plan.peers:
        found = (peer for peer in faq_peers.peers(embedder) if not faq_peers.missing(peer))
        methods += [(peer.name, (faq_sizes.MANY,)) for peer in found]
    made = []
    for size in sizes:
        paths = faq_sizes.prepare(plan.sets, size, scratch)
        for method, shapes in methods:
            vectors = "" if method in lexical else str(folder)
            made += [faq_sizes.Job(method, size, shape, str(paths[shape]), vectors) for shape in shapes]
    if embedder is not None:
        texts = [text for text, _ in faq_sizes.phrasings(plan.sets, max(sizes, default=0))]
        for start in range(0, len(texts), EMBEDDED_AT_ONCE):
            embedder.embed(texts[start : start + EMBEDDED_AT_ONCE])
        embedder.save(folder)
    return made


def not_measured(embedder: Remembered | None, why: str, peers: bool) -> Mapping[str, str]:
    """Return each method that has no figures, and what it lacks."""
    absent = {SEMANTIC: why} if embedder is None else {}
    if peers:
        absent |= {peer.name: lack for peer in faq_peers.peers(None) if (lack := faq_peers.missing(peer))}
        if embedder is None:
            absent |= dict.fromkeys(("semantic-router's rule", "MiniLM nearest"), "needs the semantic half")
    return absent


if __name__ == "__main__":
    main()
