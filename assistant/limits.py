"""How fast one visitor, one session and one address may send and spend, in this process's memory.

Messages are the first line against a flood. Money is what models may cost for one of them: it is held
back for a reply when that begins and settled when it has ended, so approved answers cost nothing of it.
Both are kept in the process: a desk of several web processes lets as many times more through, and the
budgets (routing.budget), which all processes share, are what money can rely on.
"""

import functools
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from uuid import UUID

from django.conf import settings

from assistant import languages, words
from assistant.buckets import Buckets, Rate, Want
from assistant.who import Who
from common.clock import ticks
from common.money import PICO
from routing import publishing

MINUTE_S, HOUR_S = 60, 3600
# Shipped: no person types more than one message a second; an office behind one address may.
VISITOR_MESSAGES, ADDRESS_MESSAGES = 60, 1200
# Shipped, in USD an hour: some fifty answers of the heavy tier; the shipped cap of a whole day.
VISITOR_USD, ADDRESS_USD = Decimal(1), Decimal(5)
# A request makes people work and sends mail to an address that anybody may type in.
VISITOR_REQUESTS = Rate(5, 1 / 600)
ADDRESS_REQUESTS = Rate(40, 1 / 60)
# A page that is loaded shows one token; a try at guessing shows thousands.
VISITOR_TOKENS = Rate(20, 1 / 5)
ADDRESS_TOKENS = Rate(400, 10.0)
HOLDS_KEPT = 10_000  # replies that run or wait in one process are far fewer; bounds what was lost

VISITOR_SOCKETS = 40  # tabs of one visitor in one process
ADDRESS_SOCKETS = 1_000  # an office, or a proxy that hides its visitors
FRAME_BURST, FRAMES_A_SECOND = 120, 10.0  # a page that comes back resumes at most a few dozen replies


class FrameBucket:
    """How many frames one socket may still send: the bucket of every verb, cheap ones included."""

    def __init__(self) -> None:
        self._level, self._at = float(FRAME_BURST), ticks()

    def take(self, now: float) -> bool:
        """Take one frame; False when none is left."""
        self._level = min(FRAME_BURST, self._level + (now - self._at) * FRAMES_A_SECOND)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


@dataclass(frozen=True)
class VisitorFrames:
    """The same bucket for frames that come one request at a time: one a visitor, and one an address."""

    who: Who

    def take(self, now: float) -> bool:
        """Take one frame; False when none is left."""
        return frame_buckets().take(FRAME_RATES.wants(self.who, 1.0), now) == 0.0


class RateLimited(Exception):
    """Too many messages; `retry_after` is in whole seconds, `message` says it to a visitor."""

    code = "rate_limited"

    def __init__(self, retry_after: int, message: str = "") -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after
        self.message = message or f"Too many messages. Go on in {retry_after} s."


class AnswersSpent(RateLimited):
    """The models' answers of a visitor, session or address are used up for a while; the FAQ's are not."""

    code = "answers_spent"


def network_of(address: str) -> str:
    """Return what counts as one address: with IPv6 the /64 network, of which one household has 2^64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))


@dataclass(frozen=True, slots=True)
class Rates:
    """The limits of a visitor, which a session has as well, and of an address; None is no limit."""

    visitor: Rate | None
    address: Rate | None

    def wants(self, who: Who, amount: float) -> tuple[Want, ...]:
        """Return what has to be taken from which bucket."""
        keys = (
            (f"v{who.visitor_id}", self.visitor),
            (who.session_key and f"s{who.session_key}", self.visitor),
            (who.address and f"a{network_of(who.address)}", self.address),
        )
        return tuple(Want(key, rate, amount) for key, rate in keys if key and rate is not None)


# A visitor without a socket has no bucket of a connection; twenty of them may share an address.
FRAME_RATES = Rates(Rate(FRAME_BURST, FRAMES_A_SECOND), Rate(20 * FRAME_BURST, 20 * FRAMES_A_SECOND))


@functools.cache
def frame_buckets() -> Buckets:
    """Return this process's buckets of frames that came without a socket."""
    return Buckets()


def message_rates(values: Mapping[str, Any]) -> Rates:
    """Return how many messages the settings allow: a minute's at once, and as many a minute back."""

    def rate(name: str, default: int) -> Rate | None:
        many = int(values.get(name, default) or 0)
        return Rate(many, many / MINUTE_S) if many else None

    return Rates(
        rate("visitor_messages_a_minute", VISITOR_MESSAGES),
        rate("address_messages_a_minute", ADDRESS_MESSAGES),
    )


def money_rates(values: Mapping[str, Any]) -> Rates:
    """Return how many pico-USD the settings allow: an hour's at once, and as many an hour back."""

    def rate(name: str, default: Decimal) -> Rate | None:
        usd = values.get(name, default)
        if usd is None or Decimal(str(usd)) <= 0:
            return None
        pico = float(Decimal(str(usd)) * PICO)
        return Rate(pico, pico / HOUR_S)

    return Rates(rate("visitor_usd_an_hour", VISITOR_USD), rate("address_usd_an_hour", ADDRESS_USD))


@dataclass
class Limiter:
    """Counts things by visitor, session and address; safe to use from database threads."""

    on: bool
    rates: Callable[[], Rates]
    buckets: Buckets = field(default_factory=Buckets)

    def take(self, who: Who) -> None:
        """Take one from each bucket. Raises RateLimited, taking nothing, when one is empty."""
        if not self.on:
            return
        wait = self.buckets.take(self.rates().wants(who, 1.0), ticks())
        if wait > 0:
            raise RateLimited(math.ceil(wait))

    def has_room(self, who: Who) -> bool:
        """Return whether `take` would take just now."""
        return not self.on or self.buckets.have(self.rates().wants(who, 1.0), ticks())


Hold = tuple[Want, ...]  # money that was taken for one reply, in pico-USD


@dataclass
class Allowance:
    """What models may cost for one visitor, session and address: held for a reply, then settled."""

    on: bool
    rates: Callable[[], Rates]
    buckets: Buckets = field(default_factory=Buckets)
    held: dict[UUID, Hold] = field(default_factory=dict)
    waiting: dict[UUID, Who] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, who: Who, pico: int) -> Hold:
        """Hold the reservation of a reply back. Raises AnswersSpent, taking nothing, when one lacks it."""
        if not self.on or not pico:
            return ()
        wants = self.rates().wants(who, float(pico))
        wait = self.buckets.take(wants, ticks())
        if wait > 0:
            raise AnswersSpent(math.ceil(wait))
        return wants

    def give_back(self, hold: Hold) -> None:
        """Return what was held for a reply that asked no model after all."""
        self.buckets.give(hold, ticks())

    def keep(self, reply_id: UUID, hold: Hold) -> None:
        """Remember what is held for a running reply."""
        if hold:
            self._remember(self.held, reply_id, hold)

    def queue(self, reply_id: UUID, who: Who) -> None:
        """Remember who sent a message that waits, or may be escalated; its row knows the visitor alone."""
        if self.on:
            self._remember(self.waiting, reply_id, who)

    def sender(self, reply_id: UUID, otherwise: Who) -> Who:
        """Return who sent a message that has waited, or is escalated, as far as this process knows."""
        with self.lock:
            return self.waiting.pop(reply_id, otherwise)

    def settle(self, reply_id: UUID, cost: int | None) -> None:
        """Return what was held beyond the cost, or take what it cost beyond it; unknown keeps the hold."""
        with self.lock:
            hold = self.held.pop(reply_id, ())
        if cost is not None:
            left = (Want(want.key, want.rate, want.amount - cost) for want in hold)
            self.buckets.give(left, ticks())

    def _remember(self, kept: dict[UUID, Any], reply_id: UUID, value: object) -> None:
        with self.lock:
            kept[reply_id] = value
            if len(kept) > HOLDS_KEPT:
                del kept[next(iter(kept))]


def _published(read: Callable[[Mapping[str, Any]], Rates]) -> Callable[[], Rates]:
    return lambda: read(publishing.current().settings)


@functools.cache
def limiter() -> Limiter:
    """Return this process's limiter of messages."""
    return Limiter(settings.ENV.rate_limits, _published(message_rates))


@functools.cache
def request_limiter() -> Limiter:
    """Return this process's limiter of requests for a person."""
    return Limiter(settings.ENV.rate_limits, lambda: Rates(VISITOR_REQUESTS, ADDRESS_REQUESTS))


@functools.cache
def identity_limiter() -> Limiter:
    """Return this process's limiter of identity tokens."""
    return Limiter(settings.ENV.rate_limits, lambda: Rates(VISITOR_TOKENS, ADDRESS_TOKENS))


@functools.cache
def allowance() -> Allowance:
    """Return what this process lets visitors, sessions and addresses spend."""
    return Allowance(settings.ENV.rate_limits, _published(money_rates))


@dataclass(frozen=True)
class Guard:
    """The limits as one sender meets them, with words in their language."""

    who: Who

    def message(self) -> None:
        """Count a message. Raises RateLimited."""
        try:
            limiter().take(self.who)
        except RateLimited as limited:
            raise RateLimited(limited.retry_after, self._words(limited, "too_fast")) from None

    def answer(self, pico: int) -> Hold:
        """Hold the money for a model's answer back. Raises AnswersSpent."""
        try:
            return allowance().take(self.who, pico)
        except AnswersSpent as limited:
            raise AnswersSpent(limited.retry_after, self._words(limited, "answers_spent")) from None

    def _words(self, limited: RateLimited, name: str) -> str:
        language = languages.supported(self.who.language) or languages.DEFAULT
        wait = words.wait_text(limited.retry_after, language)
        return str(getattr(words.words(language), name)).format(wait=wait)


@contextmanager
def holding(hold: Hold) -> Iterator[Callable[[UUID], None]]:
    """Give out a function that keeps the held money for a reply; what is not kept goes back at the end."""
    kept = list[UUID]()

    def keep(reply_id: UUID) -> None:
        allowance().keep(reply_id, hold)
        kept.append(reply_id)

    try:
        yield keep
    finally:
        if not kept:
            allowance().give_back(hold)
