"""Bringing an earlier version back: with its phrasings and what it must not answer, after a look at both."""

import pytest

from faq import index, negatives, services
from faq.models import Entry
from tests.staff.conftest import SignIn
from tests.staff.pages import LIST, page, publish


def texts(entry: Entry) -> tuple[list[str], list[str]]:
    return (
        sorted(each.text for each in entry.phrasings.all()),
        sorted(each.text for each in entry.negatives.all()),
    )


@pytest.fixture
def changed(db: None) -> Entry:
    """Publish an entry with two phrasings and a negative, then change all of them."""
    entry = publish("Do you sell gift cards?", "Yes.", "Vouchers", "Gift cards")
    negatives.add("May I return a gift card?", entry=entry)
    entry.answer = "No longer."
    services.save_entry(entry, ["Gift cards", "Presents"])
    negatives.remove(entry.negatives.get())
    negatives.add("Do you sell lottery tickets?", entry=entry)
    return entry


def first_version(entry: Entry) -> str:
    return f"{LIST}{entry.pk}/history/{entry.history.earliest('history_id').history_id}/"


def test_a_version_comes_back_whole(changed: Entry, sign_in: SignIn) -> None:
    support = sign_in("support")
    text = page(support.get(first_version(changed)))
    for mark in (
        "<ins>Yes</ins>", "<ins>Vouchers</ins>", "<del>Presents</del>",
        "<ins>May I return a gift card?</ins>", "<del>Do you sell lottery tickets?</del>",
    ):  # fmt: skip
        assert mark in text, mark
    assert "<li>Gift cards</li>" in text and "Bring this version back" in text
    changed.refresh_from_db()
    assert (changed.answer, texts(changed)[0]) == ("No longer.", ["Gift cards", "Presents"])

    response = support.post(first_version(changed), follow=True)
    assert "Brought back as version 3, with its phrasings." in page(response)
    changed.refresh_from_db()
    assert (changed.answer, changed.version, changed.status) == ("Yes.", 3, "published")
    assert texts(changed) == (["Gift cards", "Vouchers"], ["May I return a gift card?"])
    last = changed.history.latest()
    assert last.history_change_reason.startswith("Brought back from")
    assert str(last.history_user) == "support"
    index.refresh()
    assert index.match("vouchers").answered and not index.match("presents").answered
    history = page(support.get(f"{LIST}{changed.pk}/history/"))
    assert "<del>Presents</del>" in history and "<ins>Vouchers</ins>" in history
    assert "<dt>Must not be answered</dt>" in history


def test_the_version_that_is_there_changes_nothing(changed: Entry, sign_in: SignIn) -> None:
    support = sign_in("support")
    newest = f"{LIST}{changed.pk}/history/{changed.history.latest('history_id').history_id}/"
    text = page(support.get(newest))
    assert "Nothing would change" in text and "Bring this version back" not in text


def test_what_somebody_else_has_meanwhile_is_refused(changed: Entry, sign_in: SignIn) -> None:
    publish("Where do I get vouchers?", "At the desk.", "Vouchers")
    support = sign_in("support")
    text = page(support.get(first_version(changed)))
    assert "It cannot come back as it is" in text and "“Vouchers” already leads to" in text
    assert "Bring this version back</button>" not in text
    assert "It cannot come back as it is" in page(support.post(first_version(changed)))
    changed.refresh_from_db()
    assert (changed.answer, changed.version) == ("No longer.", 2)
    assert texts(changed) == (["Gift cards", "Presents"], ["Do you sell lottery tickets?"])


def test_what_must_not_be_answered_any_more_is_refused(changed: Entry, sign_in: SignIn) -> None:
    negatives.add("Vouchers", language="en")
    support = sign_in("support")
    assert "must not be answered by any entry" in page(support.get(first_version(changed)))
    support.post(first_version(changed))
    changed.refresh_from_db()
    assert changed.version == 2


def test_only_who_may_change_brings_back(changed: Entry, sign_in: SignIn) -> None:
    assert sign_in("manager").get(first_version(changed)).status_code == 403
    assert sign_in("support").get(f"{LIST}{changed.pk}/history/999999/").status_code == 404
    assert sign_in("admin").get(first_version(changed)).status_code == 200
