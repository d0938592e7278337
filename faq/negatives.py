"""Questions that must not be answered: by one entry, or by any entry of a language."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from common.text import clean
from faq import changes
from faq.engine_models import Negative, key_of
from faq.models import Entry


def add(text: str, *, entry: Entry | None = None, language: str = "en", who: str = "") -> Negative | None:
    """Keep `entry`, or without one all of `language`, from answering `text`; None if it stands already.

    With an entry its language counts. Raises ValidationError for a text without a word, of more than 300
    characters, or that is a published phrasing of what it would be kept from, which is named.
    """
    negative = Negative(entry=entry, text=text, language=language, created_by=who[:150])
    return save(negative) if not _stands(_prepared(negative)) else None


@transaction.atomic
def save(negative: Negative) -> Negative:
    """Store a new or an edited one; raises ValidationError as `add` does, and when there are two of it."""
    before = Negative.objects.filter(pk=negative.pk).first() if negative.pk else None
    _announce(*(each for each in (before, negative) if each is not None))
    check(negative)
    negative.save()
    return negative


def check(negative: Negative) -> None:
    """Raise ValidationError when it cannot stand: twice, without a word, or a published phrasing."""
    if _stands(_prepared(negative)):
        raise ValidationError({"text": "This question is in the list already."})
    negative.full_clean()
    owner = _owner(negative)
    if owner is not None:
        raise ValidationError(
            {"text": f"“{negative.text}” leads to the published entry “{owner.question}” (no. {owner.pk})."}
        )


@transaction.atomic
def remove(negative: Negative) -> None:
    """Let a question be answered again."""
    _announce(negative)
    negative.delete()


def barring(entry: Entry, texts: Iterable[str]) -> list[Negative]:
    """Return the negatives by which one of `texts` is not to be answered by this entry, or by any."""
    keys = {key_of(text) for text in texts} - {""}
    own = Q(entry=entry) if entry.pk else Q(pk=None)
    every = Q(entry=None, language=entry.language)
    return list(Negative.objects.filter(own | every, normalised__in=keys).select_related("entry"))


def told(negative: Negative) -> str:
    """Return in one sentence why a phrasing cannot stand."""
    by = "this entry" if negative.entry else "any entry"
    return (
        f"“{negative.text}” is a question that must not be answered by {by} (no. {negative.pk}). "
        "Take it off that list first."
    )


def _prepared(negative: Negative) -> Negative:
    negative.text = " ".join(clean(negative.text).split())
    entry = negative.entry
    negative.language = entry.language if entry else negative.language.strip().lower()
    negative.clean()
    return negative


def _stands(negative: Negative) -> bool:
    same = Negative.objects.filter(normalised=negative.normalised, entry=negative.entry)
    same = same.exclude(pk=negative.pk)
    return (same if negative.entry else same.filter(language=negative.language)).exists()


def _owner(negative: Negative) -> Entry | None:
    """Return the published answer that this question is a phrasing of, among those it is kept from."""
    entries = Entry.objects.filter(status=Entry.Status.PUBLISHED, kind=Entry.Kind.ANSWER)
    kept = (
        entries.filter(pk=negative.entry.pk) if negative.entry else entries.filter(language=negative.language)
    )
    key = negative.normalised
    return kept.filter(Q(question_normalised=key) | Q(phrasings__normalised=key)).first()


def _announce(*touched: Negative) -> None:
    """Raise the version, with its lock: of two who add the same question one finds it there."""
    entries = [each.entry.pk for each in touched if each.entry]
    changes.announce(entries, negatives=any(each.entry is None for each in touched))
