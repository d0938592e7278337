"""The matcher's benchmark as a command, its peers, its sizes and its floors."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import faq, faq_peers
from benchmarks.faq_floors import Results, judge
from benchmarks.faq_quality import LEXICAL, SEMANTIC, Measured
from benchmarks.faq_sampling import FULL
from benchmarks.faq_sets import QuestionSet
from benchmarks.faq_sizes import FEW, MANY, phrasings, shaped
from benchmarks.faq_vectors import Remembered, Vectors
from tests.environment import ROOT

PAIRS = [(f"{entry} {i}", entry) for entry in ("card", "loan") for i in range(40)]


def test_larger_indexes_are_filled_with_different_variants_in_two_shapes() -> None:
    sets = [QuestionSet("made", PAIRS, [])]
    small, large = phrasings(sets, 80), phrasings(sets, 400)
    assert large == phrasings(sets, 400) and large[:80] == small
    assert sorted(text for text, _ in small) == sorted(text for text, _ in PAIRS)
    assert len({text for text, _ in large}) == 400
    few, many = shaped(large, FEW), shaped(large, MANY)
    assert [entry for entry, _ in few] == ["made/card", "made/loan"]
    assert all(len(texts) <= 5 for _, texts in many) and 80 <= len(many) <= 82
    for entries in (few, many):
        assert sorted(text for _, texts in entries for text in texts) == sorted(text for text, _ in large)


class Directions:
    """Embeds "x y" as the unit vector in that direction, and counts what it is asked."""

    id, dim = "directions", 2
    vocabulary: Mapping[str, int] = {}

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        found = np.asarray([[float(part) for part in text.split()] for text in texts], dtype=np.float32)
        lengths: Vectors = np.linalg.norm(found, axis=1, keepdims=True).astype(np.float32)
        return found / lengths


ENTRIES = [("a", ["1 0", "0 1"]), ("b", ["1 1", "3 4", "4 3"])]


def test_the_rule_of_semantic_router_takes_the_mean_of_an_entrys_share_of_the_five_nearest() -> None:
    asked = "1 0"  # cosines: a 1 and 0; b 0.707, 0.6 and 0.8
    assert dict(faq_peers.nearest(ENTRIES, Directions())(asked)) == pytest.approx({"a": 1, "b": 0.8})
    means = faq_peers.router(ENTRIES, Directions())(asked)
    assert [entry for entry, _ in means] == ["b", "a"]
    assert dict(means) == pytest.approx({"a": 0.5, "b": (0.5**0.5 + 0.6 + 0.8) / 3})


def test_sqlite_ranks_the_entry_whose_phrasing_shares_the_rarer_words() -> None:
    rank = faq_peers.fts5([("card", ["where is my card", "my card is lost"]), ("loan", ["where is my loan"])])
    assert [entry for entry, _ in rank("Where are the LOANS?")] == ["loan", "card"]
    assert rank("?") == [] == rank("nothing here")


def test_a_peer_that_is_not_installed_is_named() -> None:
    peer = faq_peers.Peer("of the future", "not_on_this_earth", faq_peers.fts5)
    assert faq_peers.missing(peer) == "not installed (not_on_this_earth)"
    assert faq_peers.missing(faq_peers.Peer("SQLite FTS5", "sqlite3", faq_peers.fts5)) == ""


def test_no_text_is_embedded_twice_and_another_run_remembers_it(tmp_path: Path) -> None:
    inner = Directions()
    first = Remembered(inner, tmp_path)
    vectors = first.embed(["1 0", "3 4", "1 0"])
    assert vectors.tolist() == [[1, 0], pytest.approx([0.6, 0.8]), [1, 0]]
    first.embed(["3 4"])
    assert inner.seen == ["1 0", "3 4"]
    first.save(tmp_path)
    again = Directions()
    assert Remembered(again, tmp_path).embed(["3 4", "1 0"]).tolist() == vectors[[1, 0]].tolist()
    assert again.seen == []
    forgetful = Remembered(again, keep_new=False)
    forgetful.embed(["0 1"])
    forgetful.embed(["0 1"])
    assert again.seen == ["0 1", "0 1"]
    kept = Remembered(again, tmp_path, keep_new=False)
    kept.forget(["1 0"])
    assert kept.embed(["1 0", "3 4"]).tolist() == vectors[:2].tolist()
    assert again.seen[2:] == ["1 0"]
    partly = Remembered(again, tmp_path)
    partly.forget(["1 0"])
    partly.embed(["0 1"])
    partly.save(tmp_path)
    assert Remembered(Directions(), tmp_path).embed(["0 1", "3 4"]).tolist() == [[0, 1], vectors[1].tolist()]


def test_a_floor_is_met_not_met_or_not_measured() -> None:
    def row(seed: int, value: float, method: str = LEXICAL) -> Measured:
        return Measured("banking77", 5, seed, method, "its own", {"top1": value}, {})

    size = {"size": 10_000, "method": LEXICAL, "build_s": 1.0, "memory_mb": 70.0}
    slower = size | {"build_s": 1.4, "loop_worst_ms": 9.0, "loop_idle_ms": 8.0}
    rounds = [row(1, 0.60), row(2, 0.64), row(3, 0.70), row(1, 0.75, "tantivy"), row(1, 0.5, "bm25s")]
    found = {(each.label, each.method): each for each in judge(Results(rounds, [size, slower], 3.0))}
    top = found["BANKING77 k=5: top-1, %", LEXICAL]
    assert top.met is True and top.measured == pytest.approx(64) and top.peer_here == "75.0 (tantivy)"
    assert found["BANKING77 k=5: top-1, %", SEMANTIC].met is None
    assert found["build 10,000 phrasings, s", LEXICAL].measured == 1.4
    assert found["memory at 10,000 phrasings, MB", LEXICAL].met is False
    # A loop that is late by itself says nothing about what blocks it.
    assert found["longest block of the event loop, ms", LEXICAL].met is None


def made_up_folder(folder: Path) -> None:
    """Write a set of four entries in the layout of BANKING77."""
    subjects = ("card", "loan", "transfer", "password")
    asks = ("where is my {}", "how do i get a {}", "my {} is gone", "tell me about the {} please")
    rows = [(f"{ask.format(subject)} {tail}", subject) for subject in subjects for ask in asks for tail in
            ("now", "today", "again")]  # fmt: skip
    with (folder / "banking77_train.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "category"), *rows])


def benchmark(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.faq", *words],
        cwd=ROOT, env=os.environ | {"EMBEDDER_DIR": "off"}, check=False, capture_output=True, text=True,
    )  # fmt: skip


def test_the_command_measures_prints_and_writes_without_the_semantic_half(tmp_path: Path) -> None:
    made_up_folder(tmp_path)
    record = tmp_path / "figures.json"
    done = benchmark(
        "--data", str(tmp_path), "--k", "2", "full", "--seeds", "1", "2", "--sizes", "60",
        "--json", str(record),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Measured without the semantic half: EMBEDDER_DIR=off" in done.stderr
    assert "## banking77: 12 questions, 0 of them outside the scope" in done.stdout
    assert "MiniLM nearest" in done.stdout and "needs the semantic half" in done.stdout
    assert "what it must show" in done.stdout and "not measured" in done.stdout
    found = json.loads(record.read_text())
    assert {"processor", "cores", "load_average", "commit", "packages"} <= set(found["machine"])
    assert found["settings"]["seeds"] == [1, 2] and found["settings"]["k"] == [2, 0]
    own = [each for each in found["quality"] if each["method"] == "lexical alone"]
    assert [(each["k"], each["seed"]) for each in own] == [(2, 1), (2, 2), (0, 1)]
    assert all(0.5 < each["figures"]["top1"] <= 1 for each in own)
    low, high = own[0]["intervals"]["top1"]
    assert low <= own[0]["figures"]["top1"] <= high
    assert not [each["error"] for each in found["sizes"] if "error" in each]
    fts = next(each for each in found["sizes"] if each["method"] == "SQLite FTS5")
    assert fts["entries"] >= 12 and fts["p50_ms"] > 0
    lexical = [each for each in found["sizes"] if each["method"] == "lexical alone"]
    assert {each["shape"] for each in lexical} == {FEW, MANY}
    assert all(each["loop_worst_ms"] > 0 and each["memory_mb"] > -50 for each in lexical)


def test_a_folder_without_question_sets_is_refused_in_one_sentence(tmp_path: Path) -> None:
    done = benchmark("--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == (
        f"{tmp_path} lacks banking77_train.csv: docs/benchmarks.md says where to get it.\n"
    )


def test_options_are_checked_and_quick_fills_in_what_is_not_given(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path)]
    quick = faq.parse([*data, "--quick", "--seeds", "7"])
    assert quick.k == [5, 10] and quick.seeds == [7] and quick.sizes == [1000, 10000]
    assert faq.parse([*data, "--k", "full"]).k == [FULL]
    for wrong in ("0", "-1", "many"):
        with pytest.raises(SystemExit):
            faq.parse([*data, "--k", wrong])
