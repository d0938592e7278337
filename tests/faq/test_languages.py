"""A FAQ in several languages: whose answers are asked first, and what a FAQ in one language is spared."""

from dataclasses import replace

import pytest

from faq import index, services
from faq.models import Entry

pytestmark = [pytest.mark.usefixtures("own_index"), pytest.mark.django_db]

BOTH = "SSO Webhook Login"  # asked alike in both languages


def published(question: str, *phrasings: str, language: str, featured: int | None = None) -> str:
    entry = Entry(
        question=question,
        answer=f"In {language}.",
        status=Entry.Status.PUBLISHED,
        language=language,
        featured=featured,
    )
    return str(services.save_entry(entry, phrasings).pk)


def test_the_answer_in_the_language_of_the_question_wins() -> None:
    english = published("How do I sign in with SSO?", "Webhook login with SSO", BOTH, language="en")
    german = published("Wie melde ich mich mit SSO an?", "Login per Webhook und SSO", BOTH, language="de-AT")
    cards = published("Do you sell gift cards?", "gift vouchers", language="en")
    for number in range(4):  # so that neither language is the exception
        published(f"Was kostet Paket {number}?", language="de")
        published(f"What does parcel {number} cost?", language="en")
    index.refresh(force=True)

    for language, wanted in (("en", english), ("de", german), ("de-CH", german)):
        found = index.match(BOTH.lower(), language=language)
        assert found.answered
        assert [each.entry_id for each in found.candidates[:1]] == [wanted]
    # Near to both: among all of them neither is sure; in English alone one is, and German, which has no
    # calibration here, offers its own and nothing else.
    asked = "webhook login sso please tell"
    assert {each.entry_id for each in index.match(asked).suggested} == {english, german}
    assert index.match(asked, language="en").answered
    in_german = index.match(asked, language="de")
    assert not in_german.answered
    assert [each.entry_id for each in in_german.suggested] == [german]
    # What exists in English only is shown when it is sure.
    only = index.match("some gift card voucher", language="de")
    assert only.answered
    assert [each.entry_id for each in only.candidates[:1]] == [cards]
    # A language in which there is nothing, or none, asks all of them alike.
    unknown = index.match("gift card", language="")
    assert replace(index.match("gift card", language="it"), took_ms=unknown.took_ms) == unknown


def test_a_faq_in_one_language_is_asked_once_and_found_as_ever() -> None:
    published("Do you sell gift cards?", "gift vouchers", language="en")
    published("How do I pay?", language="en-GB")
    index.refresh(force=True)
    assert index.current().foreign == {}
    plain = index.match("gift card for sale")
    for language in ("en", "de", "it"):
        assert replace(index.match("gift card for sale", language=language), took_ms=plain.took_ms) == plain


def test_starters_are_those_of_the_visitor_else_those_of_most_answers() -> None:
    for place, question in enumerate(("How do I pay?", "Who are you?"), start=1):
        published(question, language="en", featured=place)
    published("Wie bezahle ich?", language="de", featured=3)
    index.refresh(force=True)
    questions = {
        language: [each.question for each in index.starters(5, language)]
        for language in ("", "en", "de", "ja")
    }
    assert questions["de"] == ["Wie bezahle ich?"]
    assert questions["en"] == questions["ja"] == ["How do I pay?", "Who are you?"]
    assert questions[""] == [*questions["en"], *questions["de"]]
