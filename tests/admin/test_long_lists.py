"""Lists of any length: each row is met once, whatever arrives meanwhile; no estimate passes for a count."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from assistant.admin.conversations import ConversationAdmin
from assistant.models import Conversation, Visitor
from common import keyset
from common.clock import now
from common.keyset import Count
from faq.models import AskedQuestion
from tests.admin.pages import text_of

LIST = "/admin/assistant/conversation/"


def stored(count: int, hours_ago: int = 0, title: str = "Question") -> list[Conversation]:
    """Store conversations an hour apart, but for every third, which shares its time with the one before."""
    visitor = Visitor.objects.create()
    made = [Conversation(visitor=visitor, title=f"{title} {number}") for number in range(count)]
    Conversation.objects.bulk_create(made)
    for number, each in enumerate(made):
        at = now() - timedelta(hours=hours_ago + number - (number % 3 == 0))
        Conversation.objects.filter(pk=each.pk).update(updated_at=at)
    return made


def step(client: Client, query: str) -> tuple[list[str], str, str]:
    """Return the titles of a page, and the addresses before and after it."""
    answer = client.get(LIST + query)
    assert answer.status_code == 200
    listed = answer.context["cl"]
    return [str(row) for row in listed.result_list], listed.previous_url, listed.next_url


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConversationAdmin, "list_per_page", 4)


def test_every_row_is_met_once_while_others_arrive(support: Client) -> None:
    stored(11)
    seen, query = [], ""
    for page in range(5):
        titles, _, query = step(support, query)
        seen += titles
        stored(2, hours_ago=-page - 2, title="Late")  # newer than all: each page that counts would shift
        if not query:
            break
    assert sorted(seen) == sorted(f"Question {number}" for number in range(11))
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("order", ["", "o=6", "o=-6"])
def test_the_way_back_shows_the_same_pages(support: Client, order: str) -> None:
    stored(11)
    pages, query = [], f"?{order}"
    while query:
        titles, previous, query = step(support, query)
        pages.append((titles, previous))
    assert [len(titles) for titles, _ in pages] == [4, 4, 3]
    assert pages[0][1] == ""
    back, _, forth = step(support, pages[2][1])
    assert back == pages[1][0]
    assert step(support, forth)[0] == pages[2][0]
    first, previous, _ = step(support, pages[1][1])
    assert (first, previous) == (pages[0][0], ""), "nothing is before the first page"


def test_filters_and_the_order_of_a_column_begin_at_the_first_page(support: Client) -> None:
    stored(6)
    _, _, following = step(support, "?state__exact=open")
    assert "state__exact=open" in following and "after=" in following
    page = text_of(support.get(LIST + following))
    links = re.findall(r'href="(\?[^"]*)"', page) + re.findall(r'name="(after|before)"', page)
    assert links
    assert [link for link in links if "after=" in link or link in ("after", "before")] == []


def test_only_an_indexed_column_orders_the_list(support: Client) -> None:
    stored(3)
    by_title, _, _ = step(support, "?o=1")
    assert by_title == step(support, "")[0]
    assert support.get(LIST).context["cl"].model_admin.get_sortable_by(None) == ["last"]


@pytest.mark.parametrize("place", ["nonsense", "2026-01-01_", "_", "2026-99-01_x", "9" * 400])
def test_a_place_that_is_none_leads_to_the_list_with_an_error(support: Client, place: str) -> None:
    stored(3)
    answer = support.get(LIST, {"after": place})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?e=1")


def test_a_place_behind_the_last_row_leads_back(support: Client) -> None:
    made = stored(3)
    oldest = Conversation.objects.order_by("updated_at", "pk")[0]
    assert oldest.pk in {each.pk for each in made}
    titles, previous, following = step(
        support, f"?after={keyset.cursor_of(oldest, 'updated_at')}".replace("+", "%2B")
    )
    assert (titles, following) == ([], "")
    assert len(step(support, previous)[0]) == 3


def test_a_count_is_exact_where_it_is_one_and_said_to_be_none_elsewhere(
    support: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(9)
    assert "9 conversations" in _foot(support)
    monkeypatch.setattr(keyset, "EXACT_UP_TO", 5)
    assert "more than 5 conversations" in _foot(support)
    assert "9 conversations" not in _foot(support)


def _foot(client: Client) -> str:
    found = re.search(r'<nav class="desk-keyset.*?</nav>', client.get(LIST).content.decode(), re.S)
    assert found
    return " ".join(re.sub("<[^>]+>", " ", found.group()).split())


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (Count(43), "43"),
        (Count(1_234_567), "1,234,567"),
        (Count(1_234_567, about=True), "about 1,200,000"),
        (Count(12, about=True), "about 12"),
        (Count(1_000, more=True), "more than 1,000"),
    ],
)
def test_counts_in_words(count: Count, said: str) -> None:
    assert str(count) == said


def test_asked_questions_are_narrowed_by_routes_that_have_none_yet(support: Client) -> None:
    AskedQuestion.objects.create(text="Where is my invoice?", route="common")
    AskedQuestion.objects.create(text="And this?", route="faq", purpose="demo")
    page = reverse("admin:faq_askedquestion_changelist")
    assert "Complex" in text_of(support.get(page))
    for query, shown in (({"route": "common"}, "Where is my invoice?"), ({"purpose": "demo"}, "And this?")):
        rows = support.get(page, query).context["cl"].result_list
        assert [row.text for row in rows] == [shown]
