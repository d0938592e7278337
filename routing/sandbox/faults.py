"""The faults that can be ordered, and where in an answer each of them strikes.

Pure: what a fault does there is in `striking` and `ending`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# head: always instead of an answer, before its headers.  anywhere: where it was ordered, -1 is before the
# headers.  stream: where it was ordered, at the earliest right behind the headers.  start: always there.
# end: at the end of the whole answer.  whole: the answer itself is another one.
Place = Literal["head", "anywhere", "stream", "start", "end", "whole"]

# Into the answer, but before most answers end.
AFTER_TOKENS = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a fault strikes, by default after how many tokens, and whether the answer then goes on."""

    place: Place
    after_tokens: int = AFTER_TOKENS
    goes_on: bool = False
    silent: bool = False  # the wire's own beginning (role, message_start) is not sent


KINDS: Mapping[str, Kind] = {
    "refuse": Kind("head"),
    "rst_headers": Kind("head"),
    "eof_headers": Kind("head"),
    "no_headers": Kind("head"),
    "status": Kind("head"),
    "stall": Kind("anywhere"),
    "cut": Kind("anywhere"),
    "eof": Kind("anywhere"),
    "drip": Kind("anywhere"),
    "html_200": Kind("anywhere", -1),
    "json_200": Kind("anywhere", -1),
    "empty": Kind("start", silent=True),
    "role_only": Kind("start"),
    "no_text": Kind("start"),
    "error_first": Kind("stream", 0, silent=True),
    "error_mid": Kind("stream"),
    "unframed_error": Kind("stream"),
    "pings": Kind("stream"),
    "bad_chunk": Kind("stream"),
    "cut_json": Kind("stream"),
    "length": Kind("stream"),
    "refusal": Kind("stream", 0),
    "endless_line": Kind("stream"),
    "endless": Kind("stream"),
    "bad_json": Kind("stream", goes_on=True),
    "giant_token": Kind("stream", goes_on=True),
    "null_delta": Kind("stream", goes_on=True),
    "bad_utf8": Kind("stream", goes_on=True),
    "split_utf8": Kind("stream", goes_on=True),
    "slow_close": Kind("end"),
    "dup_finish": Kind("end"),
    "after_finish": Kind("end"),
    "usage_missing": Kind("end"),
    "usage_twice": Kind("end"),
    "other_model": Kind("whole"),
    "obey": Kind("whole"),
}


def strikes_at(name: str, after_tokens: int, pieces: int) -> int | None:
    """Return after how many tokens a fault strikes an answer of `pieces`, None at its end or never.

    An order beyond the end of a short answer strikes before its last token: it always strikes.
    """
    kind = KINDS.get(name)
    if kind is None or kind.place in {"end", "whole"}:
        return None
    if kind.place == "head":
        return -1
    if kind.place == "start":
        return 0
    at = min(after_tokens, max(0, pieces - 1))
    return at if kind.place == "anywhere" else max(0, at)
