"""What each fault of the sandbox must lead to, row by row of the promises F9 to F30.

One table for all three wires. `at` is after how many tokens the fault strikes: -1 before the headers,
0 before the first text, AFTER behind it; END and WHOLE are the places of the faults that have one.
"""

from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import Enum
from typing import Any

from common.clock import now
from routing.events import FinishReason
from routing.sandbox.striking import BAD_TEXT, ENDLESS_PIECE, GIANT, SPLIT_TEXT
from tests.routing.jobs import QUESTION

AFTER = 6
END, WHOLE = "end", "whole"
WIRES = ("openai", "gemini", "anthropic")


class Goes(Enum):
    """How the reply goes on after the attempt: the state it ends in, and why it is asked again."""

    NEXT = ("completed", "finish", ("first", "fallback"))  # unseen: the next model answers
    ON = ("completed", "finish", ("first", "continuation"))  # the text stays, the next model goes on
    WAIT = ("completed", "finish", ("first", "retry"))  # the same model after the wait it asked for
    WHOLE = ("completed", "finish", ("first",))  # nothing is missing
    REFUSED = ("refused", "finish", ("first",))
    CAPPED = ("truncated", "reply_cap", ("first",))


class Money(Enum):
    """What the attempt is booked at."""

    TOLD = "the provider's own tokens"
    GUESSED = "an estimate, marked as one"
    NOTHING = "nothing: no work was done"


@dataclass(frozen=True)
class Row:
    """One fault at one place and what the first attempt and the reply come to."""

    promise: str
    fault: str
    at: int | str
    error: str
    finish: FinishReason
    goes: Goes
    money: Money
    order: dict[str, Any] = field(default_factory=dict)
    inserted: str = ""  # what the fault adds to the text where it strikes
    text: str = ""  # the whole text, where it is another one
    note: str = ""  # what staff read behind it
    status: int | None = 200

    @property
    def name(self) -> str:
        """Return the row for a test's id."""
        more = "-".join(str(value).partition(",")[0] for value in self.order.values())
        return "-".join(part for part in (self.promise, self.fault, str(self.at), more) if part)


_ERROR, _CUT = FinishReason.PROVIDER_ERROR, FinishReason.UNKNOWN_END
_DONE, _LENGTH, _BLOCKED = FinishReason.COMPLETE, FinishReason.LENGTH, FinishReason.BLOCKED
_NEXT, _ON, _WHOLE = Goes.NEXT, Goes.ON, Goes.WHOLE
_TOLD, _GUESSED, _NOTHING = Money.TOLD, Money.GUESSED, Money.NOTHING


def _unreachable(fault: str) -> Row:
    return Row("F9", fault, -1, "ConnectFailed", _ERROR, _NEXT, _NOTHING, status=None)


def _silent(fault: str, at: int) -> Row:
    return Row("F10", fault, at, "FirstTextTimeout", _CUT, _NEXT, _GUESSED, status=None if at < 0 else 200)


def _stalled(fault: str) -> Row:
    return Row("F11", fault, AFTER, "Stalled", _CUT, _ON, _GUESSED)


def _limited(goes: Goes, retry_after: str) -> Row:
    order = {"status": 429, "retry_after": retry_after} if retry_after else {"status": 429}
    return Row("F12", "status", -1, "RateLimited", _ERROR, goes, _NOTHING, order, status=429)


def _status(promise: str, status: int, error: str, **more: str) -> Row:
    order = {"status": status, **more}
    return Row(promise, "status", -1, error, _ERROR, _NEXT, _NOTHING, order, status=status)


def _both(promise: str, fault: str, error: str, finish: FinishReason = _CUT) -> list[Row]:
    """Return a fault that breaks the answer, before the first text and behind it."""
    return [
        Row(promise, fault, 0, error, finish, _NEXT, _GUESSED),
        Row(promise, fault, AFTER, error, finish, _ON, _GUESSED),
    ]


def _passing(promise: str, fault: str, inserted: str = "") -> list[Row]:
    """Return a fault that the answer survives."""
    return [Row(promise, fault, at, "", _DONE, _WHOLE, _TOLD, inserted=inserted) for at in (0, AFTER)]


def _endless(fault: str, said: str) -> list[Row]:
    return [
        Row("F22", fault, at, "ReplyTooLong", _CUT, Goes.CAPPED, _GUESSED, inserted=said) for at in (0, AFTER)
    ]


def _end(fault: str, money: Money = _TOLD, promise: str = "F20", note: str = "") -> Row:
    return Row(promise, fault, END, "", _DONE, _WHOLE, money, note=note)


LATER = format_datetime(now().replace(year=now().year + 1), usegmt=True)

TABLE: list[Row] = [
    _unreachable("refuse"),
    _unreachable("rst_headers"),
    _unreachable("eof_headers"),
    _unreachable("cut"),
    _unreachable("eof"),
    _silent("no_headers", -1),
    _silent("stall", -1),
    _silent("drip", -1),
    _silent("no_text", 0),
    _silent("stall", 0),
    _silent("drip", 0),
    _silent("pings", 0),
    _stalled("stall"),
    _stalled("drip"),
    _stalled("pings"),
    _silent("bad_chunk", 0),
    _stalled("bad_chunk"),
    _end("slow_close", promise="F11"),
    _limited(Goes.WAIT, "1"),
    _limited(_NEXT, "3600"),
    _limited(_NEXT, LATER),
    _limited(_NEXT, "soon"),
    _limited(_NEXT, ""),
    _status("F13", 500, "ProviderDown"),
    _status("F13", 502, "ProviderDown"),
    _status("F13", 503, "ProviderDown"),
    _status("F13", 529, "ProviderDown"),
    _status("F14", 400, "RequestRejected"),
    _status("F14", 401, "KeyRefused"),
    _status("F14", 403, "KeyRefused"),
    _status("F14", 404, "UnknownModel"),
    _status("F14", 413, "ContextTooLong"),
    _status("F14", 429, "QuotaExhausted", reason="no_credit"),
    Row("F15", "error_first", 0, "ProviderDown", _ERROR, _NEXT, _GUESSED),
    *_both("F16", "error_mid", "ProviderDown", _ERROR),
    *_both("F16", "cut", "TruncatedOutput"),
    *_both("F17", "eof", "TruncatedOutput"),
    Row("F17", "empty", 0, "TruncatedOutput", _CUT, _NEXT, _GUESSED),
    Row("F17", "role_only", 0, "TruncatedOutput", _CUT, _NEXT, _GUESSED),
    *_both("F17", "cut_json", "TruncatedOutput"),
    *_both("F17", "bad_json", "NotAStream", _ERROR),
    *_both("F17", "unframed_error", "ProviderDown", _ERROR),
    Row("F17", "html_200", -1, "NotAStream", _ERROR, _NEXT, _GUESSED),
    *_both("F17", "html_200", "TruncatedOutput"),
    Row("F17", "json_200", -1, "NotAStream", _ERROR, _NEXT, _GUESSED),
    *_both("F17", "json_200", "TruncatedOutput"),
    Row("F18", "length", 0, "", _LENGTH, _NEXT, _TOLD, note="no_text: "),
    Row("F18", "length", AFTER, "", _LENGTH, _ON, _TOLD),
    Row("F19", "refusal", 0, "", _BLOCKED, Goes.REFUSED, _TOLD),
    Row("F19", "refusal", AFTER, "", _BLOCKED, Goes.REFUSED, _TOLD),
    _end("dup_finish"),
    _end("after_finish", note="late_text: 30 characters after the end marker were left out"),
    _end("usage_twice"),
    _end("usage_missing", _GUESSED),
    *_passing("F21", "bad_utf8", BAD_TEXT),
    *_passing("F21", "split_utf8", SPLIT_TEXT),
    *_passing("F21", "null_delta"),
    *_endless("giant_token", GIANT),
    *_endless("endless", ENDLESS_PIECE * 1000),
    *_both("F22", "endless_line", "NotAStream", _ERROR),
    Row("F30", "other_model", WHOLE, "", _DONE, _WHOLE, _TOLD, note="model_mismatch: "),
    Row("F30", "obey", WHOLE, "", _DONE, _WHOLE, _TOLD, text=QUESTION),
]
