"""What "Try a question" says of the confidence: each feature with what it added, and why it was held back."""

from math import exp

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from assistant.admin.evidence import Evidence
from faq import calibrating, index, services
from faq.engine_models import Calibration, Negative
from faq.matching.calibration import Weights
from faq.matching.features import WORDS
from faq.models import Entry
from tests.admin.pages import words_of

TRY = reverse("admin:try")


def tried(client: Client, text: str) -> tuple[Evidence, str]:
    """Return the evidence and the words of the page."""
    answer = client.post(TRY, {"text": text})
    assert answer.status_code == 200
    return answer.context["evidence"], " ".join(words_of(answer).split())


def test_the_bars_add_up_to_the_confidence(support: Client) -> None:
    shown, page = tried(support, "what do I do when I have forgotten my password")
    assert shown.contributions
    together = shown.start + sum(row.adds for row in shown.contributions)
    assert shown.logit == pytest.approx(together)
    assert shown.before_guards == pytest.approx(1 / (1 + exp(-together)))
    assert [abs(row.adds) for row in shown.contributions] == sorted(
        (abs(row.adds) for row in shown.contributions), reverse=True
    )
    assert {row.label for row in shown.contributions} <= set(WORDS.values())
    assert "judged with the shipped coefficients" in page
    assert "Together, in log odds" in page
    assert shown.most + shown.others == shown.contributions
    for row in shown.contributions:
        assert 0 <= row.bar_from <= row.bar_from + row.bar_width <= 100.001
        assert row.label[1:] in page


def test_its_bars_are_drawn_by_a_style_sheet_that_the_page_names(support: Client) -> None:
    sheet = "faq/confidence.css"  # without it a bar is a black square
    assert (
        sheet
        in support.post(TRY, {"text": "what do I do when I have forgotten my password"}).content.decode()
    )
    assert finders.find(sheet)


def test_an_exact_hit_needs_no_evidence_and_nothing_near_has_none(support: Client) -> None:
    shown, page = tried(support, "How do I reset my password?")
    assert (shown.exact, shown.contributions, shown.confidence) == (True, (), 1.0)
    assert "needs no evidence" in page
    nothing = support.post(TRY, {"text": "????"})
    assert nothing.context["evidence"] is None


def test_what_must_not_be_answered_is_named(support: Client) -> None:
    entry = Entry.objects.get(question="How do I reset my password?")
    services.add_phrasing(entry, "lost my secret word for signing in")
    Negative.objects.create(text="lost my secret word for signing in to the bank")
    index.refresh(force=True)
    shown, page = tried(support, "lost my secret word for signing in to the bank")
    assert shown.held_back
    assert shown.confidence <= 0.5
    assert "Held back:" in page


def test_a_part_that_no_phrasing_accounts_for_is_named(support: Client) -> None:
    shown, page = tried(support, "How do I reset my password on the office coffee machine?")
    assert shown.held_back == "a part of the question stands in no phrasing of the entry"
    assert not shown.capped
    assert f"Held back: {shown.held_back}." in page
    assert "answered from 1.00" in page


def test_an_own_calibration_a_foreign_language_and_shadow_mode_are_told(support: Client) -> None:
    semantic = index.current().matcher.semantic
    row = Calibration(
        language="en", answer_threshold=0.7, suggest_threshold=0.2, wanted_precision=0.95, reviewed=400
    )
    calibrating.store(row, Weights(1.0, {"odds": 0.5, "gap": 0.1}), semantic, activate=True)
    index.refresh()
    shown, page = tried(support, "what do I do when I have forgotten my password")
    assert f"own calibration en-{row.pk}" in page
    assert len(shown.contributions) == 2
    assert [round(mark.at) for mark in shown.marks] == [20, 70]

    services.save_entry(
        Entry(question="Wie drucke ich Rechnungen aus?", answer="So.", status="published", language="de")
    )
    calibrating.change_settings(mode="shadow")
    index.refresh()
    _, page = tried(support, "Rechnungen drucke ich wie aus")
    assert "German, which has no own calibration" in page
    assert "Shadow mode" in page
