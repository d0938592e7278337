"""Questions that must not be answered: kept once, and never over a published phrasing."""

import pytest
from django.core.exceptions import ValidationError

from common.versions import read_version
from faq import changes, negatives, services
from faq.changes import Changes
from faq.engine_models import Negative
from faq.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_index")]


def published(question: str, *phrasings: str, language: str = "en") -> Entry:
    entry = Entry(question=question, answer="Yes.", status=Entry.Status.PUBLISHED, language=language)
    return services.save_entry(entry, phrasings)


def test_a_question_is_kept_once_from_an_entry_and_once_from_all_of_a_language() -> None:
    entry = published("How do I pay?", language="de")
    kept = negatives.add("  Who pays\nme? ", entry=entry, who="ada")
    assert kept is not None
    assert (kept.text, kept.language, kept.created_by) == ("Who pays me?", "de", "ada")
    assert negatives.add("who pays ME", entry=entry) is None
    assert negatives.add("Who pays me?") is not None
    assert negatives.add("Who pays me?") is None
    assert negatives.add("Who pays me?", language=" DE ") is not None
    assert Negative.objects.count() == 3

    with pytest.raises(ValidationError, match="in the list already"):
        negatives.save(Negative(text="Who pays me", language="en"))
    with pytest.raises(ValidationError, match="at least one word"):
        negatives.add("?!")
    with pytest.raises(ValidationError, match="300"):
        negatives.add("a " * 301)


def test_what_an_entry_is_published_for_cannot_be_kept_from_it() -> None:
    entry = published("How do I pay?", "Ways to pay")
    other = published("Do you sell cards?")
    before = read_version("faq")
    for kept_from in (entry, None):
        with pytest.raises(ValidationError, match=f"How do I pay.*no. {entry.pk}"):
            negatives.add("ways to PAY", entry=kept_from)
    assert read_version("faq") == before
    assert negatives.add("ways to pay", entry=other) is not None
    assert negatives.add("ways to pay", language="de") is not None


def test_the_log_names_the_entries_that_an_edit_of_one_touches() -> None:
    one, other = published("How do I pay?"), published("Do you sell cards?")
    negative = negatives.add("Who pays me?", entry=one)
    assert negative is not None
    at = read_version("faq")
    negative.entry = other
    negatives.save(negative)
    assert changes.since(at, at + 1) == Changes(frozenset({one.pk, other.pk}))
    negative.entry = None
    negatives.save(negative)
    assert changes.since(at + 1, at + 2) == Changes(frozenset({other.pk}), negatives=True)
    negatives.remove(negative)
    assert changes.since(at + 2, at + 3) == Changes(negatives=True)
