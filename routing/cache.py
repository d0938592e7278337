"""Stored answers: which message may get one, which answer may become one, and what each was derived from.

Pure. An answer is found again by everything it was derived from, so that whatever changes one of these
parts misses exactly the answers that hang on it, without anybody having to look for them. The rules need
no part of their own: they are asked anew for each message, and the route they name is one.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from routing.config import ModelSpec
from routing.ladder import answers_for
from routing.signals import Signals

# Longer messages are told and not asked: hardly anybody sends the same one again, and most pasted code is.
MOST_CHARACTERS = 500
MOST_A_ROUTE = 2_000  # stored answers; the oldest go, some 4 MB are left
# An order, an invoice or a customer is meant: four figures, with signs between, or figures with a #.
_CASE_NUMBER = re.compile(r"\d(?:[^\w\s]?\d){3}|#\s?\d")


@dataclass(frozen=True)
class AnswerKey:
    """All that an answer was derived from; `entries` are FAQ entries in its prompt with their versions."""

    question: str
    route: str
    model: str
    sent: str  # what is sent beside the prompt, as `sent_of` has it
    prompt_version: str
    entries: tuple[tuple[str, int], ...]
    language: str
    plan: str

    @property
    def digest(self) -> str:
        """Return the key under which the answer is found."""
        return _digest(asdict(self))

    @property
    def family(self) -> str:
        """Return the key of answers that differ in their question, and in the entries it led to, alone."""
        parts = asdict(self)
        del parts["question"], parts["entries"]
        return _digest(parts)


def _digest(parts: dict[str, Any]) -> str:
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def sent_of(model: ModelSpec) -> str:
    """Return a short hash of what a request to `model` says beside its prompt; a price is no part of it."""
    parts = [
        model.sent_id, model.provider, model.wire, model.api_version, model.thinking, model.sends_sampling,
        model.max_output_tokens,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def why_not_asked(text: str, signals: Signals, history: int, personal: bool) -> str:
    """Return why the store has nothing to do with a message, "" when it may be answered from it.

    `history` is how many earlier turns its model would read; `personal` says that a detail of the visitor
    stands in it. What the answer to it depends on must be the message alone, and nobody's own case.
    """
    reasons = (
        (history > 0, "the conversation counts"),
        (signals.elliptical, "it leans on what was said before"),
        (signals.re_ask or signals.asks_again, "it comes back to an earlier question"),
        (signals.did_not_help or signals.thumbs_down, "the answer before did not help"),
        (signals.account_bound or signals.account_order, "it is about one account"),
        (personal, "a personal detail stands in it"),
        (bool(_CASE_NUMBER.search(text)), "a number of one case stands in it"),
        (len(text) > MOST_CHARACTERS, "it is too long"),
    )
    return next((reason for holds, reason in reasons if holds), "")


@dataclass(frozen=True)
class Ending:
    """How the reply ended that may be stored."""

    state: str
    ended_by: str
    purpose: str
    cause: str
    fallbacks: int
    continued: bool
    answering_model: str


def worth_keeping(ending: Ending, asked: ModelSpec) -> bool:
    """Return whether a reply may be given again: whole, and all of it by the model it is kept for.

    Only `completed` is ever stored. A fallback, a continuation or another model than the one asked leaves an
    answer that its key does not tell the truth about.
    """
    return (
        ending.state == "completed"
        and ending.ended_by == "finish"
        and ending.purpose == "visitor"
        and ending.cause == "first"
        and not ending.fallbacks
        and not ending.continued
        and bool(ending.answering_model)
        and answers_for(asked, ending.answering_model)
    )
