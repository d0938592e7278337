"""What the import pages show: rows with their differences, counts, and the same as files."""

import io
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from openpyxl import Workbook

from common.safe_csv import written
from faq.admin.filters import FEW_PHRASINGS
from faq.embedder import known_absence
from faq.expected import coverage
from faq.import_models import Upload, UploadRow
from faq.importing.differences import Piece, difference
from faq.importing.documents import Document, restored
from faq.importing.reading import LABELS, TABLES
from faq.imports import TO_STORE, kind_of, new_phrasings
from faq.models import Entry

ROWS_A_PAGE = 50
DRAFTS_TOLD = 20  # on the last page, of those that nobody had published in the old system either
# In the order in which they want to be looked at.
GROUPS = {
    "live": ("Changes a published entry", "warn"),
    "error": ("With an error", "bad"),
    "changed": ("Changed", "info"),
    "new": ("New", "good"),
    "unchanged": ("Unchanged", "plain"),
}
REFUSED = "refused"
SAMPLE = (
    ("Question", "Answer", "Phrasing 1", "Phrasing 2", "Phrasing 3", "Category", "Language"),
    (
        "Do you sell gift cards?",
        "Yes. Choose **Gift card** on our booking page, pick an amount and pay by card.",
        "Gift vouchers",
        "Can I buy a gift card online?",
        "How do I give an appointment as a present?",
        "Payments",
        "en",
    ),
    (
        "Where can I park?",
        "There are two free places behind the house, reached from Mill Lane.",
        "Parking",
        "Is there a car park near you?",
        "Do you have parking for customers?",
        "Visiting us",
        "en",
    ),
)


def counts(upload: Upload) -> dict[str, int]:
    """Return how many rows there are of each action."""
    found = upload.rows.order_by().values("action").annotate(number=Count("pk"))
    return {row["action"]: row["number"] for row in found}


def preview(upload: Upload, request: HttpRequest) -> dict[str, Any]:
    """Return what the preview shows: the counts, and one page of one group."""
    number = counts(upload)
    groups = [
        {"key": key, "name": name, "look": look, "count": number[key]}
        for key, (name, look) in GROUPS.items()
        if number.get(key)
    ]
    wanted = request.GET.get("show", "")
    shown = wanted if number.get(wanted) else (str(groups[0]["key"]) if groups else "")
    page = Paginator(upload.rows.filter(action=shown), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return {
        "groups": groups,
        "shown": shown,
        "group_name": GROUPS[shown][0] if shown else "",
        "part": page,
        "rows": [_row(row) for row in _with_entries(page.object_list)],
        "todo": sum(number.get(action, 0) for action in TO_STORE),
        "live": number.get("live", 0),
        "drafts": number.get("new", 0) + number.get("changed", 0),
        "approved": upload.rows.filter(action="live", approved=True).count(),
        "errors": number.get("error", 0),
        "is_table": upload.format in TABLES,
        "format": LABELS[upload.format],
    }


def _with_entries(rows: Any) -> QuerySet[UploadRow]:
    found: QuerySet[UploadRow] = rows.select_related("entry").prefetch_related("entry__phrasings")
    return found


def _row(row: UploadRow) -> dict[str, Any]:
    document = restored(row.document)
    return {
        "row": row,
        "document": document,
        "article": kind_of(document, row.entry) == Entry.Kind.ARTICLE,
        "changes": list(_changes(document, row.entry)) if row.entry and row.changes else [],
    }


def _changes(document: Document, entry: Entry) -> Iterator[tuple[str, list[Piece]]]:
    """Yield each field that changes with its difference."""
    fields = [("question", document.question), ("answer", document.answer), ("language", document.language)]
    if document.category is not None:
        fields.append(("category", document.category))
    for name, new in fields:
        old = getattr(entry, name)
        if old != new:
            yield name, difference(old, new)
    kind = kind_of(document, entry)
    if kind != entry.kind:
        yield "kind", [Piece("removed", entry.kind), Piece("added", str(kind))]
    fresh = new_phrasings(document, entry)
    if fresh:
        yield "phrasings", [Piece("added", text) for text in fresh]


def result(upload: Upload) -> dict[str, Any]:
    """Return what was done, and how the FAQ stands now."""
    found = upload.rows.order_by().values("action", "outcome").annotate(number=Count("pk"))
    done = {(row["action"], row["outcome"]): row["number"] for row in found}

    def of(outcome: str, *actions: str) -> int:
        return sum(
            n for (action, each), n in done.items() if each == outcome and (not actions or action in actions)
        )

    answers = Entry.objects.filter(kind=Entry.Kind.ANSWER).exclude(status=Entry.Status.ARCHIVED)
    few = answers.alias(held=Count("phrasings")).filter(held__lt=FEW_PHRASINGS).count()
    drafts = list(upload.rows.filter(outcome="stored", document__unpublished=True)[: DRAFTS_TOLD + 1])
    return {
        "unpublished": drafts[:DRAFTS_TOLD],
        "unpublished_more": len(drafts) > DRAFTS_TOLD,
        "created": of("stored", "new"),
        "updated": of("stored", "changed", "live"),
        "unchanged": of("", "unchanged"),
        "kept": of("kept"),
        "refused": of(REFUSED),
        "errors": of("", "error"),
        "refused_rows": upload.rows.filter(outcome=REFUSED)[:20],
        "entries": Entry.objects.exclude(status=Entry.Status.ARCHIVED).count(),
        "answers": answers.count(),
        "few": few,
        "few_phrasings": FEW_PHRASINGS,
        "coverage": coverage(semantic=known_absence() == ""),
        "proposals_url": _proposals_url(),
    }


def _proposals_url() -> str:
    try:
        return reverse("admin:faq_proposals")
    except NoReverseMatch:
        return ""


# --- files -----------------------------------------------------------------------------------------

_HEAD = ("result", "place", "question", "answer", "phrasings", "category", "language", "what is said of it")


def rows_csv(upload: Upload, only: str) -> str:
    """Return rows as CSV; mended, the file can be uploaded again as it is."""
    rows = upload.rows.all()
    if only == REFUSED:
        rows = rows.filter(outcome=REFUSED)
    elif only in GROUPS:
        rows = rows.filter(action=only)
    return written([_HEAD, *(_cells(row) for row in rows.iterator(chunk_size=500))])


def _cells(row: UploadRow) -> tuple[str, ...]:
    document = restored(row.document)
    return (
        row.get_outcome_display() if row.outcome else row.get_action_display(),
        document.place,
        document.question,
        document.answer,
        "\n".join(document.phrasings),
        document.category or "",
        document.language,
        row.message or ", ".join(row.changes),
    )


def sample_csv() -> str:
    """Return a file that shows how one looks."""
    return written(SAMPLE)


def sample_xlsx() -> bytes:
    """Return the same as a workbook."""
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = "FAQ"
    for row in SAMPLE:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
