"""Asked questions as the chat leaves them, and people who review them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from common.clock import now
from faq import index, review_count
from faq.engine_models import key_of
from faq.models import AskedQuestion, Entry
from faq.services import save_entry
from tests.faq.conftest import own_index, sign_in  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def fresh_count() -> Iterator[None]:
    """Forget the process's count, before and after: a test's rows roll back, the count does not."""
    review_count.forget()
    yield
    review_count.forget()


@pytest.fixture
def faq(db: None, own_index: None) -> dict[str, Entry]:  # noqa: F811
    """Publish two entries."""
    made = {
        "reset": save_entry(
            Entry(question="How do I reset my password?", answer="By the link.", status="published"),
            ["Forgot my password", "I cannot log in any more"],
        ),
        "invoice": save_entry(
            Entry(question="Where do I find my invoices?", answer="Under Billing.", status="published"),
            ["Download a bill"],
        ),
    }
    index.refresh(force=True)
    return made


def ask(text: str, near: Entry | None = None, sure: float = 0.6, **values: Any) -> AskedQuestion:
    """Store a question; without more it is a near miss of `near`, or without an answer when there is none."""
    days = values.pop("days_ago", 0)
    candidates = (
        [{"entry_id": str(near.pk), "confidence": sure, "score": 0.5, "phrasing": ""}] if near else []
    )
    given = {
        "candidates": candidates,
        "confidence": sure if near else 0.0,
        "threshold": 0.85,
        "route": "common",
        "language": "en",
        **values,
    }
    row = AskedQuestion.objects.create(uuid=uuid4(), text=text, normalised=key_of(text), **given)
    if days:
        AskedQuestion.objects.filter(pk=row.pk).update(created_at=now() - timedelta(days=days))
    return row
