"""The sentence vectors of phrasings, kept in the database so that no process computes one twice."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from common.clock import now, ticks
from faq.engine_models import PhrasingVector

AT_ONCE = 500  # keys in a query: SQLite takes 999 variables in its oldest build that Django 5.2 runs on
STEP = 128  # vectors that are computed and stored together, some 0.3 s: what a killed task loses
KEPT_DAYS = 30  # of a vector that no build has asked for: the phrasing may come back with a revert

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]

_STORED = np.dtype("<f2")


class Embedding(Protocol):
    """What is needed of an embedder here."""

    id: str
    dim: int

    def embed(self, texts: Sequence[str]) -> Floats: ...


def key_of(text: str, embedder: Embedding) -> str:
    """Return the key of a text's vector: another embedder's vectors are others."""
    return hashlib.sha256(f"{embedder.id}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def vectors_for(texts: Sequence[str], embedder: Embedding) -> Floats:
    """Return float32 [len(texts), dim]; reads what is stored, computes and stores the rest.

    Takes 1.5 ms for a text that is new, so it is no call for an event loop or an open transaction. Values are
    rounded to float16 also when they are fresh, so a later reader finds the same ones.
    """
    found = stored(texts, embedder)
    found |= _computed([text for text in dict.fromkeys(texts) if text not in found], embedder)
    rows = np.empty((len(texts), embedder.dim), np.float32)
    for row, text in enumerate(texts):
        rows[row] = found[text]
    return rows


def stored(texts: Iterable[str], embedder: Embedding) -> dict[str, Halves]:
    """Return the vectors that the database has, float16 [dim] by text; a damaged row counts as none."""
    by_key = {key_of(text, embedder): text for text in texts}
    return {by_key[key]: vector for key, vector in _read(list(by_key), embedder.dim)}


def fill(texts: Iterable[str], embedder: Embedding, seconds: float) -> int:
    """Compute and store missing vectors for about `seconds`; return how many are missing still.

    Marks those that are there as used today. May be killed and called again at any time.
    """
    end = ticks() + seconds
    wanted = list(dict.fromkeys(texts))
    there = stored(wanted, embedder)
    _mark_used([key_of(text, embedder) for text in there], now().date())
    missing = [text for text in wanted if text not in there]
    done = 0
    while done < len(missing) and ticks() < end:
        done += len(_computed(missing[done : done + STEP], embedder))
    return len(missing) - done


def forget_unused(today: date) -> int:
    """Delete the vectors that no build has used for 30 days; return how many."""
    old = PhrasingVector.objects.filter(used_on__lt=today - timedelta(days=KEPT_DAYS))
    gone = 0
    while keys := list(old.values_list("key", flat=True)[:AT_ONCE]):
        gone += PhrasingVector.objects.filter(key__in=keys).delete()[0]
    return gone


def _computed(texts: Sequence[str], embedder: Embedding) -> dict[str, Halves]:
    """Compute and store the vectors of distinct texts, in steps: what was stored stays if a step fails."""
    today = now().date()
    found: dict[str, Halves] = {}
    for start in range(0, len(texts), STEP):
        step = texts[start : start + STEP]
        vectors = embedder.embed(step).astype(_STORED)
        rows = [
            PhrasingVector(key=key_of(text, embedder), vector=vector.tobytes(), used_on=today)
            for text, vector in zip(step, vectors, strict=True)
        ]
        # In one order everywhere, so that two processes with the same texts never wait for each other.
        PhrasingVector.objects.bulk_create(
            sorted(rows, key=lambda row: row.key),
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["vector", "used_on"],
        )
        found |= dict(zip(step, vectors, strict=True))
    return found


def _read(keys: Sequence[str], dim: int) -> Iterator[tuple[str, Halves]]:
    for chunk in _chunks(keys):
        for key, raw in PhrasingVector.objects.filter(key__in=chunk).values_list("key", "vector"):
            vector = np.frombuffer(raw, _STORED) if len(raw) == dim * _STORED.itemsize else None
            if vector is not None and np.isfinite(vector).all():
                yield key, vector


def _mark_used(keys: Sequence[str], today: date) -> None:
    for chunk in _chunks(keys):
        PhrasingVector.objects.filter(key__in=chunk, used_on__lt=today).update(used_on=today)


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
