"""Whole streams as the sandbox's speakers say them, each with what is to be read from it."""

from dataclasses import dataclass

from routing.events import FinishReason
from routing.sandbox.asking import Ask, WireName
from routing.sandbox.billing import Bill
from routing.sandbox.speaking import Speaker, speaker

WIRE_NAMES: tuple[WireName, ...] = ("openai", "gemini", "anthropic")
PIECES = ("Grüße ", "**世界 🎈**.")
TEXT = "".join(PIECES)
_MARK = "\ue000"
# One surrogate pair in two events, then a half without its other one, then no UTF-8 at all.
_HALVES = (b"\\ud83c", b"\\udf88", b"\\ud83c", b"\xff")
_REASONS = {"complete": FinishReason.COMPLETE, "length": FinishReason.LENGTH, "refusal": FinishReason.BLOCKED}


@dataclass(frozen=True)
class Stream:
    """Bytes of one answer. Before `end_at` its end marker has not come; `reason` is None without one."""

    name: str
    data: bytes
    text: str = TEXT
    end_at: int = 0
    reason: FinishReason | None = FinishReason.COMPLETE
    late: int = 0


def _speaker(wire: WireName, **counts: int) -> Speaker:
    bill = Bill(input_tokens=20, text_tokens=len(PIECES), **counts)
    return speaker(Ask(wire, "m", "", (), 100, report_usage=True), "m", bill)


def _told(speak: Speaker, between: bytes = b"") -> bytes:
    return speak.begin() + between.join(speak.token(piece) for piece in PIECES)


def _ended(name: str, wire: WireName, told: bytes, speak: Speaker, how: str, after: bytes = b"") -> Stream:
    """Return a stream with its end; `after` comes behind the reason, before the rest of the wire's end."""
    reason, close = speak.finish(how), speak.close()
    marked = told + reason + after + (close if wire == "anthropic" else b"")
    # Only a marker whose line and blank line are there counts; on CRLF wires the last LF is not needed.
    end_at = len(told + reason) if wire != "anthropic" else len(marked)
    data = told + reason + after + close
    return Stream(f"{wire}-{name}", data, end_at=end_at - (wire == "gemini"), reason=_REASONS[how])


def _with_lines(stream: Stream, name: str, old: bytes, new: bytes) -> Stream:
    """Return the stream with other line ends."""
    data, marked = (part.replace(old, new) for part in (stream.data, stream.data[: stream.end_at]))
    return Stream(f"{stream.name}-{name}", data, stream.text, len(marked) - len(new), stream.reason)


def _of(wire: WireName) -> list[Stream]:
    plain = _speaker(wire)
    thinking = _speaker(wire, thinking_tokens=30, cached_tokens=5)
    thought = Stream(f"{wire}-only-thoughts", thinking.begin(), "", reason=None)
    late = plain.token(" too late")
    whole = _ended("plain", wire, _told(plain), plain, "complete")
    old, new = (b"\r\n", b"\n") if wire == "gemini" else (b"\n", b"\r\n")
    torn = _told(plain) + b"".join(plain.token(_MARK).replace(_MARK.encode(), half) for half in _HALVES)
    odd = _ended("torn", wire, torn, plain, "complete")
    after = _ended("late-text", wire, _told(plain), plain, "complete", late)
    return [
        whole,
        _with_lines(whole, "other-lines", old, new),
        _with_lines(whole, "cr-lines", old, b"\r"),
        _ended("pings", wire, _told(plain, plain.ping()), plain, "complete"),
        _ended("nulls", wire, _told(plain, plain.nulls()), plain, "complete"),
        _ended("thinking", wire, _told(thinking), thinking, "complete"),
        _ended("usage-twice", wire, _told(plain) + plain.usage(3), plain, "complete"),
        _ended("length", wire, _told(plain), plain, "length"),
        _ended("refusal", wire, _told(plain), plain, "refusal"),
        _ended("two-finishes", wire, _told(plain), plain, "complete", plain.finish("length")),
        Stream(after.name, after.data, TEXT, after.end_at, after.reason, len(" too late")),
        Stream(odd.name, odd.data, f"{TEXT}🎈\ufffd\ufffd", odd.end_at, odd.reason),
        thought,
        Stream(f"{wire}-no-finish", _told(plain), reason=None),
        Stream(f"{wire}-half-an-end", _told(plain) + plain.usage() + plain.close(), reason=None),
        Stream(f"{wire}-error", _told(plain) + plain.error(), reason=None),
    ]


STREAMS = [stream for wire in WIRE_NAMES for stream in _of(wire)]
