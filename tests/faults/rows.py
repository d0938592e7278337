"""What the database says when it is over, read past the product: plain SQL, on both databases."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

OPEN_STATES = frozenset({"queued", "streaming"})


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A stored message."""

    id: str
    conversation: str
    visitor: str
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """A stored reply."""

    id: str
    turn: str
    conversation: str
    cause: str
    state: str
    ended_by: str
    epoch: int
    seq: int
    text: str

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class CallRow:
    """One attempt in the ledger; `cost` and `reserved` are in pico-USD."""

    id: str
    reply: str
    attempt: int
    settled: bool
    cost: int | None
    reserved: int


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What the ledger has of a whole reply."""

    reply: str
    state: str
    ended_by: str


@dataclass(frozen=True)
class Rows:
    """All rows of a desk that the rules are about.

    `reserved` is what budgets still hold back, in pico-USD; `booked` is how many calls the ledger has, probes
    and all.
    """

    turns: tuple[TurnRow, ...] = ()
    replies: tuple[ReplyRow, ...] = ()
    calls: tuple[CallRow, ...] = ()
    outcomes: tuple[OutcomeRow, ...] = ()
    reserved: int = 0
    booked: int = 0

    @property
    def open(self) -> list[ReplyRow]:
        return [reply for reply in self.replies if reply.is_open]

    def of(self, visitors: Collection[str], before: "Rows | None" = None) -> "Rows":
        """Return the rows of some visitors, and the sums less what they were `before`."""
        before = before or Rows()
        turns = tuple(turn for turn in self.turns if turn.visitor in visitors)
        known = {turn.id for turn in turns}
        replies = tuple(reply for reply in self.replies if reply.turn in known)
        ours = {reply.id for reply in replies}
        return Rows(
            turns,
            replies,
            tuple(call for call in self.calls if call.reply in ours),
            tuple(outcome for outcome in self.outcomes if outcome.reply in ours),
            max(0, self.reserved - before.reserved),
            self.booked - before.booked,
        )


QUERIES = (
    "SELECT id, conversation_id, visitor_id, client_message_id, text FROM assistant_turn",
    "SELECT id, turn_id, conversation_id, cause, state, ended_by, epoch, seq, text FROM assistant_reply"
    " WHERE purpose = 'visitor'",
    "SELECT id, reply_id, attempt, ended_at IS NOT NULL, cost_pico, reserved_pico FROM routing_modelcall"
    " WHERE purpose = 'visitor'",
    "SELECT reply_id, state, ended_by FROM routing_routeoutcome WHERE purpose = 'visitor'",
    "SELECT COALESCE(SUM(reserved_pico), 0) FROM routing_budget",
    "SELECT COUNT(*) FROM routing_modelcall",
)


def _plain(value: Any) -> Any:
    """Return ids as SQLite stores them, so that both databases say the same."""
    return value.hex if isinstance(value, UUID) else value


def ask(url: str, data_dir: Path, queries: Sequence[str]) -> list[list[tuple[Any, ...]]]:
    """Return the rows of each query; without `url` from the desk's SQLite file."""
    if not url:
        path = f"file:{data_dir / 'desk.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=10)) as lite:
            return [_told(lite.execute(query).fetchall()) for query in queries]
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        return [_told(connection.execute(query.encode()).fetchall()) for query in queries]


def _told(rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(_plain(value) for value in row) for row in rows]


def read_rows(url: str, data_dir: Path) -> Rows:
    """Return all rows of a desk. Raises the driver's OperationalError while the database is away."""
    turns, replies, calls, outcomes, reserved, booked = ask(url, data_dir, QUERIES)
    return Rows(
        tuple(TurnRow(*row) for row in turns),
        tuple(ReplyRow(*row) for row in replies),
        tuple(
            CallRow(id, reply, attempt, bool(settled), *money)
            for id, reply, attempt, settled, *money in calls
        ),
        tuple(OutcomeRow(*row) for row in outcomes),
        int(reserved[0][0]),
        int(booked[0][0]),
    )
