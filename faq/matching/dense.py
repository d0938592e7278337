"""Unit vectors by row, kept as float32 while they are few and as int8 when they are many."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faq.matching.sparse import Floats

# 20,000 vectors of 384 numbers are 30 MB as float32. Above, one byte a number and a scale a row keep
# 100,000 of them at 38 MB. Rounding moves a cosine by 0.0003 on average and by 0.003 at most, and costs no
# right answer: nearest phrasing by MiniLM on BANKING77 (8,003 rows) 91.55 % before and after, on CLINC150
# (16,000 rows) 92.60 %. float16 would cost ten times as much time: NumPy multiplies it number by number.
MOST_EXACT = 20_000
_BLOCK = 512  # rows widened at a time: 0.75 MB, which stays in the cache


@dataclass(frozen=True)
class Vectors:
    """A matrix of unit vectors: `scale[i] * data[i]` is row i; `scale` is empty for float32."""

    data: NDArray[np.float32] | NDArray[np.int8]
    scale: Floats

    @classmethod
    def of(cls, vectors: Floats, small: bool) -> "Vectors":
        """Keep `vectors` (float32, [rows, dim]), rounded to int8 when `small`."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if not small:
            return cls(vectors, np.zeros(0, dtype=np.float32))
        scale = np.abs(vectors).max(axis=1, initial=0) / np.float32(127)
        scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
        return cls(np.rint(vectors / scale[:, None]).astype(np.int8), scale)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def dim(self) -> int:
        """Return the length of a vector."""
        return int(self.data.shape[1])

    def rows(self, start: int, stop: int) -> Floats:
        """Return some rows as float32."""
        some = self.data[start:stop].astype(np.float32)
        return some * self.scale[start:stop, None] if len(self.scale) else some

    def times(self, vector: Floats, start: int = 0, stop: int | None = None) -> Floats:
        """Return the inner products of the rows start..stop with `vector`.

        Row by row: a product of the whole matrix is spread over the threads of OpenBLAS, which wait for each
        other for 20 ms whenever other processes hold the cores (and 0.1 ms otherwise, against 0.3 ms).
        """
        stop = len(self) if stop is None else stop
        if not len(self.scale):
            return np.asarray(np.vecdot(self.data[start:stop], vector), dtype=np.float32)
        out = np.empty(stop - start, dtype=np.float32)
        wide = np.empty((min(_BLOCK, stop - start), self.dim), dtype=np.float32)
        for first in range(start, stop, _BLOCK):
            some = self.data[first : min(first + _BLOCK, stop)]
            np.copyto(wide[: len(some)], some)
            np.vecdot(wide[: len(some)], vector, out=out[first - start : first - start + len(some)])
        return out * self.scale[start:stop]


def joined(parts: list[Vectors]) -> Vectors:
    """Return the rows of all parts, which are kept alike, one after the other."""
    return Vectors(np.concatenate([p.data for p in parts]), np.concatenate([p.scale for p in parts]))
