"""A matcher over every answer of one language, drafts included: who else lives where a text would go.

Visitors' matcher holds published entries only; after an import all neighbours are drafts.
"""

import threading
from dataclasses import dataclass

from common.clock import ticks
from common.versions import read_version
from faq.index import VERSION
from faq.matcher import Matcher
from faq.models import Entry
from faq.rivals import Verdict, judge

# Building takes 0.03 s for 50 entries and 4 s for 5,000 (one core); while somebody accepts one proposal
# after the other, each raising the version, at most a twentieth of the time goes into building.
LIFE_FACTOR = 20


@dataclass(frozen=True)
class _Built:
    version: int
    until: float
    matcher: Matcher


_lock = threading.Lock()
_built: dict[str, _Built] = {}


def matcher(language: str) -> Matcher:
    """Return the matcher of a language, built again when the FAQ has changed and the old one has lived."""
    with _lock:
        version, held = read_version(VERSION), _built.get(language)
        if held is not None and (held.version == version or ticks() < held.until):
            return held.matcher
        began = ticks()
        made = Matcher.build(_rows(language))
        done = ticks()
        _built[language] = _Built(version, done + LIFE_FACTOR * (done - began), made)
        return made


def _rows(language: str) -> list[tuple[str, list[str]]]:
    entries = (
        Entry.objects.filter(kind=Entry.Kind.ANSWER, language=language)
        .exclude(status=Entry.Status.ARCHIVED)
        .prefetch_related("phrasings")
        .order_by("pk")
    )
    return [(str(row.pk), [row.question, *(each.text for each in row.phrasings.all())]) for row in entries]


def forget() -> None:
    """Drop what was built: for tests, where versions go backwards."""
    with _lock:
        _built.clear()


def verdict(entry: Entry, text: str) -> Verdict:
    """Return whether `text` would lead to `entry` or to another one."""
    return judge(matcher(entry.language), str(entry.pk), text)
