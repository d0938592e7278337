"""A linear classifier over all phrasings: which entry everything that is alike speaks for, and how clearly.

Up to MOST_ROWS phrasings it is kernel ridge regression in closed form (Saunders, Gammerman, Vovk 1998): the
kernel is the lexical similarity of two phrasings, and with vectors exp(3 (cosine - 1)) beside it. Above,
the rows are short vectors whose products are about those similarities (a signed count sketch, Charikar et
al. 2002, and for the meaning the kernel to some landmark phrasings, by Nyström's method: Williams & Seeger
2001), and the same regression is solved for them. Rows of entries with many phrasings count less, so that
they do not drown the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from faq.matching.grams import Ints
from faq.matching.sparse import Floats
from faq.matching.store import Query, Store

MOST_ROWS = 4000  # the closed form takes a second and 64 MB there
MOST_CELLS = 8_000_000  # of the weights: 32 MB
_SKETCHES = ((12_000, 1024), (40_000, 512))  # up to so many rows, so many dimensions
_LONGEST_SKETCH, _SHORTEST_SKETCH = 256, 64  # beyond, and least
# The kernel to landmarks against the plain vector, by meaning alone, top-1 and coverage at 95 %: BANKING77
# with 7,576 phrasings 92.6 and 95.0 against 86.9 and 81.6 (closed form 93.4 and 97.4), CLINC150 with 15,000
# 93.0 and 73.2 against 90.1 and 65.8; below 1,024 landmarks the plain vector is as good.
_LANDMARKS, _FEWEST_LANDMARKS = 2048, 1024
_BESIDE_LANDMARKS = 512  # dimensions of the lexical sketch, which counts for little beside meaning
_MOST_LANDMARK_CELLS = 4_000_000  # of the weights, which each question reads: 16 MB
_JITTER = 1e-4  # added to the landmarks' kernel, which is singular where two are the same
_BLOCK = 8192  # rows at once, so that training needs little memory beside the sketches

# Chosen by top-1 on BANKING77 and CLINC150 at k = 5 and 10: flat between steepness 3 and 4, shares 0.1 and
# 0.3, penalties 0.1 and 0.5.
LEXICAL_PENALTY = 0.3
JOINT_PENALTY = 0.25
STEEPNESS = 3.0  # of the semantic kernel
LEXICAL_SHARE = 0.2  # of the lexical kernel beside the semantic one
# exp(3 (c - 1)) rises by about this much for each unit of cosine where phrasings of one entry lie, at 0.6.
SLOPE = 0.9


@dataclass(frozen=True)
class Ridge:
    """Trained weights, one row an entry of the base; `dims` is 0 for the closed form."""

    weights: Floats  # [entries, rows or features]
    leverage: Floats  # of each row: what leaving it out changes
    share: Floats  # of each row: how many phrasings its entry has, as a multiple of what is usual
    dims: int
    joint: bool
    landmarks: Floats  # [landmarks, dim] unit vectors; empty for the closed form and for plain vectors

    def scores(self, store: Store, query: Query, vector: Floats | None) -> Floats:
        """Return about 1 for the entry that a question surely asks for and 0 for the others."""
        if self.dims:
            meant = vector if self.joint else None
            features = _features(store.sketch(query, self.dims), meant, self.landmarks)
            return np.asarray(np.vecdot(self.weights, features), dtype=np.float32)
        kernel = query.base.rows
        if self.joint and vector is not None:
            cosines = store.dense_rows(vector)[: len(kernel)]
            kernel = LEXICAL_SHARE * kernel + np.exp(STEEPNESS * (cosines - 1))
        # Not a product by BLAS, whose threads wait for each other for 20 ms on a busy machine.
        return np.asarray(np.vecdot(self.weights, kernel.astype(np.float32)), dtype=np.float32)

    def left_out(self, scores: Floats, row: int, owner: int) -> Floats:
        """Return what `scores`, those of the row's own text, would be had the row not been trained on.

        Exact for a linear smoother: the residual grows by 1 / (1 - leverage).
        """
        target = np.zeros(len(self.weights), dtype=np.float32)
        target[owner] = 1 / np.sqrt(self.share[row])
        if self.dims:
            kept = max(1e-3, 1 - float(self.leverage[row]))
            return np.asarray(target - (target - scores) / kept, dtype=np.float32)
        return np.asarray(target - self.weights[:, row] / self.leverage[row], dtype=np.float32)

    def alone(self, similarity: Floats) -> Floats:
        """Return the score of entries that the training did not know, by their nearest row alone."""
        return np.asarray(
            similarity / (1 + (JOINT_PENALTY if self.joint else LEXICAL_PENALTY)), dtype=np.float32
        )

    def arrays(self) -> dict[str, Any]:
        """Return what `of` makes a ridge from again."""
        shape = np.array([self.dims, int(self.joint)])
        return {
            "weights": self.weights,
            "leverage": self.leverage,
            "share": self.share,
            "shape": shape,
            "landmarks": self.landmarks,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> "Ridge":
        """Return the ridge whose `arrays` these are."""
        dims, joint = (int(value) for value in arrays["shape"])
        trained = (arrays["weights"], arrays["leverage"], arrays["share"])
        return cls(*trained, dims, bool(joint), arrays["landmarks"])


def train(store: Store, owner: Ints, entries: int, vectors: Floats | None) -> Ridge | None:
    """Fit a ridge to the base of a store; `owner` is the entry of each of its rows.

    `vectors` are the unit vectors of the rows [rows, dim], None for the lexical half alone. None for a store
    without rows.
    """
    rows = len(owner)
    if not rows:
        return None
    count = np.bincount(owner, minlength=entries)[owner]
    share = (count / count.mean()).astype(np.float32)
    target = np.zeros((rows, entries), dtype=np.float32)
    target[np.arange(rows), owner] = 1 / np.sqrt(share)
    penalty = LEXICAL_PENALTY if vectors is None else JOINT_PENALTY
    if rows <= MOST_ROWS and rows * entries <= MOST_CELLS:
        return _closed(store, share, target, vectors, penalty)
    return _sketched(store, share, owner, entries, vectors, penalty)


def _closed(store: Store, share: Floats, target: Floats, vectors: Floats | None, penalty: float) -> Ridge:
    kernel = store.gram().astype(np.float64)
    if vectors is not None:
        kernel = LEXICAL_SHARE * kernel + np.exp(STEEPNESS * (vectors @ vectors.T - 1))
    kernel[np.diag_indices_from(kernel)] += penalty * share
    inverse = np.linalg.inv(kernel)
    weights = np.ascontiguousarray((inverse @ target).T, dtype=np.float32)
    return Ridge(weights, np.diag(inverse).astype(np.float32), share, 0, vectors is not None, _none())


def _none() -> Floats:
    return np.zeros((0, 0), dtype=np.float32)


def _features(sketch: Floats, vector: Floats | None, landmarks: Floats) -> Floats:
    """Return the features of a row or of rows; those by landmarks are yet to be made of unit covariance."""
    if vector is None:
        return sketch
    if len(landmarks):
        cosines = np.vecdot(landmarks, vector) if vector.ndim == 1 else vector @ landmarks.T
        meaning = np.exp(np.float32(STEEPNESS) * (cosines - np.float32(1)))
    else:
        meaning = np.float32(np.sqrt(SLOPE)) * vector
    return np.concatenate([np.float32(np.sqrt(LEXICAL_SHARE)) * sketch, meaning], axis=-1)


def _landmarks(owner: Ints, entries: int, vectors: Floats | None) -> Floats:
    """Return the vectors of some rows, as many of each entry as can be; none where too few would fit."""
    most = min(_LANDMARKS, _MOST_LANDMARK_CELLS // max(1, entries) - _BESIDE_LANDMARKS, len(owner))
    if vectors is None or most < _FEWEST_LANDMARKS:
        return _none()
    first = np.searchsorted(owner, np.arange(entries))
    place = np.arange(len(owner)) - first[owner]  # of each row in its entry
    mixed = np.random.default_rng(0).permutation(len(owner))
    return np.ascontiguousarray(vectors[np.sort(np.lexsort((mixed, place))[:most])])


def _basis(landmarks: Floats, lexical: int) -> Floats | None:
    """Return what turns features into such of which products are kernels; None where they are so already."""
    if not len(landmarks):
        return None
    kernel = np.exp(STEEPNESS * (landmarks @ landmarks.T - 1)).astype(np.float64)
    kernel[np.diag_indices_from(kernel)] += _JITTER
    values, axes = np.linalg.eigh(kernel)
    basis = np.eye(lexical + len(landmarks), dtype=np.float32)
    basis[lexical:, lexical:] = (axes / np.sqrt(np.maximum(values, _JITTER))) @ axes.T
    return basis


def dimensions(rows: int, entries: int) -> int:
    """Return how long the sketches of a store of this size are."""
    wanted = next((dims for most, dims in _SKETCHES if rows <= most), _LONGEST_SKETCH)
    return max(_SHORTEST_SKETCH, min(wanted, MOST_CELLS // max(1, entries) // 64 * 64))


def _sketched(
    store: Store, share: Floats, owner: Ints, entries: int, vectors: Floats | None, penalty: float
) -> Ridge:
    dims = dimensions(len(owner), entries)
    landmarks = _landmarks(owner, entries, vectors)
    if len(landmarks):
        dims = min(dims, _BESIDE_LANDMARKS)
    basis = _basis(landmarks, dims)
    sketches = store.sketch_rows(dims)

    def features(block: slice) -> Floats:
        rows = _features(sketches[block], None if vectors is None else vectors[block], landmarks)
        return rows if basis is None else rows @ basis

    width = features(slice(0, 1)).shape[1]
    inner = np.zeros((width, width), dtype=np.float64)
    # The targets are zero but for a row's own entry, so their product is a sum over each entry's rows.
    sums = np.zeros((entries, width), dtype=np.float32)
    for block in _blocks(len(owner)):
        rows = features(block)
        weighted = rows / share[block, None]
        inner += weighted.T @ rows
        np.add.at(sums, owner[block], weighted / np.sqrt(share[block])[:, None])
    inner[np.diag_indices_from(inner)] += penalty
    inverse = np.linalg.inv(inner).astype(np.float32)
    leverage = np.zeros(len(owner), dtype=np.float32)
    for block in _blocks(len(owner)):
        rows = features(block)
        leverage[block] = np.einsum("ij,ij->i", rows @ inverse, rows) / share[block]
    weights = sums @ inverse
    if basis is not None:
        weights = weights @ basis.T  # so that a question needs no basis
    return Ridge(np.ascontiguousarray(weights), leverage, share, dims, vectors is not None, landmarks)


def _blocks(rows: int) -> list[slice]:
    return [slice(start, min(rows, start + _BLOCK)) for start in range(0, rows, _BLOCK)]
