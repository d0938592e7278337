"""Many texts in one block of UTF-8, so that 100,000 of them cost their letters and no objects."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import overload

import numpy as np
from numpy.typing import NDArray

from faq.matching.grams import Ints


class Texts(Sequence[str]):
    """A fixed list of texts, each decoded when it is asked for."""

    def __init__(self, block: NDArray[np.uint8], first: Ints) -> None:
        self.block = block
        self.first = first  # one more than there are texts

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Texts":
        """Encode `texts`; lone surrogates are kept as they are."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        first = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(each) for each in encoded], out=first[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), first)

    def __len__(self) -> int:
        return len(self.first) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"There are {len(self)} texts; number {index} is not among them.")
        index %= len(self)
        return (
            self.block[self.first[index] : self.first[index + 1]].tobytes().decode("utf-8", "surrogatepass")
        )

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(len(self)))


class Joined(Sequence[str]):
    """Two lists of texts as one."""

    def __init__(self, left: Sequence[str], right: Sequence[str]) -> None:
        self._left, self._right = left, right

    def __len__(self) -> int:
        return len(self._left) + len(self._right)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        left = len(self._left)
        return self._left[index] if index < left else self._right[index - left]

    def __iter__(self) -> Iterator[str]:
        return chain(self._left, self._right)
