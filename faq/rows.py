"""Reads the published entries with all that an index is made of."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from faq.engine_models import Negative
from faq.models import Entry, Phrasing
from faq.snapshot import EntryView, Row

AT_ONCE = 500  # ids in a query: SQLite takes at most 999 variables in its oldest builds

_FIELDS = (
    "pk", "kind", "question", "answer", "language", "category", "version", "featured", "reviewed_on",
)  # fmt: skip


def read_all() -> dict[str, Row]:
    """Return every published entry by id, in the order of the ids. Three queries."""
    return {row.view.id: row for row in _rows(None)}


def read_some(pks: Collection[int]) -> dict[str, Row]:
    """Return those of these entries that are published, by id. Three queries for 500 entries."""
    wanted = sorted(pks)
    parts = (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE))
    return {row.view.id: row for part in parts for row in _rows(part)}


def read_any(pks: Collection[int]) -> dict[str, Row]:
    """Return these entries by id, published or not, as they would be if they were published now."""
    return {row.view.id: row for row in _rows(sorted(pks), published=False)}


def read_general() -> tuple[str, ...]:
    """Return the questions that no entry may answer."""
    found = Negative.objects.filter(entry=None).order_by("pk")
    return tuple(found.values_list("text", flat=True))


def _rows(pks: Collection[int] | None, published: bool = True) -> Iterator[Row]:
    entries, phrasings, negatives = Entry.objects.all(), Phrasing.objects.all(), Negative.objects.all()
    if published:
        entries = entries.filter(status=Entry.Status.PUBLISHED)
        phrasings = phrasings.filter(entry__status=Entry.Status.PUBLISHED)
        negatives = negatives.filter(entry__status=Entry.Status.PUBLISHED)
    if pks is not None:
        entries = entries.filter(pk__in=pks)
        phrasings, negatives = phrasings.filter(entry__in=pks), negatives.filter(entry__in=pks)
    texts = _texts(phrasings.order_by("pk").values_list("entry_id", "text"))
    against = _texts(negatives.order_by("pk").values_list("entry_id", "text"))
    for pk, kind, question, answer, language, category, version, featured, reviewed_on in entries.order_by(
        "pk"
    ).values_list(*_FIELDS):
        view = EntryView(str(pk), question, answer, language, version, reviewed_on, category)
        yield Row(view, kind, featured, tuple(texts.get(pk, ())), tuple(against.get(pk, ())))


def _texts(pairs: Iterable[tuple[int | None, str]]) -> dict[int | None, list[str]]:
    found: dict[int | None, list[str]] = defaultdict(list)
    for pk, text in pairs:
        found[pk].append(text)
    return found
