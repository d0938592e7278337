"""Server-sent events from byte chunks, as the WHATWG living standard parses them (section 9.2.6).

Pure: knows bytes and events, nothing of HTTP. Two additions the providers make necessary: a line has
a length cap, and a bare JSON line (an error that a gateway put into the stream without `data:`) is
handed on as an event of type `unframed`, because silently skipping it would hide the failure.
"""

from typing import NamedTuple

LINE_LIMIT = 1024 * 1024  # bytes, of a line and of an event; a provider's largest honest one is some 100 KiB
# Of a line that is not ASCII: decoded, each copy of it takes up to four bytes a character. It is what the
# longest text that a reply may have (`walk.REPLY_CHARS`) takes at most.
WIDE_LIMIT = 256 * 1024
LINES = 512  # at which an event's lines are joined: short ones take ten times their text as a list

UNFRAMED = "unframed"
_BARE = (b"{", b"[{")


class LineTooLong(ValueError):
    """A line, or an event of many lines, passed LINE_LIMIT without ending."""


class SseEvent(NamedTuple):
    """One event: its type (`message` when unsaid) and its data lines joined by newlines."""

    event: str
    data: str


class SseDecoder:
    """Turns byte chunks, however they are cut, into events.

    An event that the end of the stream cuts off is never given out, but for a bare JSON line, whose
    server had no more to say. Invalid UTF-8 becomes U+FFFD.
    """

    def __init__(self) -> None:
        self._rest = bytearray()  # never holds a line end
        self._skip_lf = False
        self._first = True
        self._event = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Return the events that `chunk` completes. Raises LineTooLong."""
        if self._skip_lf and chunk:
            # The last chunk ended in CR; an LF that follows belongs to the same line end.
            chunk = chunk[1:] if chunk[:1] == b"\n" else chunk
            self._skip_lf = False
        if not chunk:
            return []
        self._skip_lf = chunk.endswith(b"\r")
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        # Only the new part is searched and appended, so a line in a million pieces stays linear.
        if b"\n" not in chunk:
            self._rest += chunk
            self._check(self._rest)
            return []
        *lines, rest = chunk.split(b"\n")
        if self._rest:
            self._rest += lines[0]
            lines[0] = bytes(self._rest)
        self._rest = bytearray(rest)
        self._check(self._rest)
        found: list[SseEvent] = []
        for line in lines:
            if len(line) > WIDE_LIMIT:
                self._check(line)
                self._check_wide(line)
            self._line(line, found)
        return found

    def end(self) -> list[SseEvent]:
        """Return what the end of the stream completes: a bare JSON line without a line end."""
        found: list[SseEvent] = []
        rest, self._rest = self._rest, bytearray()
        if rest.startswith(_BARE) and len(rest) <= WIDE_LIMIT:
            self._line(bytes(rest), found)
        return found

    @staticmethod
    def _check(line: bytes | bytearray) -> None:
        if len(line) > LINE_LIMIT:
            raise LineTooLong(f"a line of the stream is longer than {LINE_LIMIT} bytes")

    @staticmethod
    def _check_wide(line: bytes) -> None:
        if len(line) > WIDE_LIMIT and not line.isascii():
            raise LineTooLong(f"a line of the stream is longer than {WIDE_LIMIT} bytes and not ASCII")

    def _line(self, line: bytes, found: list[SseEvent]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            if self._data:
                found.append(SseEvent(self._event or "message", "\n".join(self._data)))
            self._event, self._data, self._size = "", [], 0
            return
        if line.startswith(_BARE):
            found.append(SseEvent(UNFRAMED, line.decode("utf-8", "replace")))
            return
        if line.startswith(b"data: "):
            self._add(line[6:].decode("utf-8", "replace"), len(line))
            return
        # Cut before it is decoded: one wide character makes every copy of a long line four times as large.
        name, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", "replace")
        if name == b"data":
            self._add(text, len(line))
        elif name == b"event":
            self._event = text

    def _add(self, text: str, size: int) -> None:
        """Keep one more line of the event."""
        self._size += size
        if self._size > LINE_LIMIT:
            raise LineTooLong(f"an event of the stream is longer than {LINE_LIMIT} bytes")
        self._data.append(text)
        if len(self._data) >= LINES:
            self._data = ["\n".join(self._data)]
