"""What a request of any wire asks for, read from its JSON body."""

import html
import re
from dataclasses import dataclass
from typing import Any, Literal

WireName = Literal["openai", "gemini", "anthropic"]

_PASSAGE = re.compile(r'<passage id="([^"]*)" title="([^"]*)">(.*?)</passage>', re.S)
_CUT = re.compile(r"cut off after: «(.*?)»", re.S)
_CONTACT = re.compile(r"name the contact: (.+)")
# Our own tokenizer: words in pieces of at most five characters, about what the vendors' ones give.
_TOKEN = re.compile(r"\s*\S{1,5}|\s+")


class BadRequest(ValueError):
    """The request is one that the real provider would answer with 400."""


@dataclass(frozen=True)
class Passage:
    """One piece of help text that the prompt carries."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Ask:
    """One request: who is asked, what, and how long the answer may be."""

    wire: WireName
    model: str
    system: str
    messages: tuple[tuple[str, str], ...]
    max_tokens: int
    obfuscate: bool = False
    report_usage: bool = True

    @property
    def input_tokens(self) -> int:
        """Return the tokens of the whole prompt."""
        return count_tokens(self.system) + sum(count_tokens(text) for _, text in self.messages)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Return the help texts in the system prompt, nearest first as the prompt has them."""
        return tuple(
            Passage(html.unescape(found[1]), html.unescape(found[2]), html.unescape(found[3]).strip())
            for found in _PASSAGE.finditer(self.system)
        )

    @property
    def contact(self) -> str:
        """Return whom the prompt names for what it cannot answer."""
        found = _CONTACT.search(self.system)
        return found[1].strip() if found else "the support team"

    @property
    def asks_to_go_on(self) -> bool:
        """Return whether the last turn asks to go on with a cut answer, quoting its end."""
        return bool(self.messages) and _is_go_on(*self.messages[-1])

    @property
    def partial(self) -> str:
        """Return the answer that is to be gone on with, in all its pieces; empty for a fresh question."""
        return "".join(text for role, text in self.messages[self._asked_at + 1 :] if role == "assistant")

    @property
    def question(self) -> str:
        """Return the last thing the visitor said."""
        return self.messages[self._asked_at][1] if self._asked_at >= 0 else ""

    @property
    def said(self) -> tuple[str, ...]:
        """Return all that the visitor said, oldest first."""
        return tuple(text for role, text in self.messages if role == "user" and not _is_go_on(role, text))

    @property
    def _asked_at(self) -> int:
        """Return where the visitor's last message is, -1 without one."""
        asked = (at for at, row in enumerate(self.messages) if row[0] == "user" and not _is_go_on(*row))
        return max(asked, default=-1)


def _is_go_on(role: str, text: str) -> bool:
    return role == "user" and bool(_CUT.search(text))


def tokens(text: str) -> list[str]:
    """Cut `text` into the pieces that are streamed and counted; joined they are `text` again."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """Return how many tokens `text` has here."""
    return len(tokens(text))


def read_ask(wire: WireName, path_model: str, headers: dict[str, str], body: Any) -> Ask:
    """Return what a request asks for. Raises BadRequest as the real wire would."""
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if wire == "openai":
        return _openai(body)
    if wire == "gemini":
        return _gemini(path_model, body)
    return _anthropic(headers, body)


def _openai(body: dict[str, Any]) -> Ask:
    if body.get("stream") is not True:
        raise BadRequest("This sandbox streams only: send stream=true.")
    messages = [(str(row.get("role")), _text(row.get("content"))) for row in _rows(body, "messages")]
    options = body.get("stream_options") or {}
    return Ask(
        wire="openai",
        model=_model(body),
        system="\n".join(text for role, text in messages if role in {"system", "developer"}),
        messages=tuple(row for row in messages if row[0] not in {"system", "developer"}),
        max_tokens=_limit(body.get("max_completion_tokens", body.get("max_tokens", 4096))),
        obfuscate=options.get("include_obfuscation", True) is not False,
        report_usage=bool(options.get("include_usage")),
    )


def _gemini(model: str, body: dict[str, Any]) -> Ask:
    roles = {"model": "assistant"}
    config = body.get("generationConfig") or {}
    return Ask(
        wire="gemini",
        model=model,
        system=_parts(body.get("systemInstruction") or {}),
        messages=tuple(
            (roles.get(str(row.get("role")), "user"), _parts(row)) for row in _rows(body, "contents")
        ),
        max_tokens=_limit(config.get("maxOutputTokens", 8192)),
    )


def _anthropic(headers: dict[str, str], body: dict[str, Any]) -> Ask:
    version = headers.get("anthropic-version", "")
    if not version:
        raise BadRequest("anthropic-version: header is required")
    if "max_tokens" not in body:
        raise BadRequest("max_tokens: Field required")
    if version >= "2026-10-21" and any(name in body for name in ("temperature", "top_p", "top_k")):
        raise BadRequest("sampling parameters are not accepted by this API version")
    if body.get("stream") is not True:
        raise BadRequest("This sandbox streams only: send stream=true.")
    messages = tuple((str(row.get("role")), _text(row.get("content"))) for row in _rows(body, "messages"))
    if messages[-1][0] == "assistant" and messages[-1][1] != messages[-1][1].rstrip():
        raise BadRequest("final assistant content cannot end with trailing whitespace")
    return Ask(
        wire="anthropic",
        model=_model(body),
        system=_text(body.get("system")),
        messages=messages,
        max_tokens=_limit(body["max_tokens"]),
    )


def _model(body: dict[str, Any]) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("model: Field required")
    return model


def _rows(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = body.get(name)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadRequest(f"{name}: at least one message is required")
    return rows


def _limit(value: Any) -> int:
    if not isinstance(value, int) or value < 1:
        raise BadRequest("the output limit must be a positive number")
    return value


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _parts(row: dict[str, Any]) -> str:
    return _text(row.get("parts"))
