"""What a desk has stored of a reply, held against what a page shows of it."""

import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID

from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.servers import DeskServer

COLUMNS = (
    "state",
    "ended_by",
    "text",
    "html",
    "notice",
    "label",
    "rating",
    "rating_reason",
    "rating_comment",
)

# Both letter by letter, without what the page adds for those who cannot see it and without its buttons. What
# stands between two blocks is space in one of them and none in the other.
SHOWN = """
([answer, html, text]) => {
  const read = (root) => {
    const copy = root.cloneNode(true);
    for (const node of copy.querySelectorAll(".unseen, .code-head, .seam")) node.remove();
    return copy.textContent.replace(/\\s+/g, "");
  };
  const stored = document.createElement("template");
  stored.innerHTML = html;
  const wanted = html ? stored.content : Object.assign(document.createElement("p"), {textContent: text});
  return [read(answer.querySelector(".prose")), read(wanted)];
}
"""


def reply_row(desk: DeskServer, reply_id: str) -> dict[str, Any]:
    """Return the row of a reply as the database has it at this moment."""
    with closing(sqlite3.connect(desk.data_dir / "desk.sqlite3", timeout=10)) as database:
        query = f"SELECT {', '.join(COLUMNS)} FROM assistant_reply WHERE id = ?"
        found = database.execute(query, [UUID(reply_id).hex]).fetchone()
    assert found is not None, reply_id
    return dict(zip(COLUMNS, found, strict=True))


def rows_shown(chat: Chat, desk: DeskServer) -> list[dict[str, Any]]:
    """Return the rows of all answers on a page, each of which must stand there as it is stored."""
    rows = []
    for answer in chat.answers.all():
        expect(answer).to_have_attribute("aria-busy", "false")
        row = reply_row(desk, answer.get_attribute("data-reply") or "")
        shown, stored = answer.evaluate(
            "(node, [html, text]) => (" + SHOWN + ")([node, html, text])", [row["html"], row["text"]]
        )
        assert shown == stored
        assert answer.get_attribute("data-state") == row["state"]
        if row["text"]:
            assert copied(chat, answer) == row["text"], "what is copied is the text, to the character"
        rows.append(row)
    return rows


def copied(chat: Chat, answer: Any) -> str:
    """Return what the Copy button of an answer hands over."""
    chat.page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    answer.get_by_role("button", name="Copy", exact=True).click()
    return str(chat.page.evaluate("window.copied"))
