"""Makes snapshots: whole, on a base that exists, or from another snapshot and what an edit touched.

Pure. Vectors come from a callable, so that nothing here knows where they are kept.
"""

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from faq.matcher import Matcher
from faq.matching.sparse import Floats
from faq.retrieval import PassageIndex
from faq.snapshot import (
    Base,
    Rows,
    Snapshot,
    asked_of,
    cited_of,
    differing,
    digest_of,
    entries_of,
    negatives_of,
    with_rows,
)

# Entries that may differ from a base before it is made again: the weights of words are the base's, and a
# quarter of new entries is where rankings begin to differ (docs/faq.md). A few are never worth it.
STRAYED_SHARE = 0.25
LEAST_STRAYED = 20
# With so few entries each counts, and the base is made again in 0.3 s: after every edit, so that what an edit
# and its undoing leave behind is what stood before.
FEW_ENTRIES = 100


@dataclass(frozen=True)
class Half:
    """The semantic half: who embeds a question, and where the vectors of phrasings come from.

    `vectors` gives a row of zeros for a text that has no vector yet: the text is found by its words
    meanwhile. `missing` says which texts these are.
    """

    embedder: Any
    vectors: Callable[[Sequence[str]], Floats]
    missing: Callable[[Iterable[str]], Set[str]]


def base_of(rows: Rows, general: Sequence[str], number: int, half: Half | None) -> Base:
    """Index everything: 1.5 s at 10,000 phrasings and 16 s at 100,000 on one core."""
    negatives = negatives_of(rows, general)
    asked = asked_of(rows)
    matcher = Matcher.build(
        entries_of(rows, asked),
        half.embedder if half else None,
        negatives=negatives,
        vectors=half.vectors if half else None,
    )
    passages = PassageIndex.build({entry: row.documents() for entry, row in rows.items()})
    return Base("", number, matcher, passages, asked, cited_of(rows), digest_of(negatives))


def on_base(base: Base, rows: Rows, general: tuple[str, ...], number: int, half: Half | None) -> Snapshot:
    """Return the snapshot of `rows`, with what they differ from the base by as changes on top of it."""
    asked = asked_of(rows)
    fresh, gone = differing(base.asked, asked)
    negatives = negatives_of(rows, general)
    half = half if base.matcher.semantic else None
    matcher = base.matcher
    if fresh or gone or digest_of(negatives) != base.negatives:
        matcher = matcher.changed(
            entries_of(rows, fresh), gone, negatives, vectors=half.vectors if half else None
        )
    reread, removed = differing(base.cited, cited_of(rows))
    passages = base.passages
    if reread or removed:
        passages = passages.changed({entry: rows[entry].documents() for entry in reread}, removed)
    waiting = without_vectors(rows, fresh, half)
    return Snapshot(number, rows, general, matcher, passages, base, waiting)


def patched(
    held: Snapshot,
    number: int,
    touched: Collection[str],
    fresh: Rows,
    general: tuple[str, ...],
    half: Half | None,
) -> Snapshot:
    """Return the snapshot after an edit of the entries `touched`, of which `fresh` are published now."""
    half = half if held.matcher.semantic else None
    rows = with_rows(held.rows, touched, fresh)
    shown = {entry for entry, row in fresh.items() if row.shown}
    upserts = [entry for entry in shown if not _same(held.rows, fresh, entry) or entry in held.waiting]
    removed = [entry for entry in touched if entry not in shown and _shown(held.rows, entry)]
    matcher = held.matcher
    before, after = negatives_of(held.rows, held.general), negatives_of(rows, general)
    if upserts or removed or before != after:
        negatives = after if before != after else None
        vectors = half.vectors if half else None
        matcher = matcher.changed(entries_of(rows, sorted(upserts)), removed, negatives, vectors=vectors)
    passages = held.passages
    reread = [entry for entry, row in fresh.items() if _cited(held.rows, entry) != row.cited]
    over = [entry for entry in touched if entry not in fresh and entry in held.rows]
    if reread or over:
        passages = passages.changed({entry: fresh[entry].documents() for entry in reread}, over)
    waiting = (held.waiting - set(touched)) | without_vectors(rows, shown, half)
    return replace(
        held,
        number=number,
        rows=rows,
        general=general,
        matcher=matcher,
        passages=passages,
        waiting=waiting,
    )


def fresh_texts(base: Base, rows: Rows) -> list[str]:
    """Return the phrasings that the base does not hold."""
    fresh, _ = differing(base.asked, asked_of(rows))
    return [text for entry in fresh for text in rows[entry].texts]


def strayed(base: Base, rows: Rows) -> bool:
    """Return whether so much has changed since the base that it is worth making again, if that is cheap."""
    fresh, gone = differing(base.asked, asked_of(rows))
    count = len(base.asked)
    most = 0 if count <= FEW_ENTRIES else max(LEAST_STRAYED, STRAYED_SHARE * count)
    return len(fresh) + len(gone) > most


def mostly_new(base: Base, rows: Rows) -> bool:
    """Return whether the base holds less than half of what there is, and is no base for the rest."""
    wanted = asked_of(rows)
    fresh, _ = differing(base.asked, wanted)
    return 2 * len(fresh) > len(wanted)


def outgrown(held: Snapshot) -> bool:
    """Return whether a snapshot should stand on another base, looking no further while its changes are few.

    A few entries that were changed and changed back differ from their base in nothing, but are weighed as
    changes until they are taken from it again.
    """
    if len(held.base.asked) <= FEW_ENTRIES:
        return held.matcher.delta_rows > 0
    return held.matcher.delta_rows > LEAST_STRAYED and strayed(held.base, held.rows)


def without_vectors(rows: Rows, entries: Iterable[str], half: Half | None) -> frozenset[str]:
    """Return the entries of which a text has no vector yet; none without a semantic half."""
    if half is None:
        return frozenset()
    texts = {entry: rows[entry].texts for entry in entries}
    missing = half.missing({text for each in texts.values() for text in each})
    if not missing:
        return frozenset()
    return frozenset(entry for entry, each in texts.items() if not missing.isdisjoint(each))


def _same(held: Rows, fresh: Rows, entry: str) -> bool:
    before = held.get(entry)
    return before is not None and before.asked == fresh[entry].asked


def _shown(rows: Rows, entry: str) -> bool:
    return entry in rows and rows[entry].shown


def _cited(rows: Rows, entry: str) -> bytes:
    return rows[entry].cited if entry in rows else b""
