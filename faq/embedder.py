"""Sentence vectors of all-MiniLM-L6-v2: the semantic half of the matcher, or a sentence why it is missing."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.env import process_environment, read_data_dir, read_embedder_dir
from faq.embedding import files, kept, safetensors
from faq.embedding.files import EmbedderMissing
from faq.embedding.graph import DIM, MOST_TOKENS, WRITER, Precision, write_graph
from faq.embedding.wordpiece import WordPiece
from faq.inference import Run, open_session

__all__ = ["Embedder", "EmbedderMissing", "known_absence", "load_embedder", "shared_embedder", "why_missing"]

logger = logging.getLogger(__name__)

# int8 in blocks of 32 finds the same nearest phrasing as fp32 (docs/faq.md) at half its time.
PRECISION: Precision = "int8"

QUESTIONS_KEPT = 512  # single questions whose vectors are remembered: 0.8 MB
MOST_LETTERS = 8_000  # of a text that are looked at: 256 tokens of the longest words end far before
BATCH_TOKENS = 2_048  # in one run: a batch's attention takes some 25 MB at the most, and more gains no time

Floats = NDArray[np.float32]


class Embedder:
    """Turns texts into unit vectors. Safe to share between threads; runs on the calling thread."""

    dim = DIM

    def __init__(self, run: Run, tokens: Sequence[str], precision: Precision) -> None:
        self.id = f"all-MiniLM-L6-v2/{files.WEIGHTS_SHA256[:12]}/{precision}.{WRITER}"
        self._run = run
        self._pieces = WordPiece(tokens)
        self.vocabulary: Mapping[str, int] = self._pieces.words()
        self._one = lru_cache(maxsize=QUESTIONS_KEPT)(self._single)

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return float32 [len(texts), 384], each row of length 1, in the order of `texts`.

        A text is read up to 256 tokens; an empty one has a vector as well, near nothing in particular.
        One question takes some milliseconds (and none when it was asked just before), many are grouped
        by length.
        """
        if len(texts) == 1:
            return self._one(texts[0][:MOST_LETTERS]).copy()
        found = np.empty((len(texts), DIM), np.float32)
        ids = [self._ids(text) for text in texts]
        for rows in _batches([len(each) for each in ids]):
            found[rows] = self._run(np.array([ids[row] for row in rows], np.int64))
        return found

    def _single(self, text: str) -> Floats:
        return self._run(np.array([self._ids(text)], np.int64))

    def _ids(self, text: str) -> list[int]:
        return self._pieces.ids(text[:MOST_LETTERS], MOST_TOKENS)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Give the numbers of texts in groups of one length in tokens, so that nothing has to be padded."""
    groups: dict[int, list[int]] = {}
    for number, length in enumerate(lengths):
        groups.setdefault(length, []).append(number)
    for length, numbers in groups.items():
        size = max(1, BATCH_TOKENS // length)
        yield from (numbers[start : start + size] for start in range(0, len(numbers), size))


def load_embedder(directory: str | Path | None = None, *, precision: Precision = PRECISION) -> Embedder:
    """Return the embedder from the files in `directory`, in EMBEDDER_DIR, or in the installed wheel.

    The first call on a machine writes the graph (a second or less) and keeps it in DATA_DIR/embedder/;
    later ones take some 0.1 s. Needs no Django. Raises EmbedderMissing with one sentence that says what
    to do.
    """
    environ = process_environment()
    where = read_embedder_dir(environ) if directory is None else str(directory)
    found = files.find(where)
    path = read_data_dir(environ) / "embedder" / _name(precision)
    graph = kept.load(path)
    if graph is None:
        graph = _graph(found.weights, where, precision)
        kept.keep(path, graph)
    return Embedder(open_session(graph), found.tokens, precision)


def _name(precision: Precision) -> str:
    return f"{files.WEIGHTS_SHA256[:16]}-{precision}-{WRITER}.graph"


def _graph(weights: Path, directory: str, precision: Precision) -> bytes:
    files.check_weights(weights, directory)
    return write_graph(safetensors.read(weights), precision)


class _Shared:
    """The embedder of this process, or why there is none: found out once, by whoever asks first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._embedder: Embedder | None = None
        self._why = ""

    def get(self) -> tuple[Embedder | None, str]:
        with self._lock:
            if not self._asked:
                try:
                    self._embedder = load_embedder()
                except EmbedderMissing as error:
                    self._why = str(error)
                    logger.warning("The matcher works with its lexical half alone. %s", error)
                self._asked = True
            return self._embedder, self._why

    def peek(self) -> str | None:
        return self._why if self._asked else None


_shared = _Shared()


def shared_embedder() -> Embedder | None:
    """Return this process's embedder, None without one; the first call loads it, so not on the event loop."""
    return _shared.get()[0]


def why_missing() -> str:
    """Return the sentence that says why this process has no embedder; empty when it has one. May load it."""
    return _shared.get()[1]


def known_absence() -> str | None:
    """Return `why_missing()` without loading anything: None while nobody in this process has asked yet."""
    return _shared.peek()
