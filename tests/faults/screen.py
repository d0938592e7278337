"""What one tab shows, by the rules of docs/protocol.md; every change is noted in its log.

Pure: frames and times come in, what has to be said to the desk comes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.record import Acked, Ended, Grown, PageLog, Refused, Replaced, Sent

# Tried again by themselves; with any other code the message stays unsent.
PASSING = frozenset({"not_stored", "rate_limited", "not_available", "busy", "not_open"})
NUMBERED = frozenset({"status", "delta", "block"})


@dataclass
class Shown:
    """One reply on the screen; `awaiting` while a resume is on its way."""

    reply_id: str
    epoch: int
    seq: int = 0
    text: str = ""
    state: str = ""
    awaiting: bool = False

    @property
    def running(self) -> bool:
        return not self.state


@dataclass
class Screen:
    """The replies that a tab shows and the messages that it has still to hand over."""

    log: PageLog
    replies: dict[str, Shown] = field(default_factory=dict)
    outbox: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)  # the first reply of each message that is stored

    @property
    def settled(self) -> bool:
        """Return whether everything sent is stored and every reply has ended."""
        return not self.outbox and not any(shown.running for shown in self.replies.values())

    def after(self) -> dict[str, int]:
        """Return what `open` says that this tab has."""
        return {reply_id: shown.seq for reply_id, shown in self.replies.items()}

    def compose(self, message_id: str, text: str) -> None:
        """Take a message of the visitor's; it stays in the outbox until the desk has it."""
        self.outbox[message_id] = text

    def sent(self, message_id: str, at: float) -> None:
        self.log.note(Sent(at, message_id, self.outbox[message_id]))

    def apply(self, frame: Mapping[str, Any], at: float) -> list[str]:
        """Change the screen by a frame; return the replies that have to be resumed."""
        kind = frame["type"]
        if kind == "opened":
            self._opened(frame, at)
        elif kind in ("ack", "turn"):
            self._stored(frame.get("client_message_id"), frame["reply_id"], at)
            self.replies.setdefault(frame["reply_id"], Shown(frame["reply_id"], frame["epoch"]))
        elif kind == "error":
            self._error(frame, at)
        elif kind in NUMBERED | {"snapshot", "done"}:
            shown = self.replies.get(frame["reply_id"])
            if shown is not None and shown.running:
                return self._reply(shown, frame, at)
        return []

    def _reply(self, shown: Shown, frame: Mapping[str, Any], at: float) -> list[str]:
        if frame["type"] == "snapshot":
            if frame["epoch"] >= shown.epoch:
                self._replace(shown, frame, at)
            return []
        if frame["type"] == "done":
            return self._done(shown, frame, at)
        first, seq = frame.get("first", frame["seq"]), frame["seq"]
        if seq <= shown.seq:
            return []
        if first != shown.seq + 1:
            return self._missing(shown)
        shown.seq, shown.awaiting = seq, False
        if frame["type"] == "delta":
            shown.text += frame["text"]
            self.log.note(Grown(at, shown.reply_id, shown.epoch, first, seq, frame["text"]))
        return []

    def _done(self, shown: Shown, frame: Mapping[str, Any], at: float) -> list[str]:
        if frame["epoch"] < shown.epoch:
            return []
        if frame["epoch"] > shown.epoch or frame["seq"] > shown.seq + 1:
            return self._missing(shown)
        shown.state, shown.seq, shown.awaiting = frame["state"], frame["seq"], False
        self.log.note(Ended(at, shown.reply_id, shown.epoch, frame["state"], frame["ended_by"]))
        return []

    def _missing(self, shown: Shown) -> list[str]:
        if shown.awaiting:
            return []
        shown.awaiting = True
        return [shown.reply_id]

    def _replace(self, shown: Shown, frame: Mapping[str, Any], at: float) -> None:
        shown.epoch, shown.seq, shown.text = frame["epoch"], frame["seq"], frame["text"]
        shown.awaiting = False
        self.log.note(Replaced(at, shown.reply_id, shown.epoch, shown.seq, shown.text))

    def _stored(self, message_id: str | None, reply_id: str, at: float) -> None:
        if message_id in self.outbox:
            del self.outbox[message_id]
            self.answers[message_id] = reply_id
            self.log.note(Acked(at, message_id, reply_id))

    def _error(self, frame: Mapping[str, Any], at: float) -> None:
        message_id = frame.get("client_message_id")
        if message_id in self.outbox:
            final = frame["code"] not in PASSING
            self.log.note(Refused(at, message_id, frame["code"], final))
            if final:
                del self.outbox[message_id]

    def _opened(self, frame: Mapping[str, Any], at: float) -> None:
        self.log.conversation = frame["conversation_id"]
        for turn in frame["turns"]:
            for reply in turn["replies"]:
                self._stored(turn["client_message_id"], reply["reply_id"], at)
                self._restore(reply, at)

    def _restore(self, reply: Mapping[str, Any], at: float) -> None:
        """Take a reply as `opened` has it, but nothing older of the same epoch than the screen shows."""
        shown = self.replies.setdefault(reply["reply_id"], Shown(reply["reply_id"], reply["epoch"]))
        ended = bool(reply["ended_by"])
        ours = reply["epoch"] == shown.epoch
        left_out = ours and reply["text"] is None
        behind = ours and reply["seq"] < shown.seq and not ended
        if shown.running and not left_out and not behind and reply["epoch"] >= shown.epoch:
            self._replace(shown, {**reply, "text": reply["text"] or ""}, at)
        shown.awaiting = False
        if ended and shown.running:
            shown.state = reply["state"]
            self.log.note(Ended(at, shown.reply_id, reply["epoch"], shown.state, reply["ended_by"]))
