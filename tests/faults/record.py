"""What a page noted while the desk was ill: what it sent, what was acknowledged, what it has seen.

Pure: values only, so that a log can be doctored and the checker must find it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sent:
    """A message left the page, for the first time or again."""

    at: float
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Acked:
    """The desk said that a message is stored."""

    at: float
    message_id: str
    reply_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The desk said that a message was not taken; `final` ones are never sent again."""

    at: float
    message_id: str
    code: str
    final: bool


@dataclass(frozen=True, slots=True)
class Grown:
    """Text was added on the screen, the records `first` to `seq` of an epoch."""

    at: float
    reply_id: str
    epoch: int
    first: int
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """A `snapshot`, or `opened`, put this text on the screen in place of what stood there."""

    at: float
    reply_id: str
    epoch: int
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The page was told how a reply has ended."""

    at: float
    reply_id: str
    epoch: int
    state: str
    ended_by: str


@dataclass(frozen=True, slots=True)
class Line:
    """The line came up or was lost, and at which process; `words` say by what."""

    at: float
    up: bool
    web: int
    words: str = ""


Entry = Sent | Acked | Refused | Grown | Replaced | Ended | Line


@dataclass
class PageLog:
    """All that one tab noted, in order; `shown` is its screen at the end: the text of each reply.

    A `brief` log leaves out how texts grew: that of a long soak would not fit into memory.
    """

    page: str
    visitor: str
    conversation: str = ""
    entries: list[Entry] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    brief: bool = False

    def note(self, entry: Entry) -> None:
        """Put down what happened."""
        if not (self.brief and isinstance(entry, Grown | Replaced)):
            self.entries.append(entry)
