"""Keeps whole indexes in folders: written beside and moved into place, checked before they are used.

A folder holds the matcher's arrays, those of the passages, the digests of the entries, and `index.json`,
which is written last and names every file with its length and digest: what lacks it, or differs from
it, is damaged. Arrays are mapped into memory, so a process that loads one reads only what it touches.
"""

import json
import os
import shutil
from collections.abc import Collection, Mapping
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from faq.matcher import ALGORITHM, Matcher
from faq.passage_terms import Terms
from faq.retrieval import Part, PassageIndex
from faq.snapshot import Base

FORMAT = 1
ABOUT = "index.json"
UNFINISHED = ".unfinished"

_ARRAYS = ("idf", "separates", "first", "row", "value")
_DIGEST = 12  # bytes, see faq.snapshot


class Damaged(ValueError):
    """The folder does not hold what was written into it, or another release wrote it; build another."""


def save(base: Base, root: Path, embedder: str) -> str:
    """Write `base` into a new folder below `root` and return its name; raises OSError, leaving nothing.

    `embedder` is the id of the one whose vectors it holds, "" without.
    """
    name = f"{base.number}-{uuid4().hex[:12]}"
    root.mkdir(parents=True, exist_ok=True)
    folder = root / (name + UNFINISHED)
    folder.mkdir()
    try:
        (folder / "matcher").mkdir()
        base.matcher.save(folder / "matcher")
        _save_passages(base.passages, folder)
        _save_digests(base, folder)
        about = {
            "format": FORMAT,
            "algorithm": ALGORITHM,
            "embedder": embedder,
            "number": base.number,
            "negatives": base.negatives.hex(),
            "files": _files(folder),
        }
        _write(folder / ABOUT, json.dumps(about).encode())
        _sync(folder)
        folder.rename(root / name)
        _sync(root)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return name


def load(root: Path, name: str, embedder: Any) -> Base:
    """Return the base in a folder; raises Damaged.

    `embedder` is used when it is the one whose vectors the folder holds; without it the base finds by
    words alone.
    """
    folder = root / name
    try:
        about = json.loads((folder / ABOUT).read_bytes())
        if (about["format"], about["algorithm"]) != (FORMAT, ALGORITHM):
            raise Damaged(f"{name} was written by another release.")
        if about["files"] != _files(folder):
            raise Damaged(f"{name} is damaged: its files are not those that were written.")
        fits = bool(about["embedder"]) and embedder is not None and embedder.id == about["embedder"]
        asked, cited = _load_digests(folder)
        return Base(
            name,
            int(about["number"]),
            Matcher.load(folder / "matcher", embedder if fits else None),
            _load_passages(folder),
            asked,
            cited,
            bytes.fromhex(about["negatives"]),
        )
    except Damaged:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{name} cannot be read: {type(error).__name__}: {error}") from error


def clean(root: Path, keep: Collection[str]) -> list[str]:
    """Delete all folders but those to keep; return the names of what went."""
    if not root.is_dir():
        return []
    gone = sorted(each.name for each in root.iterdir() if each.is_dir() and each.name not in keep)
    for name in gone:
        shutil.rmtree(root / name, ignore_errors=True)
    return gone


def _files(folder: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and each.name != ABOUT):
        with path.open("rb") as file:
            digest = file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
        found[path.relative_to(folder).as_posix()] = [path.stat().st_size, digest]
    return found


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _save_passages(passages: PassageIndex, folder: Path) -> None:
    part, terms = passages.base, passages.base.terms
    for name in _ARRAYS:
        np.save(folder / f"passages-{name}.npy", getattr(terms, name), allow_pickle=False)
    np.save(folder / "passages-counts.npy", np.asarray(part.counts, dtype=np.int32), allow_pickle=False)
    _write(folder / "passages-entries", "\n".join(part.entries).encode())
    _write(folder / "passages-vocabulary", "\n".join(terms.vocabulary).encode("utf-8", "surrogatepass"))
    _write(folder / "passages.json", json.dumps({"rows": terms.rows, "once": terms.once}).encode())


def _load_passages(folder: Path) -> PassageIndex:
    about = json.loads((folder / "passages.json").read_bytes())
    arrays = {name: _mapped(folder / f"passages-{name}.npy") for name in _ARRAYS}
    terms = Terms(
        vocabulary=tuple(_lines(folder / "passages-vocabulary")),
        rows=int(about["rows"]),
        once=(float(about["once"][0]), float(about["once"][1])),
        **arrays,
    )
    counts = np.load(folder / "passages-counts.npy", allow_pickle=False).tolist()
    return PassageIndex.on(Part.of(_lines(folder / "passages-entries"), counts, terms))


def _mapped(path: Path) -> Any:
    empty = np.load(path, allow_pickle=False, mmap_mode=None) if path.stat().st_size < 4096 else None
    return empty if empty is not None else np.load(path, allow_pickle=False, mmap_mode="r")


def _save_digests(base: Base, folder: Path) -> None:
    for name, digests in (("asked", base.asked), ("cited", base.cited)):
        _write(folder / f"{name}-entries", "\n".join(digests).encode())
        _write(folder / f"{name}-digests", b"".join(digests.values()))


def _load_digests(folder: Path) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
    asked, cited = (_digests(folder, name) for name in ("asked", "cited"))
    return asked, cited


def _digests(folder: Path, name: str) -> dict[str, bytes]:
    data = (folder / f"{name}-digests").read_bytes()
    parts = [data[start : start + _DIGEST] for start in range(0, len(data), _DIGEST)]
    return dict(zip(_lines(folder / f"{name}-entries"), parts, strict=True))


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8", "surrogatepass")
    return text.split("\n") if text else []
