"""Which base a process stands on: its own for a small FAQ, else the worker's newest that is whole."""

import logging
from pathlib import Path

from django.conf import settings

from faq import assembling, bases, half
from faq.bases import Damaged
from faq.engine_models import IndexBuild
from faq.snapshot import Base, Rows

logger = logging.getLogger(__name__)

# A FAQ with fewer phrasings is indexed by each process itself, in less time than a worker is waited for:
# 0.3 s, and 3 s more once in the life of the desk, for the vectors.
SMALL = 2_000
NEWEST = 2  # builds that are kept and tried


def root() -> Path:
    """Return the folder of the builds. They can be made again at any time, so no backup holds them."""
    folder: Path = settings.ENV.data_dir / "faq-index"
    return folder


def phrasings(rows: Rows) -> int:
    """Return how many phrasings a matcher over `rows` holds."""
    return sum(len(row.phrasings) + 1 for row in rows.values() if row.shown)


def choose(rows: Rows, general: tuple[str, ...], number: int, held: Base | None) -> Base:
    """Return the base to stand on: one that exists, or one that is made here and now.

    `held` is the one in use. One is made here when the FAQ is small, and when there is none that holds at
    least half of it: a desk whose worker is dead, or whose folder is on another machine, gets ready all
    the same.
    """
    if phrasings(rows) < SMALL:
        return _own(rows, general, number, held)
    found = _built(held)
    if found is None and held is not None:
        found = held
    if found is not None and not assembling.mostly_new(found, rows):
        return found
    logger.warning("No index of the worker is there: %d entries are indexed here, by words.", len(rows))
    return assembling.base_of(rows, general, number, None)


def _own(rows: Rows, general: tuple[str, ...], number: int, held: Base | None) -> Base:
    if held is not None and not held.name and not assembling.strayed(held, rows):
        return held
    vectors = half.vectors()
    if vectors is not None:
        vectors.gather([text for row in rows.values() if row.shown for text in row.texts], SMALL)
    return assembling.base_of(rows, general, number, vectors.half() if vectors else None)


def _built(held: Base | None) -> Base | None:
    """Return the newest build that can be used; a damaged one is told of and passed over."""
    vectors = half.vectors()
    done = IndexBuild.objects.filter(state=IndexBuild.State.DONE).exclude(folder="")
    for name in done.order_by("-pk").values_list("folder", flat=True)[:NEWEST]:
        if held is not None and held.name == name:
            return held
        try:
            return bases.load(root(), name, vectors.embedder if vectors else None)
        except Damaged as error:
            logger.error("An index is not used: %s", error)
    return None
