"""Rows to look at, and forms read back from a page as a browser would send them."""

import re
import uuid
from html.parser import HTMLParser
from typing import Any, Protocol

from django.test import Client
from django.urls import reverse

from assistant.models import Conversation, Reply, Turn, Visitor
from assistant.pipeline import ConversationFacts, consider
from common.clock import now
from routing import publishing
from routing.models import ModelCall


def make_conversation(*texts: str, plan: str = "") -> Conversation:
    """Store a conversation in which each text was decided by the production path and answered."""
    visitor = Visitor.objects.create(plan=plan)
    conversation = Conversation.objects.create(visitor=visitor, title=texts[0][:80] if texts else "")
    for text in texts:
        add_turn(conversation, text)
    return conversation


def add_turn(conversation: Conversation, question: str, **reply: Any) -> Reply:
    """Add a turn with one completed reply; `reply` overrides the reply's fields."""
    ordinal = conversation.turns.count() + 1
    turn = Turn.objects.create(
        conversation=conversation,
        visitor=conversation.visitor,
        ordinal=ordinal,
        client_message_id=uuid.uuid4().hex,
        text=question,
    )
    found = consider(question, ConversationFacts(plan=conversation.visitor.plan), publishing.current())
    fields: dict[str, Any] = {
        "state": Reply.State.COMPLETED,
        "ended_by": "finish",
        "text": "An answer.",
        "route": found.route.slug,
        "tier": found.route.tier,
        "decision": found.record(),
        "config_number": found.config_number,
        "first_text_ms": 321,
        "total_ms": 1234,
        "ended_at": now(),
    }
    return Reply.objects.create(turn=turn, conversation=conversation, **{**fields, **reply})


def add_call(reply: Reply, **call: Any) -> ModelCall:
    """Add a settled model call to a reply."""
    fields: dict[str, Any] = {
        "reply_id": reply.pk,
        "turn_id": reply.turn_id,
        "route": reply.route,
        "tier": "lite",
        "provider": "gemini",
        "asked_model": "gemini-3.5-flash-lite",
        "answering_model": "gemini-3.5-flash-lite",
        "started_at": now(),
        "ended_at": now(),
        "first_text_ms": 310,
        "duration_ms": 1200,
        "input_tokens": 1830,
        "output_tokens": 212,
        "cost_pico": 418_000_000,
        "finish_reason": "complete",
        "finish_raw": "STOP",
    }
    return ModelCall.objects.create(**{**fields, **call})


class Page(Protocol):
    """Any answer of a client that has a body."""

    @property
    def content(self) -> bytes: ...


class _Form(HTMLParser):
    """Collects what a browser would send for every field of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._select = ""
        self._textarea = ""
        self._first: str | None = None
        self._chosen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "input" and name and given.get("type") not in ("submit", "button"):
            box = given.get("type") in ("checkbox", "radio")
            if "disabled" not in given and (not box or "checked" in given):
                self.values.setdefault(name, []).append(given.get("value", "on" if box else ""))
        elif tag == "textarea" and name:
            self._textarea = name
            self.values[name] = [""]
        elif tag == "select" and name:
            self._select, self._first, self._chosen = name, None, False
        elif tag == "option" and self._select:
            self._option(given)

    def _option(self, given: dict[str, str]) -> None:
        value = given.get("value", "")
        if self._first is None:
            self._first = value
        if "selected" in given:
            self._chosen = True
            self.values.setdefault(self._select, []).append(value)

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] = [self.values[self._textarea][0] + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            self.values[self._textarea] = [self.values[self._textarea][0].removeprefix("\n")]
            self._textarea = ""
        elif tag == "select" and self._select:
            if not self._chosen and self._first is not None:
                self.values.setdefault(self._select, []).append(self._first)
            self._select = ""


def form_of(response: Page) -> dict[str, Any]:
    """Return the fields of a page with their values, as the browser would send them back."""
    parser = _Form()
    parser.feed(response.content.decode())
    left_out = ("csrfmiddlewaretoken", "action", "select_across", "q", "s")
    return {
        name: values if len(values) > 1 else values[0]
        for name, values in parser.values.items()
        if name not in left_out and "__prefix__" not in name
    }


def publish_draft(client: Client, note: str = "") -> Any:
    """Publish what waits in the draft, as whoever looks at the difference does."""
    address = reverse("admin:rule_set")
    form = form_of(client.get(address))
    return client.post(address, {**form, "note": note, "publish": ""}, follow=True)


def words_of(response: Page) -> str:
    """Return what a page shows, without its tags and their attributes."""
    return " ".join(re.sub(r"<[^>]*>", " ", text_of(response)).split())


def text_of(response: Page) -> str:
    """Return a page's HTML with whitespace folded, to look for sentences in."""
    return " ".join(response.content.decode().split())
