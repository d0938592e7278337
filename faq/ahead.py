"""Work that is begun before it is asked for, and handed once to each for whom it was begun.

Pure. No cache: who asks without having had it begun does the work anew.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 64  # begun and not asked for; more messages than that never wait for one process's database thread


@dataclass
class _Begun(Generic[T]):
    result: Future[T]
    takers: int = 1


class Ahead(Generic[T]):
    """Pieces of work by their key; safe to use from several threads."""

    def __init__(self) -> None:
        self._begun: OrderedDict[Hashable, _Begun[T]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, key: Hashable, work: Callable[[], T]) -> None:
        """Do the work in this thread, or wait for whoever does it already. Raises what it raises."""
        mine: _Begun[T] = _Begun(Future())
        with self._lock:
            begun = self._begun.setdefault(key, mine)
            if begun is not mine:
                begun.takers += 1
            while len(self._begun) > MOST:
                self._begun.popitem(last=False)
        if begun is not mine:
            begun.result.result()
            return
        try:
            mine.result.set_result(work())
        except BaseException as error:
            with self._lock:
                if self._begun.get(key) is mine:
                    del self._begun[key]
            mine.result.set_exception(error)
            raise

    def take(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return what was begun under `key`, waiting for its end, else what `work` returns.

        Raises what either does.
        """
        with self._lock:
            begun = self._begun.get(key)
            if begun is not None:
                begun.takers -= 1
                if not begun.takers:
                    del self._begun[key]
        return work() if begun is None else begun.result.result()
