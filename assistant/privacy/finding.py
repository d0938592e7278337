"""Find whose data somebody means: by an id that a page shows, by an e-mail address, or by a site's own id."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Q

from assistant.models import Conversation, Visitor
from assistant.privacy.trail import trail_of

MOST = 20  # an address behind which there are more is asked for by id


@dataclass(frozen=True)
class Found:
    """A visitor with what there is of them."""

    visitor: Visitor
    counts: dict[str, int]
    emails: tuple[str, ...]
    last: datetime | None


def find(term: str) -> list[Found]:
    """Return the visitors that `term` means: the id of a visitor, a conversation, a message, an answer or a
    request, a request's number, an e-mail address in any case, or the id that a site has for its person."""
    rows = Visitor.objects.filter(_meaning(term.strip())).distinct().order_by("-created_at")[:MOST]
    return [_found(row) for row in rows]


def _meaning(term: str) -> Q:
    number = re.fullmatch(r"(?:no\.? ?|#)?(\d{1,9})", term, re.IGNORECASE)
    if number:
        return Q(requests__number=int(number[1])) | Q(external_id=term)
    try:
        wanted = UUID(term)
    except ValueError:
        # SQLite compares in any case for ASCII letters only.
        known = Q(external_id=term) | Q(email__iexact=term) | Q(email__iexact=term.lower())
        return known | Q(requests__email__iexact=term) | Q(requests__email__iexact=term.lower())
    return (
        Q(pk=wanted)
        | Q(conversations__pk=wanted)
        | Q(turns__pk=wanted)
        | Q(conversations__replies__pk=wanted)
        | Q(requests__pk=wanted)
    )


def _found(row: Visitor) -> Found:
    written = row.requests.order_by("email").values_list("email", flat=True).distinct()
    emails = tuple(dict.fromkeys([*([row.email] if row.email else []), *written]))
    last = Conversation.objects.filter(visitor=row).aggregate(last=Max("updated_at"))["last"]
    return Found(row, trail_of(row.pk).counts(), emails, last)
