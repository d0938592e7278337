"""Which models and providers are left alone for a while, by how their calls have ended. Pure.

One state machine a process. It is fed with what this process's calls did and with what the others tell
(`breaker_log`): calls, openings, closings, resets. Times are monotonic seconds, handed in; what people
read is wall-clock time, handed in as well.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from routing.breaker_rules import MAX_REST_S, Fault, longer
from routing.ladder import OPEN

# An outage is seen after five calls and before the tenth visitor; one bad answer in two is no service.
WINDOW_S = 60.0
MIN_CALLS = 5
RATIO = 0.5
# A probe that nobody sends (no money, no process that could) must not keep a model closed to visitors.
UNPROBED_S = 30.0
ERRORS_KEPT = 5

State = Literal["closed", "open", "half-open"]
Kind = Literal["errors", "at once"]
Key = tuple[str, str]  # provider and model; the model is empty for the provider as a whole


@dataclass(frozen=True, slots=True)
class Called:
    """One call has ended; `fault` is what it says against its model, if anything."""

    provider: str
    model: str
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A breaker opened, or stays open after a probe. `asks` is the model that a probe asks."""

    provider: str
    model: str
    reason: str
    since: datetime
    rest_s: float
    asks: str
    kind: Kind = "errors"


@dataclass(frozen=True, slots=True)
class Closed:
    """A probe was answered."""

    provider: str
    model: str
    asked: str


@dataclass(frozen=True, slots=True)
class Reset:
    """Somebody closed one breaker, or all of them (provider and model empty)."""

    provider: str = ""
    model: str = ""
    by: str = ""


Decision = Opened | Closed
BreakerEvent = Called | Decision | Reset


@dataclass(frozen=True, slots=True)
class BreakerView:
    """One breaker as people read it; `model` is empty for a provider as a whole."""

    provider: str
    model: str
    state: State
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    errors: tuple[tuple[datetime, str], ...] = ()
    calls: int = 0
    failed: int = 0
    openings: int = 0


@dataclass(slots=True)
class _Breaker:
    calls: deque[tuple[float, Fault | None]] = field(default_factory=deque)
    errors: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=ERRORS_KEPT))
    opened: Opened | None = None
    until: float = 0.0
    openings: int = 0

    def recent(self, now: float) -> list[Fault | None]:
        """Return how the calls of the window ended; what is older is dropped."""
        while self.calls and self.calls[0][0] <= now - WINDOW_S:
            self.calls.popleft()
        return [fault for _, fault in self.calls]

    def close(self) -> None:
        self.opened, self.until = None, 0.0
        self.calls.clear()


class Breakers:
    """All breakers of a process; not safe for threads by itself."""

    def __init__(self) -> None:
        self._all: defaultdict[Key, _Breaker] = defaultdict(_Breaker)

    # -- what happens ------------------------------------------------------------------------------

    def take(self, event: BreakerEvent, now: float, at: datetime) -> tuple[Decision, ...]:
        """Note what happened `now`; return what follows from it, which is in force already."""
        match event:
            case Called():
                return self._called(event, now, at)
            case Opened():
                self._open(event, now)
            case Closed():
                self._closed(event)
            case Reset():
                self._reset(event)
        return ()

    def probed(self, key: Key, asked: str, fault: Fault | None, now: float) -> tuple[Decision, ...]:
        """Note how the probe of an open breaker ended; return what follows."""
        opened = self._all[key].opened
        if opened is None:
            return ()
        if fault is None:
            closed = Closed(*key, asked)
            self._closed(closed)
            return (closed,)
        rest = fault.rest_s if fault.opens and fault.rest_s > opened.rest_s else longer(opened.rest_s)
        again = replace(opened, rest_s=rest, reason=_since_probe(opened.reason, fault))
        self._open(again, now)
        return (again,)

    def _called(self, call: Called, now: float, at: datetime) -> tuple[Decision, ...]:
        both = (self._all[call.provider, ""], self._all[call.provider, call.model])
        for breaker in both:
            breaker.calls.append((now, call.fault))
            breaker.recent(now)
            if call.fault is not None:
                breaker.errors.append((at, _named(call, breaker is both[0])))
        if call.fault is None or self._is_open(call.provider, now):
            return ()
        found = self._verdict(call, call.fault, now, at)
        for opened in found:
            self._open(opened, now)
        return found

    def _verdict(self, call: Called, fault: Fault, now: float, at: datetime) -> tuple[Opened, ...]:
        """Return the breakers that this failure opens."""
        provider, model = call.provider, call.model
        if fault.opens == "provider":
            return (Opened(provider, "", fault.words, at, fault.rest_s, model, "at once"),)
        if fault.connection and (said := self._share((provider, ""), now, connections=True)):
            return (Opened(provider, "", said, at, fault.rest_s, model),)
        if self._is_open(provider, now, model):
            return ()
        if fault.opens == "model":
            return (Opened(provider, model, fault.words, at, fault.rest_s, model, "at once"),)
        said = self._share((provider, model), now)
        if not said:
            return ()
        opened = Opened(provider, model, f"{said}, last: {fault.words}", at, fault.rest_s, model)
        return (opened, *self._with_others(opened, now))

    def _share(self, key: Key, now: float, connections: bool = False) -> str:
        """Return how many calls of the window failed, in words, when that is too many."""
        recent = self._all[key].recent(now)
        bad = sum(fault is not None and (fault.connection or not connections) for fault in recent)
        if len(recent) < MIN_CALLS or bad / len(recent) < RATIO:
            return ""
        what = "found no connection" if connections else "failed"
        return f"{bad} of {len(recent)} calls within {WINDOW_S:g} s {what}"

    def _with_others(self, opened: Opened, now: float) -> tuple[Opened, ...]:
        """Open the provider when another of its models fails as well and none of the rest answers."""
        failing = [opened.model]
        for (provider, model), breaker in self._all.items():
            if provider != opened.provider or model in ("", opened.model):
                continue
            if breaker.opened is not None and breaker.opened.kind == "errors":
                failing.append(model)
            elif any(fault is None for fault in breaker.recent(now)):
                return ()
        if len(failing) < 2:
            return ()
        reason = f"{len(failing)} of its models fail: {', '.join(sorted(failing))}"
        return (replace(opened, model="", reason=reason),)

    def _open(self, event: Opened, now: float) -> None:
        breaker = self._all[event.provider, event.model]
        breaker.openings += breaker.opened is None
        breaker.opened, breaker.until = event, now + min(event.rest_s, MAX_REST_S)

    def _closed(self, event: Closed) -> None:
        self._all[event.provider, event.model].close()
        if not event.model:
            self._all[event.provider, event.asked].close()

    def _reset(self, event: Reset) -> None:
        for (provider, model), breaker in self._all.items():
            everything = not event.provider
            whole = provider == event.provider and event.model in ("", model)
            if everything or whole or (provider == event.provider and not model):
                breaker.close()

    def clear(self) -> None:
        """Forget all."""
        self._all.clear()

    # -- what is asked -----------------------------------------------------------------------------

    def _is_open(self, provider: str, now: float, model: str = "") -> bool:
        return self._opening((provider, model), now) is not None

    def _opening(self, key: Key, now: float) -> _Breaker | None:
        """Return an open breaker; one that nobody has probed for long closes by itself."""
        breaker = self._all.get(key)
        if breaker is None or breaker.opened is None:
            return None
        if now > breaker.until + UNPROBED_S:
            breaker.close()
            return None
        return breaker

    def status(self, provider: str, model: str, now: float, at: datetime) -> str:
        """Return why a model is left alone, beginning with OPEN; nothing when it is not."""
        whole = self._opening((provider, ""), now)
        breaker = whole or self._opening((provider, model), now)
        if breaker is None or breaker.opened is None:
            return ""
        who = f"{provider}: " if whole else ""
        until = at + timedelta(seconds=breaker.until - now)
        then = f"until {until:%H:%M:%S}" if breaker.until > now else "until a probe is answered"
        return f"{OPEN}{who}{breaker.opened.reason}; since {breaker.opened.since:%H:%M:%S} UTC, {then}"

    def open_among(self, models: Iterable[Key], now: float) -> frozenset[str]:
        """Return the ids of those models that are left alone now."""
        return frozenset(
            model
            for provider, model in models
            if self._opening((provider, ""), now) or self._opening((provider, model), now)
        )

    def due(self, now: float) -> tuple[tuple[Key, str], ...]:
        """Return the breakers whose time is over, each with the model that a probe has to ask.

        A model under an open provider waits for its provider.
        """
        found = []
        for key in list(self._all):
            breaker = self._opening(key, now)
            if breaker is None or breaker.opened is None or now < breaker.until:
                continue
            if key[1] and self._opening((key[0], ""), now):
                continue
            found.append((key, breaker.opened.asks))
        return tuple(found)

    def snapshot(self, now: float, at: datetime) -> tuple[BreakerView, ...]:
        """Return every breaker that has seen a call, by provider and model."""
        return tuple(self._view(key, now, at) for key in sorted(self._all))

    def _view(self, key: Key, now: float, at: datetime) -> BreakerView:
        breaker = self._all[key]
        is_open = self._opening(key, now) is not None
        recent = breaker.recent(now)
        view = BreakerView(
            *key,
            state="closed",
            errors=tuple(breaker.errors),
            calls=len(recent),
            failed=sum(fault is not None for fault in recent),
            openings=breaker.openings,
        )
        if not is_open or breaker.opened is None:
            return view
        return replace(
            view,
            state="open" if breaker.until > now else "half-open",
            reason=breaker.opened.reason,
            since=breaker.opened.since,
            until=at + timedelta(seconds=breaker.until - now),
        )


def _named(call: Called, whole: bool) -> str:
    words = call.fault.words if call.fault else ""
    return f"{call.model}: {words}" if whole else words


def _since_probe(reason: str, fault: Fault) -> str:
    return f"{reason.partition('; last probe')[0]}; last probe: {fault.words}"
