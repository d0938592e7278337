"""What comes into the queue, in which order, and what the page reads of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import now
from faq import negatives, review, review_shown
from faq.models import AskedQuestion, Entry
from faq.review import Filters, Group, cursor_of, read
from tests.review.conftest import ask

Faq = dict[str, Entry]


EVERYTHING = Filters()


def titles(filters: Filters = EVERYTHING) -> list[tuple[int, str]]:
    return [(each.count, each.variants[0].normalised) for each in read(filters).groups]


def test_only_what_the_faq_should_learn_from_waits(faq: Faq) -> None:
    reset = faq["reset"]
    shown: dict[str, Any] = {"sure": 0.95, "shown_entry": str(reset.pk), "route": "faq"}
    ask("near", reset, 0.6)
    ask("answered and nobody minded", reset, **shown)
    ask("answered wrongly", reset, **shown, label="wrong", labelled_by="visitor")
    ask("thumbs down", reset, **shown, thumb=-1)
    ask("escalated", reset, **shown, escalated=True)
    ask("offered and taken", reset, suggested=str(reset.pk), chosen_entry=str(reset.pk))
    ask("offered in another language", reset, 0.1, suggested=str(reset.pk), threshold=1.0)
    ask("asked once of a model")
    ask("hello there you", route="small_talk")
    ask("judged", reset, judged_by="anna", judged_at=now(), label="wrong", labelled_by="staff")
    ask("by the example", reset, purpose="demo")
    ask("last spring", reset, days_ago=95)
    assert {text for _, text in titles()} == {
        "near",
        "answered wrongly",
        "thumbs down",
        "escalated",
        "offered in another language",
    }
    assert titles(Filters(traffic="demo")) == [(1, "by the example")]
    assert titles(Filters(kind="spot")) == [(1, "answered and nobody minded")]
    assert {text for _, text in titles(Filters(kind="wrong"))} == {"answered wrongly", "thumbs down"}
    for kind, condition in review.CONDITIONS.items():
        found = AskedQuestion.objects.filter(condition).values_list(*review.Message._fields)
        assert all(kind in review.Message(*row).kinds or kind == "spot" for row in found), kind


def test_questions_without_an_answer_wait_when_they_come_often(faq: Faq) -> None:
    ask("Do you sell gift cards?")
    ask("Gift cards: do you sell them?")
    assert titles() == []
    ask("do you sell gift cards")
    (only,) = read(Filters()).groups
    assert [each.count for each in only.variants] == [2, 1]
    negatives.add("gift cards: do you sell them", language="en")
    assert titles() == [], "staff have said that it is no matter for the FAQ"
    ask("do you sell gift cards", faq["invoice"], 0.6)
    assert len(titles()) == 1, "but now it nearly is answered, which somebody should look at"


def test_most_frequent_first_and_pages_go_on_where_one_ended(faq: Faq) -> None:
    for count, text in ((1, "delete the account"), (3, "password by phone"), (2, "old bill as paper")):
        for _ in range(count):
            ask(text, faq["reset"])
    ask("by phone my password", faq["reset"])
    assert titles() == [(4, "password by phone"), (2, "old bill as paper"), (1, "delete the account")]
    queue = read(Filters())
    first = queue.after("", 2)
    assert [each.count for each in first] == [4, 2]
    rest = queue.after(cursor_of(first[-1]), 2)
    assert [each.count for each in rest] == [1]
    assert queue.after("nonsense", 3) == queue.groups
    # What is judged meanwhile does not shift the next page.
    AskedQuestion.objects.filter(normalised__contains="password").update(judged_by="anna")
    assert [each.key for each in read(Filters()).after(cursor_of(first[-1]), 2)] == [rest[0].key]


def test_languages_are_never_joined_and_each_filter_narrows(faq: Faq) -> None:
    ask("export bookings", faq["reset"])
    ask("export bookings", faq["invoice"], language="de", days_ago=20)
    assert len(titles()) == 2
    assert len(titles(Filters(language="de"))) == 1
    assert len(titles(Filters(days=7))) == 1
    assert len(titles(Filters(entry=str(faq["invoice"].pk)))) == 1
    assert titles(Filters(text="Bookings!")) and not titles(Filters(text="password"))
    assert review.languages(read(Filters())) == ["de", "en"]


def test_a_group_tells_what_happened(faq: Faq) -> None:
    reset, invoice = faq["reset"], faq["invoice"]
    ask("password on the phone", reset, 0.7)
    ask(
        "Password on my phone?", reset, 0.5, label="wrong", labelled_by="visitor", shown_entry=str(invoice.pk)
    )
    ask("password on [phone number]", reset, 0.5, escalated=True)
    queue = read(Filters())
    rows = review_shown.show(queue.groups, lambda uuid: f"/turn/{uuid}/")
    row = next(each for each in rows if each.group.count == 2)
    assert {name for name, _, _ in row.reasons} == {"near", "wrong"}
    assert dict(row.answered) == {"route common": 1, "“Where do I find my invoices?”": 1}
    assert row.said == ("not what they asked: 1",)
    assert row.choices[0].entry == reset and row.choices[0].nearest == 2 and row.choices[0].confidence == 0.7
    assert row.stored.splitlines() == [each.text for each in row.wordings]
    assert len(row.links) == 2 and row.links[0].url == f"/turn/{row.group.messages[0].pk}/"
    other = next(each for each in rows if each.group.count == 1)
    assert other.stored == "password on [phone number]", "nothing better to offer"


def test_it_says_what_the_faq_answers_by_now(faq: Faq) -> None:
    ask("Download a bill", faq["reset"], 0.5)
    (row,) = review_shown.show(read(Filters()).groups, str)
    assert row.answered_now == faq["invoice"]


def test_a_search_finds_entries_by_words_number_and_meaning(faq: Faq) -> None:
    reset = faq["reset"]
    assert review_shown.search("forgot")[0].entry == reset
    assert [each.entry for each in review_shown.search(str(reset.pk))] == [reset]
    assert [each.entry for each in review_shown.search("passwort reset please")][:1] == [reset]
    Entry.objects.filter(pk=reset.pk).update(status="archived")
    assert reset not in [each.entry for each in review_shown.search("forgot")]


def test_a_page_reads_the_same_few_queries_however_much_was_asked(faq: Faq) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            groups = read(Filters()).after("", 20)
            review_shown.show(groups, str)
        return sum("askedquestion" in each["sql"] for each in seen)

    words = ("bill", "phone", "card", "team", "plan", "export")
    for first in words:
        for second in words:
            ask(f"{first} {second} {'x' * words.index(first)}", faq["reset"])
    few = queries()
    for number in range(300):
        ask(f"{words[number % 6]} {number}", faq["reset"])
    assert queries() == few == 2


@pytest.mark.django_db
def test_the_queue_reads_by_its_index() -> None:
    since = now() - timedelta(days=90)
    rows = AskedQuestion.objects.filter(judged_by="", purpose="visitor", created_at__gte=since)
    assert "faq_asked_not_judged" in rows.order_by("-created_at").explain()


def test_groups_are_the_same_for_everybody(faq: Faq) -> None:
    for text in ("a card lost", "lost card", "the bill is wrong", "wrong bill"):
        ask(text, faq["reset"])

    def keys(groups: tuple[Group, ...]) -> list[tuple[str, ...]]:
        return [tuple(each.key for each in group.variants) for group in groups]

    assert keys(read(Filters()).groups) == keys(read(Filters()).groups)
    assert len(read(Filters()).groups) == 2
