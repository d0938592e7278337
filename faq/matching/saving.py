"""Keeps a store in a folder of plain arrays, which every process maps instead of building them.

The arrays are NumPy files without pickles. Mapped pages are shared by all processes that serve from the
same folder, and read when a question first needs them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faq.matching.dense import Vectors
from faq.matching.directory import Directory
from faq.matching.lexical import Family, Lexical, Words
from faq.matching.segment import Segment
from faq.matching.sparse import Postings, Rows
from faq.matching.store import Store
from faq.matching.texts import Texts
from faq.matching.weights import Table, Weights

# Raised whenever an array changes its meaning, words are split or normalised otherwise included.
FORMAT = 1
_MANIFEST = "store.json"
_MAPPED_FROM = 65_536  # bytes; smaller files are read at once

Arrays = Mapping[str, NDArray[Any]]


class StoreError(Exception):
    """The folder holds no store that can be read here: build another one."""


def save(store: Store, folder: Path) -> None:
    """Write `store` into a folder, which is made; raises OSError when it cannot be written.

    The manifest is written last: a folder without one was not finished.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / _MANIFEST
    manifest.unlink(missing_ok=True)
    parts = {"base": store.base, "delta": store.delta, "negatives": store.negatives}
    for name, array in _flat(parts | _loose(store)):
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    manifest.write_text(json.dumps({"format": FORMAT, "unseen": store.weights.unseen}))


def load(folder: Path) -> Store:
    """Return the store of a folder; raises StoreError when there is none, or one of another format."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text())
        if manifest["format"] != FORMAT:
            raise StoreError(f"The index in {folder} has format {manifest['format']}, not {FORMAT}.")
        arrays = {path.stem: _read(path) for path in folder.glob("*.npy")}
        return _store(arrays, float(manifest["unseen"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise StoreError(f"There is no whole index in {folder}: {error!r}") from error


def _loose(store: Store) -> dict[str, Any]:
    """Return what lies outside the segments. The hashes of the weights are those of the base."""
    weights = store.weights
    return {
        "ids": Texts.of(store.ids),
        "negative_ids": Texts.of(store.negative_groups),
        "idf": {"chars": weights.chars.idf, "terms": weights.terms.idf, "pairs": weights.pairs.idf},
        "entries": {name: getattr(store.directory, name) for name in ("in_base", "group", "members")},
    }


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield all arrays inside, each with the dotted path to it."""
    for name, value in values.items():
        path = f"{before}{name}"
        if isinstance(value, np.ndarray):
            yield path, value
        elif isinstance(value, Texts):
            yield from _flat({"block": value.block, "first": value.first}, f"{path}.")
        elif isinstance(value, Mapping):
            yield from _flat(value, f"{path}.")
        elif is_dataclass(value):
            yield from _flat({field.name: getattr(value, field.name) for field in fields(value)}, f"{path}.")


def _read(path: Path) -> NDArray[Any]:
    mode = "r" if path.stat().st_size >= _MAPPED_FROM else None
    return np.asarray(np.load(path, mmap_mode=mode, allow_pickle=False))  # type: ignore[arg-type]


def _store(arrays: Arrays, unseen: float) -> Store:
    base = _segment(arrays, "base")
    lexical = base.lexical
    if lexical.pairs is None:
        raise KeyError("base.lexical.pairs")
    weights = Weights(
        Table(lexical.words.gram_hash, arrays["idf.chars"]),
        Table(lexical.terms.postings.hashes, arrays["idf.terms"]),
        Table(lexical.pairs.postings.hashes, arrays["idf.pairs"]),
        unseen,
    )
    ids = list(_texts(arrays, "ids"))
    directory = Directory(
        ids,
        {name: number for number, name in enumerate(ids) if name},
        *(arrays[f"entries.{name}"] for name in ("in_base", "group", "members")),
    )
    groups = {name: group for group, name in enumerate(_texts(arrays, "negative_ids"))}
    return Store(directory, base, _segment(arrays, "delta"), _segment(arrays, "negatives"), groups, weights)


def _segment(arrays: Arrays, at: str) -> Segment:
    return Segment(
        texts=_texts(arrays, f"{at}.texts"),
        lexical=_lexical(arrays, f"{at}.lexical"),
        vectors=_vectors(arrays, f"{at}.vectors"),
        centroids=_vectors(arrays, f"{at}.centroids"),
        **{name: arrays[f"{at}.{name}"] for name in ("first", "spread", "exact_hash", "exact_row")},
    )


def _lexical(arrays: Arrays, at: str) -> Lexical:
    words = Words(
        texts=_texts(arrays, f"{at}.words.texts"),
        rows=Rows(*(arrays[f"{at}.words.rows.{field.name}"] for field in fields(Rows))),
        **{name: arrays[f"{at}.words.{name}"] for name in ("hashes", "gram_hash", "gram_first", "gram_word")},
    )
    return Lexical(words, _family(arrays, f"{at}.terms"), _family(arrays, f"{at}.pairs"))


def _family(arrays: Arrays, at: str) -> Family:
    postings = Postings(*(arrays[f"{at}.postings.{field.name}"] for field in fields(Postings)))
    return Family(postings, arrays[f"{at}.value"], arrays[f"{at}.scale"])


def _texts(arrays: Arrays, at: str) -> Texts:
    return Texts(arrays[f"{at}.block"], arrays[f"{at}.first"])


def _vectors(arrays: Arrays, at: str) -> Vectors | None:
    return Vectors(arrays[f"{at}.data"], arrays[f"{at}.scale"]) if f"{at}.data" in arrays else None
