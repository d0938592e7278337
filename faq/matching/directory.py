"""Which number an entry has, and in which segment its rows lie."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faq.matching.grams import Ints
from faq.matching.sparse import Floats, Places


@dataclass(frozen=True)
class Directory:
    """The entries of a store; a number stays its entry's for as long as the base lives."""

    ids: list[str]  # by number; "" for an entry that was removed
    numbers: Mapping[str, int]
    in_base: NDArray[np.bool_]  # by number: the rows are those of the base
    group: Places  # by number: the group in the delta, -1 for none
    members: Ints  # the number of each group of the delta

    @classmethod
    def of(cls, ids: Sequence[str]) -> "Directory":
        """Number the entries of a base. Raises ValueError for an id that is empty or stands there twice."""
        numbers = unique(ids)
        size = len(ids)
        nothing = np.full(size, -1, dtype=np.int32)
        return cls(list(ids), numbers, np.ones(size, dtype=bool), nothing, np.zeros(0, dtype=np.int64))

    def changed(self, delta: Sequence[str], removed: Collection[str]) -> "Directory":
        """Return the directory with the entries `delta` in the delta, in this order, and others removed."""
        ids, numbers = list(self.ids), dict(self.numbers)
        gone = [numbers.pop(name) for name in removed if name in numbers]
        for number in gone:
            ids[number] = ""
        for name in delta:
            if name not in numbers:
                numbers[name] = len(ids)
                ids.append(name)
        members = np.array([numbers[name] for name in delta], dtype=np.int64)
        in_base = np.zeros(len(ids), dtype=bool)
        in_base[: len(self.in_base)] = self.in_base
        in_base[gone] = False
        in_base[members] = False
        group = np.full(len(ids), -1, dtype=np.int32)
        group[members] = np.arange(len(members))
        return Directory(ids, numbers, in_base, group, members)

    def by_entry(self, base: Floats, delta: Floats) -> Floats:
        """Return by number what the groups of base and delta have, 0 for a removed entry."""
        found = np.zeros(len(self.ids), dtype=np.float32)
        found[: len(base)] = base
        found[~self.in_base] = 0
        if len(delta):
            found[self.members] = delta
        return found


def unique(ids: Sequence[str]) -> dict[str, int]:
    """Return the place of each id. Raises ValueError for one that is empty or stands there twice."""
    places = {name: place for place, name in enumerate(ids)}
    if len(places) < len(ids) or "" in places:
        raise ValueError("Every entry needs an id of its own that is not empty.")
    return places
