"""A small FAQ stands on a base that holds its edits, and forgets an edit that was taken back."""

import pytest

from faq import index, services
from faq.models import Entry

pytestmark = pytest.mark.django_db

QUESTIONS = ("How do I pay?", "Where is my parcel?", "Can I bring my dog?")


def published(question: str) -> Entry:
    return services.save_entry(Entry(question=question, answer="Yes.", status=Entry.Status.PUBLISHED))


def test_an_edit_and_its_undoing_leave_nothing_behind() -> None:
    entries = [published(question) for question in QUESTIONS]
    index.refresh(force=True)
    asked = "how can i bring a parcel and pay"
    before = index.match(asked).candidates
    phrasing = services.add_phrasing(entries[0], "Which cards do you take?")
    index.refresh()
    assert index.match("which cards do you take").candidates[0].exact
    assert phrasing is not None
    services.remove_phrasing(phrasing)
    index.refresh()
    index.refresh()
    state = index.state()
    assert state is not None and state.changed_rows == 0
    assert index.match(asked).candidates == before
