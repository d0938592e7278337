"""Edits, and who notices them."""

import threading
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import close_old_connections, connection, connections, transaction

from common.clock import now
from common.versions import read_version
from faq import index, services
from faq.index import FaqMatch
from faq.matcher import Candidate
from faq.models import AskedQuestion, Entry, Phrasing

pytestmark = pytest.mark.usefixtures("own_index")

LIVE = Entry.Status.PUBLISHED


def published(question: str, *phrasings: str, answer: str = "Yes.", language: str = "en") -> Entry:
    entry = Entry(question=question, answer=answer, status=LIVE, language=language)
    return services.save_entry(entry, phrasings)


@pytest.mark.django_db
def test_an_edit_reaches_the_next_match() -> None:
    entry = published("Do you sell gift cards?", answer="Yes, at the desk.")
    assert index.refresh()
    assert index.match("do you sell giftcards?").candidates[0].entry_id == str(entry.pk)
    view = index.entry(str(entry.pk))
    assert view is not None and view.answer == "Yes, at the desk." and view.version == 1

    entry.answer = "No longer."
    services.save_entry(entry)
    assert index.refresh()
    view = index.entry(str(entry.pk))
    assert view is not None and view.answer == "No longer." and view.version == 2
    assert not index.refresh()

    services.archive(entry)
    assert index.refresh()
    assert index.entry(str(entry.pk)) is None
    assert index.match("Do you sell gift cards?").best is None


@pytest.mark.django_db(transaction=True)
def test_an_edit_on_one_connection_is_seen_by_a_thread_on_another() -> None:
    """The reader goes on with the old answer until the edit is committed, then has the new one."""
    entry = published("Do you sell gift cards?", answer="Yes.")
    index.refresh()
    edited, checked, seen = threading.Event(), threading.Event(), dict[str, object]()

    def read() -> None:
        edited.wait(10)
        if connection.vendor != "sqlite":  # there the writer holds the lock, and nothing can be half-seen
            seen["changed before commit"] = index.refresh()
        seen["before"] = getattr(index.entry(str(entry.pk)), "answer", "")
        checked.set()
        connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    with transaction.atomic():
        entry.answer = "No longer."
        services.save_entry(entry)
        edited.set()
        checked.wait(10)
    reader.join(10)
    assert seen.pop("changed before commit", False) is False
    assert seen == {"before": "Yes."}

    def read_again() -> None:
        seen["changed"] = index.refresh()
        seen["after"] = getattr(index.entry(str(entry.pk)), "answer", "")
        connections.close_all()

    again = threading.Thread(target=read_again)
    again.start()
    again.join(10)
    assert seen == {"before": "Yes.", "changed": True, "after": "No longer."}
    close_old_connections()


@pytest.mark.django_db
def test_matching_needs_no_database_once_the_faq_is_loaded(django_assert_num_queries: object) -> None:
    published("Do you sell gift cards?")
    index.refresh()
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert index.match("gift cards?").best is not None
        assert index.nearest_passages("gift cards?")
        assert index.starters() == ()
    with django_assert_num_queries(1):  # type: ignore[operator]
        index.refresh()


@pytest.mark.django_db
def test_a_phrasing_belongs_to_one_published_entry_of_a_language() -> None:
    owner = published("How do I reset my password?", "I forgot my password")
    with pytest.raises(
        ValidationError, match=r"“I forgot my password!” already leads to .*reset my password"
    ):
        published("What now?", "I forgot my password!")
    with pytest.raises(ValidationError, match="already leads to"):
        published("i FORGOT my password")
    assert Entry.objects.count() == 1

    published("Was nun?", "I forgot my password", language="de")
    draft = services.save_entry(Entry(question="What now?", answer="x"), ["I forgot my password"])
    with pytest.raises(ValidationError, match=f"no. {owner.pk}"):
        services.publish(draft)
    assert Entry.objects.get(pk=draft.pk).status == Entry.Status.DRAFT
    services.archive(owner)
    assert services.publish(draft).status == LIVE


@pytest.mark.django_db
def test_a_refused_edit_leaves_no_version_behind() -> None:
    published("How do I pay?")
    before = read_version("faq")
    with pytest.raises(ValidationError):
        published("How do I pay?")
    assert read_version("faq") == before
    published("How do I pay by card?")
    assert read_version("faq") > before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (Entry(question="?!", answer="x"), "question"),
        (Entry(question="Why?", answer="x" * 1201), "answer"),
        (Entry(question="Why?", answer=" ", status=LIVE), "answer"),
        (
            Entry(
                question="Why?", answer="x", reviewed_on=now().date(), review_by=now().date() - timedelta(1)
            ),
            "review_by",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused_at_its_field(entry: Entry, field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        services.save_entry(entry)
    assert set(refusal.value.message_dict) == {field}
    assert Entry.objects.count() == 0


@pytest.mark.django_db
def test_an_article_may_be_long_and_is_cited_but_never_shown() -> None:
    text = "## Moving\n\n" + "Bring a towel. " * 100
    entry = services.save_entry(
        Entry(kind="article", question="Guide to moving", answer=text, status=LIVE), ["towel"]
    )
    index.refresh()
    assert index.entry(str(entry.pk)) is None
    assert index.match("Guide to moving").best is None
    passages = index.nearest_passages("what do I bring when moving")
    assert {each.entry_id for each in passages} == {str(entry.pk)}
    assert passages[0].title == "Guide to moving: Moving"
    assert all(len(each.text) <= 900 and each.kind == "article" for each in passages)
    assert index.nearest_passages("what do I bring", exclude={str(entry.pk)}) == ()


@pytest.mark.django_db
def test_phrasings_are_replaced_and_those_that_stay_keep_their_rows() -> None:
    entry = published("How do I pay?", "Pay by card", "Payment", "how do i PAY")
    kept = Phrasing.objects.get(text="Payment").pk
    services.save_entry(entry, ["payment", "Settle the bill", "settle  the bill!"])
    assert entry.phrasings.values_list("pk", "text").first() == (kept, "Payment")
    assert list(entry.phrasings.values_list("text", flat=True)) == ["Payment", "Settle the bill"]


@pytest.mark.django_db
def test_every_change_is_in_the_history() -> None:
    entry = published("How do I pay?")
    entry.answer = "By card."
    services.save_entry(entry)
    services.archive(entry)
    pk = entry.pk
    services.delete([entry])
    past = list(
        Entry.history.filter(id=pk).order_by("history_id").values_list("history_type", "answer", "status")
    )
    assert past == [
        ("+", "Yes.", "published"),
        ("~", "By card.", "published"),
        ("~", "By card.", "archived"),
        ("-", "By card.", "archived"),
    ]


def found(entry_id: str, confidence: float) -> FaqMatch:
    best = Candidate(entry_id=entry_id, confidence=confidence, score=0.7, exact=False, phrasing="How?")
    return FaqMatch((best,), 0.85, "lexical-1-x", 3, 1)


@pytest.mark.django_db
def test_what_was_asked_is_kept_without_personal_data_and_can_be_erased() -> None:
    one, other = uuid.uuid4(), uuid.uuid4()
    services.record_asked(one, "I am ada@client.example, how do I pay?", found("7", 0.9), "faq")
    services.record_asked(one, "again", found("8", 0.1), "common")
    services.record_asked(other, "And now?", found("7", 0.4), "common", purpose="demo")
    row = AskedQuestion.objects.get(pk=one)
    assert row.text == "I am [e-mail], how do I pay?"
    assert (row.confidence, row.shown_entry, row.candidates[0]["entry_id"]) == (0.9, "7", "7")
    assert AskedQuestion.objects.get(pk=other).shown_entry == ""

    assert services.label_asked(one, "wrong")
    assert not services.label_asked(uuid.uuid4(), "wrong")
    with pytest.raises(ValueError, match="perhaps"):
        services.label_asked(one, "perhaps")
    assert AskedQuestion.objects.get(pk=one).label == "wrong"

    assert services.erase([one]) == 1
    assert list(AskedQuestion.objects.values_list("pk", flat=True)) == [other]


@pytest.mark.django_db
def test_what_is_prepared_is_what_would_be_found_and_an_edit_in_between_counts() -> None:
    entry = published("Do you sell gift cards?", "gift vouchers")
    index.refresh()
    asked = "gift card for sale"
    plain, passages = index.match(asked, language="en"), index.nearest_passages(asked)
    for _ in range(2):
        index.prepare(asked, "en")
    ready = index.match(asked, language="en")
    assert replace(ready, took_ms=plain.took_ms) == plain
    assert index.match(asked, language="en") is ready, "it was prepared for two"
    assert index.match(asked, language="en") is not ready
    assert index.nearest_passages(asked) == passages
    index.prepare(asked, "en")
    assert index.match(asked, frozenset({str(entry.pk)}), "en").best is None
    services.archive(entry)
    index.refresh()
    assert index.match(asked, language="en").best is None
