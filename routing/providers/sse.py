"""Server-sent events from byte chunks, as the WHATWG living standard parses them (section 9.2.6).

Pure: knows bytes and events, nothing of HTTP. Two additions the providers make necessary: a line has
a length cap, and a bare JSON line (an error that a gateway put into the stream without `data:`) is
handed on as an event of type `unframed`, because silently skipping it would hide the failure.
"""

from dataclasses import dataclass

LINE_LIMIT = 1024 * 1024  # bytes, of a line and of an event; a provider's largest honest one is some 100 KiB

UNFRAMED = "unframed"
_BARE = (b"{", b"[{")


class LineTooLong(ValueError):
    """A line, or an event of many lines, passed LINE_LIMIT without ending."""


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event: its type (`message` when unsaid) and its data lines joined by newlines."""

    event: str
    data: str


class SseDecoder:
    """Turns byte chunks, however they are cut, into events.

    An event that the end of the stream cuts off is never given out, but for a bare JSON line, whose
    server had no more to say. Invalid UTF-8 becomes U+FFFD.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
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
        # Only the new part is searched and appended, so a line in a million pieces stays linear.
        if b"\n" not in chunk and b"\r" not in chunk:
            self._rest += chunk
            self._check(self._rest)
            return []
        whole = bytes(self._rest) + chunk
        lines = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = bytearray(lines.pop())
        self._check(self._rest)
        found: list[SseEvent] = []
        for line in lines:
            self._check(line)
            self._line(line, found)
        return found

    def end(self) -> list[SseEvent]:
        """Return what the end of the stream completes: a bare JSON line without a line end."""
        found: list[SseEvent] = []
        rest, self._rest = bytes(self._rest), bytearray()
        if rest.startswith(_BARE):
            self._line(rest, found)
        return found

    @staticmethod
    def _check(line: bytes | bytearray) -> None:
        if len(line) > LINE_LIMIT:
            raise LineTooLong(f"a line of the stream is longer than {LINE_LIMIT} bytes")

    def _line(self, line: bytes, found: list[SseEvent]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            if self._data:
                found.append(SseEvent(self._event or "message", "\n".join(self._data)))
            self._event, self._data, self._size = "", [], 0
            return
        text = line.decode("utf-8", "replace")
        if line.startswith(_BARE):
            found.append(SseEvent(UNFRAMED, text))
            return
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._size += len(line)
            if self._size > LINE_LIMIT:
                raise LineTooLong(f"an event of the stream is longer than {LINE_LIMIT} bytes")
            self._data.append(value)
        elif name == "event":
            self._event = value
