"""Questions of an earlier release get the form by which they are grouped."""

import pytest

from faq import backfill, review
from faq.models import AskedQuestion, Entry
from tests.review.conftest import ask


def test_old_questions_come_into_the_queue(faq: dict[str, Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "CHUNK", 2)
    for text in ("Where do bills live?", "password by phone", "mobile app", "???"):
        ask(text, faq["reset"])
    kept = ask("stored already", faq["reset"])
    AskedQuestion.objects.exclude(pk=kept.pk).update(normalised="")
    assert len(review.read(review.Filters()).groups) == 1
    assert backfill.normalise_asked() == 3
    assert len(review.read(review.Filters()).groups) == 4
    assert AskedQuestion.objects.filter(normalised="where do bills live").exists()
    assert backfill.normalise_asked() == 0
