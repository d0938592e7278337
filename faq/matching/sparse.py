"""Sparse matrices by rows, multiplied where they lie.

SciPy's public operators copy a slice of rows before they multiply it. A question asks for the rows of
some entries out of 100,000, so the compiled loops under them are called on the arrays themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import _sparsetools, csr_array

from faq.matching.grams import Ints

Floats = NDArray[np.float32]
Places = NDArray[np.int32]

# So many products of a sparse matrix are held at once while an index is built (12 bytes each).
_PRODUCTS = 2_000_000


@dataclass(frozen=True)
class Rows:
    """A sparse matrix: row i holds `value` at `column`, both from `first[i]` to `first[i + 1]`."""

    first: Places
    column: Places
    value: Floats

    def __len__(self) -> int:
        return len(self.first) - 1

    def times(self, vector: Floats, start: int = 0, stop: int | None = None) -> Floats:
        """Return the products of the rows start..stop with a dense vector over the columns."""
        stop = len(self) if stop is None else stop
        out = np.zeros(stop - start, dtype=np.float32)
        first = self.first[start : stop + 1]
        _sparsetools.csr_matvec(len(out), len(vector), first, self.column, self.value, vector, out)
        return out

    def matrix(self, columns: int) -> csr_array:
        """Return the same matrix as SciPy's, sharing its arrays."""
        return csr_array((self.value, self.column, self.first), shape=(len(self), columns))

    @classmethod
    def of(cls, matrix: csr_array) -> "Rows":
        """Take over the arrays of a SciPy matrix."""
        return cls(
            np.asarray(matrix.indptr, dtype=np.int32),
            np.asarray(matrix.indices, dtype=np.int32),
            np.asarray(matrix.data, dtype=np.float32),
        )


def weighted(rows: Ints, columns: Ints, weights: Floats, shape: tuple[int, int]) -> csr_array:
    """Return the sums of weights by row and column, with sorted columns."""
    keys, place = np.unique(rows * np.int64(max(1, shape[1])) + columns, return_inverse=True)
    row, column = np.divmod(keys, max(1, shape[1]))
    first = np.r_[0, np.cumsum(np.bincount(row, minlength=shape[0]))]
    sums = np.bincount(place, weights, minlength=len(keys)).astype(np.float32)
    return csr_array((sums, column.astype(np.int32), first.astype(np.int32)), shape=shape)


def counted(rows: Ints, columns: Ints, shape: tuple[int, int]) -> csr_array:
    """Return how often every column occurs in every row, with sorted columns."""
    return weighted(rows, columns, np.ones(len(rows), dtype=np.float32), shape)


def blocks(left: csr_array, right: csr_array) -> Sequence[tuple[int, int]]:
    """Return ranges of the rows of `left` whose product with `right` costs about as much each."""
    cost = np.diff(right.indptr).astype(np.int64)[left.indices]
    upto = np.r_[0, np.cumsum(cost)][left.indptr]
    found: list[tuple[int, int]] = []
    start = 0
    while start < left.shape[0]:
        stop = int(np.searchsorted(upto, upto[start] + _PRODUCTS, side="right")) - 1
        stop = min(left.shape[0], max(start + 1, stop))
        found.append((start, stop))
        start = stop
    return found


def occurrences(left: csr_array, right: csr_array) -> Ints:
    """Return for every column of `right` how many rows of `left @ right` have something there."""
    found = np.zeros(right.shape[1], dtype=np.int64)
    for start, stop in blocks(left, right):
        found += np.bincount((left[start:stop] @ right).indices, minlength=right.shape[1])
    return found


def lengths(left: csr_array, right: csr_array) -> Floats:
    """Return the Euclidean length of every row of `left @ right`."""
    found = np.zeros(left.shape[0], dtype=np.float32)
    for start, stop in blocks(left, right):
        found[start:stop] = row_lengths(left[start:stop] @ right)
    return found


def row_lengths(matrix: csr_array) -> Floats:
    """Return the Euclidean length of every row."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    squares = np.bincount(row, matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[0])
    return np.sqrt(squares).astype(np.float32)


def scaled(matrix: csr_array, factors: Floats) -> csr_array:
    """Return the matrix with every row multiplied by its factor."""
    data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def inverse(lengths: Floats) -> Floats:
    """Return 1 / length, and 0 for a length of 0."""
    return np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
