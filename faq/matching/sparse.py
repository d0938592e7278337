"""Sparse matrices by rows, multiplied where they lie.

A question touches few columns of a large matrix, or few of its rows. SciPy's public operators would copy
these first, so the compiled loops under them are called on the arrays themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import _sparsetools, csr_array

from faq.matching.grams import Hashes, Ints

Floats = NDArray[np.float32]
Places = NDArray[np.int32]

# So many products of a sparse matrix are held at once while an index is built (12 bytes each).
_PRODUCTS = 2_000_000
_AT_ONCE = 65_536  # places added to by one call: 0.1 ms, and 256 KB of ones that stay in the cache
_ONES = np.ones(_AT_ONCE, dtype=np.float32)
# Occurrences sorted at once while postings are built (28 bytes each).
_SORTED_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Rows:
    """A sparse matrix: row i holds `value` at `column`, both from `first[i]` to `first[i + 1]`."""

    first: Places
    column: Places
    value: Floats

    def __len__(self) -> int:
        return len(self.first) - 1

    def add_up(self, values: Floats, columns: int) -> Floats:
        """Return the sum of the rows, each times its value: the product of the transpose with `values`.

        With short rows this is twice as fast as the product of the transposed matrix.
        """
        out = np.zeros(columns, dtype=np.float32)
        _sparsetools.csc_matvec(columns, len(self), self.first, self.column, self.value, values, out)
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


@dataclass(frozen=True)
class Postings:
    """Which rows hold what: the rows of item i are `row` from `first[i]` to `first[i + 1]`, each once."""

    hashes: Hashes  # sorted
    weight: Floats  # of each item, before its idf
    first: Places
    row: Places

    @classmethod
    def of(cls, hashes: Hashes, rows: Places, weights: Floats) -> "Postings":
        """Sort occurrences (hash, row and weight of each) into postings."""
        found: list[tuple[Hashes, Floats, Ints, Places]] = []
        pieces = 1 << max(0, len(hashes) // _SORTED_AT_ONCE).bit_length()
        piece_of = (hashes >> np.uint64(64 - 16)).astype(np.uint32) * np.uint32(pieces) >> np.uint32(16)
        for piece in range(pieces):
            some = np.flatnonzero(piece_of == piece)
            found.append(_piece(hashes[some], rows[some], weights[some]))
        sizes = np.concatenate([sizes for _, _, sizes, _ in found])
        return cls(
            np.concatenate([each for each, _, _, _ in found]),
            np.concatenate([weight for _, weight, _, _ in found]),
            np.r_[0, np.cumsum(sizes)].astype(np.int32),
            np.concatenate([row for _, _, _, row in found]),
        )

    def frequency(self) -> Ints:
        """Return how many rows hold each item."""
        return np.diff(self.first).astype(np.int64)

    def add_up(self, items: Ints, values: Floats, rows: int) -> Floats:
        """Return for each row the sum of the values of the given items that it holds."""
        out = np.zeros(rows, dtype=np.float32)
        span = np.zeros(2, dtype=np.int32)
        for i, (first, last) in enumerate(zip(self.first[items], self.first[items + 1], strict=True)):
            for start in range(first, last, _AT_ONCE):
                some = self.row[start : min(last, start + _AT_ONCE)]
                span[1] = len(some)
                _sparsetools.csc_matvec(rows, 1, span, some, _ONES, values[i : i + 1], out)
        return out

    def lengths(self, values: Floats, rows: int) -> Floats:
        """Return the Euclidean length of each row when each item has its value."""
        squares = np.zeros(rows, dtype=np.float32)
        ones = np.ones(len(self.row), dtype=np.float32)
        items = len(values)
        _sparsetools.csc_matvec(rows, items, self.first, self.row, ones, np.square(values), squares)
        return np.sqrt(squares)

    def group_lengths(self, values: Floats, scale: Floats, group_of: Places, groups: int) -> Floats:
        """Return the Euclidean length of the sum of each group's rows, row i times `scale[i]`.

        The rows of a group have to lie together.
        """
        squares = np.zeros(groups)
        start = 0
        while start < len(values):
            limit = self.first[start] + _SORTED_AT_ONCE
            stop = max(start + 1, int(np.searchsorted(self.first, limit, side="right")) - 1)
            item = np.repeat(np.arange(start, stop), np.diff(self.first[start : stop + 1]))
            row = self.row[self.first[start] : self.first[stop]]
            group = group_of[row]
            heads = np.flatnonzero(np.r_[True, (item[1:] != item[:-1]) | (group[1:] != group[:-1])])
            sums = np.add.reduceat(scale[row], heads) * values[item[heads]]
            squares += np.bincount(group[heads], sums.astype(np.float64) ** 2, minlength=groups)
            start = stop
        return np.sqrt(squares).astype(np.float32)

    def matrix(self, values: Floats, rows: int) -> csr_array:
        """Return rows by items, every item with its value."""
        data = np.repeat(values, np.diff(self.first))
        return csr_array(csr_array((data, self.row, self.first), shape=(len(values), rows)).T)


def _piece(hashes: Hashes, rows: Places, weights: Floats) -> tuple[Hashes, Floats, Ints, Places]:
    """Return the different hashes, the weight and number of rows of each, and these rows."""
    order = np.lexsort((rows, hashes))
    hashes, rows = hashes[order], rows[order]
    new_hash = np.r_[True, hashes[1:] != hashes[:-1]][: len(hashes)]
    new = new_hash | np.r_[True, rows[1:] != rows[:-1]][: len(hashes)]
    heads = np.flatnonzero(new_hash)
    sizes = np.add.reduceat(new, heads, dtype=np.int64) if len(heads) else np.zeros(0, dtype=np.int64)
    return hashes[heads], weights[order[heads]], sizes, rows[new]


def group_sums(values: Floats, first: Places) -> Floats:
    """Return for each line of `values` the sums from `first[i]` to `first[i + 1]`, for every i."""
    out = np.zeros((len(values), len(first) - 1), dtype=np.float32)
    size = values.shape[1]
    ones, place = np.ones(size, dtype=np.float32), np.arange(size, dtype=np.int32)
    for line, sums in zip(values, out, strict=True):
        _sparsetools.csr_matvec(len(sums), size, first, place, ones, line, sums)
    return out


def counted(rows: Ints, columns: Ints, shape: tuple[int, int]) -> csr_array:
    """Return how often every column occurs in every row, with sorted columns."""
    keys, counts = np.unique(rows * np.int64(max(1, shape[1])) + columns, return_counts=True)
    row, column = np.divmod(keys, max(1, shape[1]))
    first = np.r_[0, np.cumsum(np.bincount(row, minlength=shape[0]))]
    return csr_array(
        (counts.astype(np.float32), column.astype(np.int32), first.astype(np.int32)), shape=shape
    )


def blocks(left: csr_array, right: csr_array) -> Iterator[tuple[int, int]]:
    """Yield ranges of the rows of `left` whose product with `right` costs about as much each."""
    cost = np.diff(right.indptr).astype(np.int64)[left.indices]
    upto = np.r_[0, np.cumsum(cost)][left.indptr]
    start = 0
    while start < left.shape[0]:
        stop = int(np.searchsorted(upto, upto[start] + _PRODUCTS, side="right")) - 1
        stop = min(left.shape[0], max(start + 1, stop))
        yield start, stop
        start = stop


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
        product = left[start:stop] @ right
        row = np.repeat(np.arange(stop - start), np.diff(product.indptr))
        squares = np.bincount(row, product.data.astype(np.float64) ** 2, minlength=stop - start)
        found[start:stop] = np.sqrt(squares)
    return found


def scaled(matrix: csr_array, factors: Floats) -> csr_array:
    """Return the matrix with every row multiplied by its factor."""
    data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def inverse(lengths: Floats) -> Floats:
    """Return 1 / length, and 0 for a length of 0."""
    return np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
