"""The states of an answer on a real desk: the screen shows what is stored, whatever went wrong."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.breakers import close_breakers
from tests.browser.chat import WAIT_MS, Chat
from tests.browser.conftest import QUICK
from tests.browser.proxy import CompanyProxy
from tests.browser.stored import reply_row, rows_shown
from tests.control import Control
from tests.servers import DeskServer, running_desk, seeded_sqlite

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEXTS = "Does it send texts too?"
RESET = "How do I reset my password?"
WORDS = 5_000

# Deadlines in which a fault is over soon, and room for a long answer.
PREPARE = """
from routing.models import Route
from routing.publishing import publish
Route.objects.update(
    first_text_s=2, stall_s=1, total_s=60, escalate_on_evidence=False, max_output_tokens=16_000
)
publish(by="test")
"""


def prepare(desk: DeskServer) -> None:
    shutil.copy(seeded_sqlite("1"), desk.data_dir / "desk.sqlite3")
    desk.manage("shell", "-v", "0", "-c", PREPARE)


@pytest.fixture(scope="module")
def own_desk(tmp_path_factory: pytest.TempPathFactory, sandbox: str) -> Iterator[DeskServer]:
    """Run a desk that gives up on a model soon."""
    with running_desk(tmp_path_factory.mktemp("states") / "var", sandbox, prepare=prepare) as desk:
        yield desk


@pytest.fixture
def tab(own_desk: DeskServer, new_chat: Callable[[str], Chat], upstream: Control) -> Chat:
    upstream.pace(**QUICK)
    return new_chat(own_desk.url)


# Each fault with how it is ordered: once, so that another model goes on, or for every model that is asked.
ALWAYS = {"times": 12}
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("cut", {"after_tokens": 8, "times": 1}),
    ("cut", {"after_tokens": 8, **ALWAYS}),
    ("stall", {"after_tokens": 8, "times": 1}),
    ("drip", {"after_tokens": 8, "times": 1}),
    ("status", {"status": 503, **ALWAYS}),
    ("no_text", ALWAYS),
    ("length", ALWAYS),
    ("refusal", ALWAYS),
    ("bad_utf8", {"times": 1}),
    ("split_utf8", {"times": 1}),
    ("after_finish", {"times": 1}),
    ("error_mid", {"times": 1}),
    ("endless", {"times": 1}),
]
ENDS = {"completed", "failed", "truncated", "refused"}


def test_after_every_fault_the_screen_shows_what_is_stored(
    tab: Chat, own_desk: DeskServer, upstream: Control
) -> None:
    for fault, order in FAULTS:
        upstream.fault(fault, **order)
        tab.ask(f"{TEXTS} ({fault} {order['times']})")
        upstream.clear()
        close_breakers(own_desk.redis_url)
    rows = rows_shown(tab, own_desk)
    assert {row["state"] for row in rows} == ENDS
    tab.page.reload()
    tab.online()
    assert rows_shown(tab, own_desk) == rows, "and after a refresh as well"


def test_cuts_in_two_tabs_leave_both_with_the_stored_text(
    chromium: Browser, own_desk: DeskServer, upstream: Control
) -> None:
    """One tab behind a proxy that cuts its line again and again, one that is refreshed in the middle."""
    with CompanyProxy() as proxy:
        proxy.blocked = False
        context = chromium.new_context(proxy={"server": proxy.url}, locale="en-GB")
        upstream.pace(first_text_ms=30, gap_ms=40, tokens=500)
        first, second = (Chat(context.new_page(), own_desk.url).open() for _ in range(2))
        first.send(TEXTS)
        first.streaming()
        second.streaming()
        for tab in (first, second, first):
            proxy.cut()
            expect(tab.page.locator("#connection")).to_have_text("Reconnecting")
            tab.online()
        second.page.reload()
        second.online()
        first.ended()
        second.ended()
        rows = rows_shown(first, own_desk)
        assert rows_shown(second, own_desk) == rows
        assert [row["state"] for row in rows] == ["completed"]
        assert first.troubles == second.troubles == []
        context.close()


def test_five_thousand_words_over_a_slow_line_follow_the_reader_and_are_the_stored_ones(
    tab: Chat, own_desk: DeskServer, upstream: Control
) -> None:
    network = tab.page.context.new_cdp_session(tab.page)
    network.send(
        "Network.emulateNetworkConditions",
        # Chromium's own "Slow 3G": 400 ms and 400 kbit/s, in bytes a second.
        {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000},
    )
    upstream.pace(first_text_ms=10, gap_ms=1, tokens=int(WORDS * 1.25))
    tab.send(TEXTS)
    bubble = tab.page.locator("article.mine .text")
    expect(bubble).to_have_text(TEXTS)
    tab.page.wait_for_function(
        "() => document.querySelector('article.answer[aria-busy=true] .prose')?.innerText.length > 2000"
    )
    end = "node => node.scrollHeight - node.scrollTop - node.clientHeight"
    assert tab.log.evaluate(end) <= 80
    tab.ended()
    (row,) = rows_shown(tab, own_desk)
    assert row["state"] == "completed"
    assert len(row["text"].split()) >= WORDS
    tab.log.evaluate("node => node.scrollTo(0, 0)")
    expect(bubble).to_be_in_viewport()


def test_three_messages_wait_and_each_can_be_taken_back_or_edited(
    tab: Chat, own_desk: DeskServer, upstream: Control
) -> None:
    upstream.pace(first_text_ms=30, gap_ms=40, tokens=3000)
    tab.send(TEXTS)
    tab.streaming()
    mine = tab.page.locator(".mine-row")
    for question in (RESET, "What do the plans cost?", "Where do I find my API key?", "And a fifth one?"):
        tab.send(question)
    expect(tab.page.get_by_text("Waiting for its turn")).to_have_count(3)
    expect(mine.last.get_by_role("alert")).to_contain_text("Three messages are waiting already")
    mine.nth(1).get_by_role("button", name="Cancel").click()
    expect(mine.nth(1)).to_contain_text("Taken back.")
    tab.box.fill("my own draft")
    mine.nth(2).get_by_role("button", name="Edit").click()
    expect(tab.box).to_have_value("What do the plans cost?\nmy own draft")
    expect(mine.nth(2)).to_contain_text("Taken back.")
    mine.last.get_by_role("button", name="Retry").click()  # there is room now
    expect(mine.last).to_contain_text("Waiting for its turn")
    upstream.pace(**QUICK)
    tab.button("Stop").click()
    expect(mine.last.locator("+ article.answer")).to_have_attribute(
        "data-state", "completed", timeout=WAIT_MS
    )
    answered = [row for row in rows_shown(tab, own_desk) if row["text"]]
    assert [row["state"] for row in answered] == ["cancelled", "completed", "completed"]
    taken_back = [row for row in rows_shown(tab, own_desk) if not row["text"]]
    assert [(row["state"], row["ended_by"]) for row in taken_back] == [("cancelled", "stop")] * 2
    tab.page.reload()
    tab.online()
    expect(tab.page.get_by_text("Taken back.")).to_have_count(2)
    mine.nth(1).get_by_role("button", name="Ask it after all").click()
    expect(tab.page.get_by_text("Taken back.")).to_have_count(1)
    expect(mine.nth(1).locator("~ article.answer:visible .chip")).to_have_text("Approved answer")


def test_the_larger_model_is_asked_from_any_answer_and_says_when_it_is_the_largest(
    tab: Chat, own_desk: DeskServer
) -> None:
    larger = tab.button("Ask the larger model")
    tab.ask(TEXTS)
    tab.ask(RESET)
    expect(tab.button("Ask an AI model")).to_have_count(0)  # its own buttons ask the same
    expect(larger).to_have_count(1)
    larger.click()
    expect(tab.answers).to_have_count(3)
    second = tab.answers.nth(1)
    expect(second).to_have_attribute("data-state", "completed", timeout=WAIT_MS)
    expect(second.locator(".chip")).to_have_text("AI answer, larger model")
    expect(second).to_be_in_viewport()
    expect(larger).to_have_count(0)
    tab.ask("hi")
    tab.button("Ask an AI model").click()
    expect(tab.answers.nth(3).locator(".chip")).to_contain_text("AI answer", timeout=WAIT_MS)
    assert len(rows_shown(tab, own_desk)) == 5


def test_a_thumb_waits_for_its_reason_and_is_not_lost(tab: Chat, own_desk: DeskServer) -> None:
    def kept(answer: str) -> tuple[int, str, str]:
        row = reply_row(own_desk, answer)
        return row["rating"], row["rating_reason"], row["rating_comment"]

    faq = tab.ask(RESET).get_attribute("data-reply") or ""
    tab.button("Bad answer").click()
    tab.button("The tone").click()
    tab.page.get_by_role("textbox", name="What should we know about it?").fill("Too curt <b>for me</b>")
    tab.button("Send").first.click()
    expect(tab.answer.get_by_text("Thank you.")).to_be_visible()
    expect(tab.page.get_by_role("textbox", name="What should we know about it?")).to_have_count(0)
    model = tab.ask(TEXTS).get_attribute("data-reply") or ""
    assert kept(faq) == (-1, "tone", "Too curt <b>for me</b>")
    expect(tab.answers).to_have_count(2)  # no larger model was asked for the tone
    tab.answer.get_by_role("button", name="Bad answer").click()
    tab.page.reload()
    tab.online()
    tab.ask("hi")
    assert kept(model) == (-1, "", "")
    expect(tab.answers.nth(1).get_by_role("button", name="Bad answer")).to_have_attribute(
        "aria-pressed", "true"
    )
