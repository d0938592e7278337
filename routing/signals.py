"""Read the cheap facts of a message and its conversation that the route rules decide on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from common.flat import fields_of
from routing.lexicon import account, code, people, people_bare, questions
from routing.lexicon.paste import split_paste
from routing.lexicon.text import Reading, estimate_tokens, likeness, normal, read
from routing.patterns import READS
from routing.schedule import moment

__all__ = [
    "SIGNALS", "Context", "SignalSpec", "Signals", "claim_signals", "claims_of", "estimate_tokens",
    "read_signals", "spec_of",
]  # fmt: skip

SignalType = Literal["flag", "number", "choice", "text", "pattern", "time", "claim"]

LOOKED_BACK = 6  # earlier messages that a re-ask is compared to; older ones are another matter
SAME = 0.6  # share of common topic words from which two messages ask the same; "on" against "off" is 0.5
RELATED = 0.34  # two messages of three words each that share two have 0.5, sharing one 0.2
RELATED_WORDS = 2


@dataclass(frozen=True)
class Context:
    """What a conversation adds to a message: all of it known before any model is asked.

    `at` is the moment on the desk's clock; `conversation` tells conversations apart, and says no more.
    """

    plan: str = ""
    depth: int = 0
    previous_texts: tuple[str, ...] = ()
    last_rating: int | None = None
    faq_confidence: float = 0.0
    faq_threshold: float = 1.0
    faq_exact: bool = False
    faq_entry_id: str = ""
    faq_suggested: bool = False
    common_message_tokens: int = 1500
    language: str = ""
    conversation: str = ""
    at: datetime | None = None
    open_now: bool = False
    claims: tuple[tuple[str, str], ...] = ()


NOT_FACTS = ("words", "text", "share", "claims")


@dataclass(frozen=True)
class Signals:
    """The facts of one message, flat, so that a rule's row and a receipt can name each of them."""

    asks_for_person: bool
    small_talk: str
    faq_match: bool
    faq_exact: bool
    faq_confidence: float
    faq_entry: str
    faq_suggest: bool
    elliptical: bool
    account_order: bool
    account_bound: bool
    message_tokens: int
    over_common_budget: bool
    code_pasted: bool
    code_existing: bool
    code_requested: bool
    code_small: bool
    re_ask: bool
    asks_again: bool
    did_not_help: bool
    thumbs_down: bool
    plan: str
    plan_name: str
    questions: int
    comparison: bool
    why: bool
    parts: int
    depth: int
    follow_up_depth: int
    language: str
    words: str
    text: str
    share: str
    time: str
    open_now: bool
    claims: tuple[tuple[str, str], ...] = ()

    def as_facts(self) -> dict[str, bool | int | float | str]:
        """Return all signals but what stands with the message, and what tells conversations apart."""
        facts = fields_of(self)
        for name in NOT_FACTS:
            del facts[name]
        return {**facts, **self.as_claims()}

    def as_claims(self) -> dict[str, str]:
        """Return what the visitor's site says of them, by the names under which rules ask for it."""
        return {f"{CLAIM}{name}": value for name, value in self.claims}


class SignalSpec(NamedTuple):
    """How a signal appears on a form: its type, its words, what it can be compared by, its choices."""

    type: SignalType
    label: str
    operators: tuple[str, ...]
    choices: tuple[str, ...] = ()


_FLAG = ("is_true", "is_false")
_NUMBER = ("at_least", "at_most")
_CHOICE = ("is", "is_not")


def _flag(label: str) -> SignalSpec:
    return SignalSpec("flag", label, _FLAG)


def _number(label: str) -> SignalSpec:
    return SignalSpec("number", label, _NUMBER)


SIGNALS: dict[str, SignalSpec] = {
    "asks_for_person": _flag("asks for a person in words"),
    "small_talk": SignalSpec("choice", "small talk", _CHOICE, ("none", "greeting", "thanks", "ok", "bye")),
    "faq_match": _flag("an FAQ entry matches at the answer threshold"),
    "faq_exact": _flag("equals a phrasing of an FAQ entry"),
    "faq_confidence": _number("confidence of the best FAQ entry"),
    "faq_entry": SignalSpec("text", "id of the best FAQ entry", _CHOICE),
    "faq_suggest": _flag("FAQ entries may fit, none of them for certain"),
    "elliptical": _flag("leans on what was said before"),
    "account_order": _flag("names one case by number or orders a change in the account"),
    "account_bound": _flag("can only be dealt with in the visitor's account"),
    "message_tokens": _number("length of the message in tokens"),
    "over_common_budget": _flag("longer than the common route takes"),
    "code_pasted": _flag("pastes code"),
    "code_existing": _flag("asks about existing code"),
    "code_requested": _flag("asks for new code"),
    "code_small": _flag("is short and simple for a request for code"),
    "re_ask": _flag("asks the same again"),
    "asks_again": _flag("comes back to an earlier question"),
    "did_not_help": _flag("says that the answer did not help"),
    "thumbs_down": _flag("gave the last answer a thumbs-down"),
    "plan": SignalSpec("choice", "plan", _CHOICE, ("none", "free", "paid")),
    "plan_name": SignalSpec("text", "name of the plan", _CHOICE),
    "questions": _number("number of questions"),
    "comparison": _flag("compares things"),
    "why": _flag("asks why"),
    "parts": _number("number of parts"),
    "depth": _number("earlier messages in the conversation"),
    "follow_up_depth": _number("follow-ups in a row on one matter"),
    "language": SignalSpec("text", "language", _CHOICE),
    "words": SignalSpec("text", "message", ("contains",)),
    "text": SignalSpec("pattern", "message as it was typed", ("matches",)),
    "share": _number("share of the conversations, %"),
    "time": SignalSpec("time", "time at the desk", ("during", "not_during")),
    "open_now": _flag("the desk is open now"),
}


CLAIM = "claim."  # before the name that the visitor's site gave a fact: `claim.seats`
_CLAIM_NAME = re.compile(r"claim\.[a-z][a-z0-9_]{0,31}")


def spec_of(name: str) -> SignalSpec | None:
    """Return how a signal appears on a form: one of SIGNALS, or a claim of a visitor's site; else None."""
    if name in SIGNALS or not _CLAIM_NAME.fullmatch(name):
        return SIGNALS.get(name)
    words = name.removeprefix(CLAIM).replace("_", " ")
    return SignalSpec("claim", f"{words} (from the site)", (*_CHOICE, *_NUMBER))


def claims_of(claims: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return a site's claims as rules compare them: text, numbers as they are written, yes and no."""
    return tuple((str(name), _claim_text(value)) for name, value in sorted(claims.items()))


def _claim_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def claim_signals(names: Iterable[str]) -> list[str]:
    """Return the signals of claims, in order and each once, of the names that can be one."""
    return sorted({name for each in names if spec_of(name := f"{CLAIM}{each}") is not None})


def read_signals(text: str, context: Context = Context()) -> Signals:
    """Return the signals of one message; any text, any length, in time linear in what is looked at."""
    pasted = split_paste(text)
    reading = read(pasted.own)
    in_conversation = context.depth > 0 or bool(context.previous_texts)
    tokens = estimate_tokens(text)
    case, order = account.names_case(reading), account.orders_action(reading)
    wants_code = code.asks(reading)
    asked = questions.count(reading)
    again = _compare(reading, context)
    thanked = bool(context.previous_texts) and people.small_talk(read(context.previous_texts[-1])) == "thanks"
    solved = people_bare.answers_solved(reading) if thanked else ""
    return Signals(
        # "No" to our "Did that solve it?" is the button beside it: the way to a person.
        asks_for_person=solved == "no" or people.asks_for_person(reading),
        small_talk="ok" if solved == "yes" else people.small_talk(reading) if not pasted.found else "none",
        faq_match=context.faq_exact or context.faq_confidence >= context.faq_threshold > 0,
        faq_exact=context.faq_exact,
        faq_confidence=context.faq_confidence,
        faq_entry=context.faq_entry_id,
        faq_suggest=context.faq_suggested,
        elliptical=questions.is_elliptical(reading, in_conversation),
        account_order=case or order,
        account_bound=case or order or account.needs_account(reading),
        message_tokens=tokens,
        over_common_budget=tokens > context.common_message_tokens,
        code_pasted=pasted.found,
        code_existing=wants_code.existing,
        code_requested=wants_code.new,
        code_small=code.is_small(reading),
        re_ask=again.same,
        asks_again=again.related,
        did_not_help=people.did_not_help(reading, in_conversation),
        thumbs_down=context.last_rating is not None and context.last_rating < 0,
        plan=_plan_kind(context.plan),
        plan_name=context.plan,
        questions=asked,
        comparison=questions.compares(reading),
        why=questions.asks_why(reading),
        parts=questions.parts(pasted.own, reading, asked),
        depth=context.depth,
        follow_up_depth=again.depth,
        language=context.language,
        words=normal(text) if pasted.found else " ".join(reading.words),
        text=text[:READS],
        share=context.conversation,
        time=moment(context.at) if context.at else "",
        open_now=context.open_now,
        claims=context.claims,
    )


def _plan_kind(plan: str) -> str:
    return {"": "none", "free": "free"}.get(plan.strip().lower(), "paid")


class _Again(NamedTuple):
    same: bool
    related: bool
    depth: int


def _compare(reading: Reading, context: Context) -> _Again:
    """Return whether the message repeats or takes up an earlier one, and how long that chain is.

    The chain runs back from this message: each link leans on the message before it or shares its
    topic. Where the earlier texts are not known, every earlier turn counts as a link.
    """
    earlier = [read(text) for text in context.previous_texts[-LOOKED_BACK:]]
    shared = [(likeness(reading.topic, other.topic), len(reading.topic & other.topic)) for other in earlier]
    same = any(like >= SAME and common >= RELATED_WORDS for like, common in shared) or any(
        reading.words and reading.words == other.words for other in earlier
    )
    related = same or any(like >= RELATED and common >= RELATED_WORDS for like, common in shared)
    return _Again(same, related, _chain([*earlier, reading]) if earlier else context.depth)


def _chain(messages: list[Reading]) -> int:
    links = 0
    for before, after in zip(reversed(messages[:-1]), reversed(messages), strict=False):
        if not (questions.is_elliptical(after, True) or likeness(before.topic, after.topic) >= RELATED / 2):
            break
        links += 1
    return links
