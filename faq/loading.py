"""How a process gets and keeps its snapshot: patched with what an edit touched, or loaded whole beside it.

What takes milliseconds is done by whoever polls. Whatever takes longer (the first load, a new base, an
import, vectors of many texts) is done in a thread of its own with the old snapshot in use meanwhile, and
swapped in whole; what was edited during it is patched on before the swap.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import DatabaseError, connections

from common.clock import ms_since, ticks
from common.versions import read_versions
from faq import assembling, calibrating, changes, half, rows
from faq.base_choice import SMALL, choose, phrasings
from faq.changes import Changes
from faq.finding import Finder
from faq.matching.shipped import SHIPPED
from faq.snapshot import Rows, Snapshot

logger = logging.getLogger(__name__)

BUILT = "faq_index"  # the counter that a finished build raises
COUNTERS = (changes.VERSION, BUILT, calibrating.VERSION)

INLINE_ENTRIES = 50  # that a poll patches by itself: some 50 ms
FILLED_HERE = 200  # texts whose vectors a process computes beside its work; more are the worker's
FILL_S = 2.0
AGAIN_S = 10.0  # after a load that failed


@dataclass(frozen=True)
class Held:
    """What a process answers from, and the counters at which it was read."""

    finder: Finder
    built: int
    calibrated: int

    @property
    def snapshot(self) -> Snapshot:
        """Return the snapshot that is asked."""
        return self.finder.snapshot


class Loader:
    """Keeps one process's snapshot up to date. Readers take `held`, which is replaced whole."""

    def __init__(self) -> None:
        self.held: Held | None = None
        self._lock = threading.Lock()  # of whoever replaces `held`
        self._heavy = threading.Lock()  # of whoever loads whole
        self._beside: threading.Thread | None = None
        self._not_before = 0.0

    def refresh(self, force: bool = False) -> bool:
        """Bring the snapshot up to date in this thread, whatever it takes; return whether it changed."""
        before = self.held
        if before is None or force:
            self._load(before, reread=True)
        elif work := self._look(len(before.snapshot.rows) + INLINE_ENTRIES):
            self._do(work)
        return self.held is not before

    def poll(self) -> None:
        """Bring the snapshot up to date in some milliseconds, or have it done beside."""
        work = self._look(INLINE_ENTRIES) if self.held is not None else "read"
        busy = self._beside is not None and self._beside.is_alive()
        if not work or busy or ticks() < self._not_before:
            return
        self._not_before = ticks() + AGAIN_S
        self._beside = threading.Thread(target=self._run, args=(work,), name="faq-index", daemon=True)
        self._beside.start()

    def forget(self) -> None:
        """Drop the snapshot: for tests, where versions go backwards."""
        if self._beside is not None:
            self._beside.join()
        self._beside, self._not_before = None, 0.0
        with self._lock:
            self.held = None

    def _run(self, work: str) -> None:
        try:
            self._do(work)
            self._not_before = 0.0
        except DatabaseError as error:
            logger.error("The FAQ could not be loaded and is tried again: %s", error)
        finally:
            connections.close_all()

    def _do(self, work: str) -> None:
        if work == "fill":
            self._fill()
        else:
            self._load(self.held, reread=work == "read")

    def _look(self, most: int) -> str:
        """Patch what is little, and return what is left to do beside: "read", "base", "fill" or nothing.

        One query when nothing has changed.
        """
        with self._lock:
            counts, held = read_versions(COUNTERS), self.held
            if held is None:
                return "read"
            touched = self._touched(held.snapshot, counts)
            if touched is None or len(touched.entries) > most:
                return "read"
            if held.snapshot.number != counts[changes.VERSION]:
                held = self._swap(_patched(held.snapshot, touched, counts[changes.VERSION]), counts, held)
            elif held.calibrated != counts[calibrating.VERSION]:
                held = self._swap(held.snapshot, counts, held)
            if held.built != counts[BUILT] or _stale(held.snapshot):
                return "base"
            return "fill" if 0 < len(held.snapshot.waiting) <= FILLED_HERE else ""

    @staticmethod
    def _touched(held: Snapshot, counts: Mapping[str, int]) -> Changes | None:
        number = counts[changes.VERSION]
        return changes.since(held.number, number) if number != held.number else Changes()

    def _swap(self, snapshot: Snapshot, counts: Mapping[str, int], held: Held | None) -> Held:
        """Put a snapshot into use. The caller holds the lock."""
        same = held is not None and held.snapshot.matcher.semantic == snapshot.matcher.semantic
        if held is not None and same and held.calibrated == counts[calibrating.VERSION]:
            finder = Finder(snapshot, held.finder.mode, held.finder.calibrations, SHIPPED)
        else:
            known = calibrating.calibrations(snapshot.matcher.semantic)
            finder = Finder(snapshot, calibrating.mode(), known, SHIPPED)
        built = held.built if held is not None else counts[BUILT]
        self.held = Held(finder.prepared(), built, counts[calibrating.VERSION])
        return self.held

    def _load(self, seen: Held | None, reread: bool) -> None:
        """Load whole, on the best base there is, unless somebody else has since `seen`."""
        with self._heavy:
            held = self.held
            if held is not seen and reread:
                return
            began = ticks()
            counts = read_versions(COUNTERS)  # before the rows, see common.versions
            if held is None or reread:
                number, general = counts[changes.VERSION], rows.read_general()
                read: Rows = rows.read_all()
            else:
                number, read, general = held.snapshot.number, held.snapshot.rows, held.snapshot.general
            base = choose(read, general, number, held.snapshot.base if held else None)
            _gather(assembling.fresh_texts(base, read))
            snapshot = assembling.on_base(base, read, general, number, _half()).prepared()
            with self._lock:
                made = self._swap(self._caught_up(snapshot), counts, None)
            logger.info("FAQ version %d loaded in %d ms", made.snapshot.number, ms_since(began))

    def _caught_up(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with what was edited meanwhile; the next poll sees what the log lost."""
        number = read_versions((changes.VERSION,))[changes.VERSION]
        touched = changes.since(snapshot.number, number)
        if touched is None or number == snapshot.number:
            return snapshot
        return _patched(snapshot, touched, number)

    def _fill(self) -> None:
        """Give entries their vectors that were found by words alone until now."""
        held, vectors = self.held, half.vectors()
        if held is None or vectors is None:
            return
        waiting = held.snapshot.waiting
        texts = [
            text
            for entry in waiting
            if entry in held.snapshot.rows
            for text in held.snapshot.rows[entry].texts
        ]
        vectors.compute(texts, FILL_S)
        with self._lock:
            now_held = self.held
            if now_held is None:
                return
            snapshot = now_held.snapshot
            again = {entry: snapshot.rows[entry] for entry in waiting if entry in snapshot.rows}
            counts = {calibrating.VERSION: now_held.calibrated}
            self._swap(
                assembling.patched(snapshot, snapshot.number, set(again), again, snapshot.general, _half()),
                counts,
                now_held,
            )


def _patched(held: Snapshot, touched: Changes, number: int) -> Snapshot:
    """Return the snapshot after edits, having read no more than what they touched."""
    fresh = rows.read_some(touched.entries) if touched.entries else {}
    general = rows.read_general() if touched.negatives else held.general
    _gather([text for row in fresh.values() if row.shown for text in row.texts])
    ids = {str(pk) for pk in touched.entries}
    return assembling.patched(held, number, ids, fresh, general, _half())


def _stale(held: Snapshot) -> bool:
    """Return whether a base that this process made itself is worth making again."""
    return not held.base.name and phrasings(held.rows) < SMALL and assembling.outgrown(held)


def _gather(texts: list[str]) -> None:
    vectors = half.vectors()
    if vectors is not None:
        vectors.gather(texts, half.INLINE)


def _half() -> assembling.Half | None:
    vectors = half.vectors()
    return vectors.half() if vectors is not None else None
