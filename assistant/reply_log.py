"""The numbered records of one reply, and what a reader who has seen some of them is sent next.

Pure: no clock, no socket, no Redis. A record stands for seq `first..seq`; only neighbouring deltas
are ever merged. Joined deltas since the last snapshot, after its text, are exactly the reply's text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from assistant.protocol import SharedFrame

TERMINAL = frozenset({"completed", "truncated", "failed", "cancelled", "refused"})


class Record(NamedTuple):
    """One frame of a reply; `first` is the seq of the earliest record merged into it."""

    seq: int
    first: int
    type: str
    body: Mapping[str, Any]

    def frame(self, reply_id: str) -> SharedFrame:
        frame = SharedFrame(type=self.type, reply_id=reply_id, seq=self.seq)
        frame.update(self.body)
        if self.first != self.seq:
            frame["first"] = self.first
        return frame


def merged(records: Iterable[Record]) -> Iterator[Record]:
    """Yield the records in order, each run of neighbouring deltas as one."""
    run: list[Record] = []
    for record in records:
        if run and (record.type != "delta" or record.first != run[-1].seq + 1):
            yield _joined(run)
            run = []
        if record.type == "delta":
            run.append(record)
        else:
            yield record
    if run:
        yield _joined(run)


def _joined(run: list[Record]) -> Record:
    if len(run) == 1:
        return run[0]
    text = "".join(record.body["text"] for record in run)
    return Record(run[-1].seq, run[0].first, "delta", {"text": text})


@dataclass
class ReplyLog:
    """What this process knows of one reply, as its owner or as a reader of another process."""

    reply_id: UUID
    conversation_id: UUID
    epoch: int = 1
    owned: bool = True
    records: list[Record] = field(default_factory=list)
    base_seq: int = 0  # records up to here are only known as `base_text`
    base_text: str = ""
    html: str = ""
    upto: int = 0
    closed: bool = False
    offer: list[dict[str, str]] = field(default_factory=list)  # did you mean: stands from the first record on
    length: int = 0  # of the text, so that nobody joins it for its length
    _parts: list[str] = field(default_factory=list)
    _said: tuple[int, int, list[Mapping[str, Any]]] | None = None

    def __post_init__(self) -> None:
        self._name = str(self.reply_id)

    @property
    def seq(self) -> int:
        return self.records[-1].seq if self.records else self.base_seq

    @property
    def text(self) -> str:
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self.base_text + (self._parts[0] if self._parts else "")

    def add(self, kind: str, **body: Any) -> Record:
        """Append the next record of an owned reply and return it."""
        record = Record(self.seq + 1, self.seq + 1, kind, body)
        self.take(record)
        return record

    def take(self, record: Record) -> bool:
        """Append `record` if it is the next one; return False for a repeat or a gap."""
        if record.first != self.seq + 1 or self.closed:
            return False
        self.records.append(record)
        if record.type == "delta":
            self._parts.append(record.body["text"])
            self.length += len(record.body["text"])
        elif record.type == "block":
            self.html += record.body["html"]
            self.upto = record.body["upto"]
        elif record.type == "status":
            self.offer = record.body.get("did_you_mean", self.offer)
        elif record.type == "done":
            self.closed = True
        return True

    def reset(
        self, epoch: int, seq: int, text: str, offer: list[dict[str, str]], html: str = "", upto: int = 0
    ) -> None:
        """Start again from a snapshot: the text up to `seq` of `epoch`, its records unknown."""
        self.epoch, self.base_seq, self.base_text, self.offer = epoch, seq, text, offer
        self.records, self._parts, self.html, self.upto, self.closed = [], [], html, upto, False
        self.length, self._said = len(text), None

    def reset_to(self, epoch: int, snapshot: Record) -> None:
        """Start again from a record of type `snapshot`."""
        body = snapshot.body
        self.reset(epoch, snapshot.seq, body["text"], body["did_you_mean"], body["html"], body["upto"])

    def compact(self) -> None:
        """Forget the single records of an ended reply; a reader who comes late is sent a snapshot."""
        done, text = self.records[-1], self.text
        self.base_seq, self.base_text = done.seq - 1, text
        self.records, self._parts, self._said = [done], [], None

    def snapshot(self) -> dict[str, Any]:
        """Return the frame that replaces whatever a client has of this reply."""
        return {
            "type": "snapshot",
            "reply_id": self._name,
            "epoch": self.epoch,
            # `done` follows a snapshot of an ended reply, so the snapshot ends one before it.
            "seq": self.seq - 1 if self.closed else self.seq,
            "text": self.text,
            "html": self.html,
            "upto": self.upto,
            "did_you_mean": self.offer,
        }

    def since(self, epoch: int, after: int) -> tuple[Sequence[Mapping[str, Any]], int]:
        """Return the frames that bring a reader at (`epoch`, `after`) up to date, and its new seq.

        A reader of an earlier epoch, ahead of its owner, or inside a merged record gets a snapshot. Readers
        at the same place are given the same frames, so that each is encoded once.
        """
        if epoch > self.epoch or (epoch == self.epoch and after > self.seq and not self.owned):
            return [], after  # the reader has seen another process further on; this copy catches up
        known = epoch == self.epoch and self.base_seq <= after <= self.seq
        if known and after == self.seq:
            return [], after
        if known and self._said and self._said[:2] == (after, self.seq):
            return self._said[2], self.seq
        fresh = self._tail(after) if known else []
        if not known or (fresh and fresh[0].first != after + 1):
            return self._all(), self.seq
        frames: list[Mapping[str, Any]] = [record.frame(self._name) for record in merged(fresh)]
        self._said = (after, self.seq, frames)
        return frames, self.seq

    def _all(self) -> list[Mapping[str, Any]]:
        frames: list[Mapping[str, Any]] = [self.snapshot()]
        if self.closed:
            frames.append(self.records[-1].frame(self._name))
        return frames

    def _tail(self, after: int) -> list[Record]:
        """Return the records behind `after`; owned logs are dense, so the index is known."""
        if self.owned and not self.base_seq:
            return self.records[after:]
        return [record for record in self.records if record.seq > after]
