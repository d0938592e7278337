"""Looks at an answer's neighbours before it is published: what visitors are shown now, and the drafts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from faq import index, unpublished
from faq.guard import FIELD, MOST_TEXTS, Finding, judge
from faq.guard import Entry as Seen
from faq.matcher import Candidate, Matcher
from faq.models import Entry

FETCHED = 2 * FIELD  # candidates, so that enough of the language are left


def look(mine: Seen, language: str) -> list[Finding]:
    """Return what an answer would clash with if it were published as it is, the gravest first.

    Asks every way to ask once: about 0.1 s for ten of them, whatever the size of the FAQ. Not for the
    inside of a transaction.
    """
    index.refresh()
    return [*_published(mine, language), *_drafts(mine, language)]


def fresh(mine: Seen, language: str) -> list[Finding]:
    """Return of `look` what the answer did not clash with as it is published now.

    What somebody has published all the same is asked about once, not at every later edit.
    """
    found = look(mine, language)
    if not found or not mine.id:
        return found
    stored = Entry.objects.filter(pk=int(mine.id), status=Entry.Status.PUBLISHED, kind=Entry.Kind.ANSWER)
    before = unpublished.seen(stored.filter(language=language).prefetch_related("phrasings")).get(mine.id)
    if before is None:
        return found
    known = {each.key for each in look(before, language)}
    return [each for each in found if each.key not in known]


def fresh_of(entry: Entry) -> list[Finding]:
    """Return what a stored answer would clash with if it were published; nothing for an article."""
    if entry.kind != Entry.Kind.ANSWER:
        return []
    (mine,) = unpublished.seen([entry]).values()
    return fresh(replace(mine, published=True), entry.language)


def consented(findings: Iterable[Finding], given: str) -> bool:
    """Return whether a person has said "all the same" to each of these; `given` as `consent` made it."""
    return {each.key for each in findings} <= set(given.split("."))


def consent(findings: Iterable[Finding]) -> str:
    """Return what a person consents to, as a form sends it back."""
    return ".".join(sorted(each.key for each in findings))


def reason(findings: Iterable[Finding]) -> str:
    """Return for the history that somebody went on, within its 100 characters."""
    told = dict.fromkeys(f"no. {each.other.id} ({each.kind})" for each in findings)
    said = "Published all the same: " + ", ".join(told)
    return said if len(said) <= 100 else f"{said[:97].rsplit(',', 1)[0]}, …"


def _published(mine: Seen, language: str) -> list[Finding]:
    snapshot = index.current()
    matcher = snapshot.matcher
    if mine.id in snapshot.answers:
        matcher = matcher.changed((), [mine.id])

    def other(key: str) -> Seen | None:
        row = snapshot.rows[key]
        same = row.shown and row.view.language == language
        return Seen(key, tuple(row.texts), row.view.answer) if same else None

    return _judged(mine, matcher, other)


def _drafts(mine: Seen, language: str) -> list[Finding]:
    drafts = unpublished.current()
    matcher = drafts.matcher
    if mine.id in drafts.entries:
        matcher = matcher.changed((), [mine.id])

    def other(key: str) -> Seen | None:
        return drafts.entries[key] if drafts.languages[key] == language else None

    return _judged(mine, matcher, other)


def _judged(mine: Seen, matcher: Matcher, other: Callable[[str], Seen | None]) -> list[Finding]:
    others: dict[str, Seen | None] = {}
    ranked: dict[str, list[Candidate]] = {}
    for text in mine.texts[:MOST_TEXTS]:
        found = matcher.rank(text, FETCHED)
        others |= {each.entry_id: other(each.entry_id) for each in found if each.entry_id not in others}
        ranked[text] = [each for each in found if others[each.entry_id] is not None][:FIELD]
    return judge(mine, ranked, _kept(others))


def _kept(others: Mapping[str, Seen | None]) -> dict[str, Seen]:
    return {key: each for key, each in others.items() if each is not None}
