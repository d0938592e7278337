"""The rows of one generated day, table by table, in the order in which COPY takes their columns."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from benchmarks import history_facts as facts
from benchmarks.history_copy import NULL, Table, always, escaped, flags, texts
from benchmarks.history_facts import Asked, Column, Day
from benchmarks.history_shown import Calls, Replies
from benchmarks.history_sums import Row, Sums
from benchmarks.history_tables import TABLES

VERSION = "history"
REQUESTS = 0.006  # of the conversations lead to a request for a person
JUDGED = 0.15  # of the asked questions somebody has looked at


@dataclass(frozen=True)
class Text:
    """A message of the pool with everything that stands in the tables because of it, ready for COPY."""

    asked: Asked
    text: str
    normalised: str
    answer: str
    html: str
    decision: str
    candidates: str
    confidence: str
    threshold: str
    shown_entry: str
    provider: dict[str, str]


def copied(rows: Sequence[Text], name: str, at: Column) -> list[str]:
    """Return a column of texts of the pool."""
    values = [str(getattr(each, name)) for each in rows]
    return [values[place] for place in at.tolist()]


def moments(at: Column) -> list[str]:
    """Return microseconds since 1970 as PostgreSQL reads times."""
    stamps: list[str] = np.datetime_as_string(at.astype("datetime64[us]"), unit="us").tolist()
    return [f"{stamp}Z" for stamp in stamps]


def ids(random: np.random.Generator, count: int) -> list[str]:
    """Return `count` random ids in hex."""
    every = random.bytes(16 * count).hex()
    return [every[at : at + 32] for at in range(0, 32 * count, 32)]


class Writer:
    """Writes a day as often as it is asked to, each time with new ids and at another time."""

    def __init__(self, to: "psycopg.Connection[Any]", pool: Sequence[Text], config_number: int) -> None:
        self._to, self._pool, self._config = to, pool, str(config_number)
        self._number = 0
        self.tables = {name: Table(model, named) for name, (model, named) in TABLES.items()}

    def prepare(self, day: Day, random: np.random.Generator, dirty: bool = False) -> "Prepared":
        """Return a day ready to be written; with `dirty` its roll-up is left to be made."""
        shown = Replies(day, self._pool)
        calls = Calls(day, shown, random)
        made = Prepared(day, calls.reply, calls.began, calls.ended)
        self._people(made, random)
        self._turns(made, random)
        self._replies(made, shown, dirty)
        self._calls(made, shown, calls, dirty)
        if not dirty:
            sums = Sums()
            for at, key, fact in shown.facts():
                sums.add_reply(at, key, fact)
            for at, key, call in calls.facts():
                sums.add_call(at, key, call)
            made.minutes, made.hours = sums.rows()
        return made

    def write(self, made: "Prepared", random: np.random.Generator, shift_us: int, whole: bool) -> None:
        """Write a day `shift_us` after the time for which it was made; `whole` is with decision records."""
        day, tails = made.day, made.tails if whole else {**made.tails, **made.short}
        visitor, conversation = ids(random, day.visitors), ids(random, len(day.began))
        turn, reply = ids(random, len(day.turn_at)), ids(random, len(day.reply_turn))
        owner = chosen(visitor, day.visitor_of)
        turn_owner = chosen(owner, day.turn_conversation)
        began, ended = moments(day.began + shift_us), moments(day.ended + shift_us)
        self._copy("visitors", visitor, moments(made.visitor_since + shift_us), tails["visitors"])
        self._copy("conversations", conversation, owner, began, ended, tails["conversations"])
        of, asked_at = chosen(conversation, day.turn_conversation), moments(day.turn_at + shift_us)
        self._copy("turns", turn, of, turn_owner, turn, asked_at, tails["turns"])
        self._copy("asked", turn, asked_at, tails["asked"])
        reply_of, turn_of = chosen(of, day.reply_turn), chosen(turn, day.reply_turn)
        created, answered = moments(day.created + shift_us), moments(day.reply_ended + shift_us)
        self._copy("replies", reply, turn_of, reply_of, created, created, answered, tails["replies"])
        self._copy("outcomes", reply, turn_of, reply_of, answered, tails["outcomes"])
        self._copy(
            "calls", ids(random, len(made.call_reply)), chosen(reply, made.call_reply),
            chosen(turn_of, made.call_reply), moments(made.call_began + shift_us),
            moments(made.call_ended + shift_us), tails["calls"],
        )  # fmt: skip
        self._requests(day, random, owner, conversation, shift_us)
        for name, rows in (("minutes", made.minutes), ("hours", made.hours)):
            if rows:
                at = np.array([row.at for row in rows], dtype=np.int64) + shift_us
                self._copy(name, moments(at), self._summed(name, rows))

    def _summed(self, name: str, rows: Sequence[Row]) -> list[str]:
        route, purpose, model = zip(*(row.key for row in rows), strict=True)
        return self.tables[name].tails((route, purpose, model, [row.figures for row in rows]))

    def _copy(self, name: str, *columns: Any) -> None:
        self.tables[name].write(self._to, columns)

    def _people(self, made: "Prepared", random: np.random.Generator) -> None:
        day = made.day
        plans = [facts.PLANS[at] for at in day.plan.tolist()]
        made.tails["visitors"] = self.tables["visitors"].tails((plans, always("en")))
        first = day.asked[day.turn_ordinal == 1]
        titles = [text[:110].rstrip("\\") for text in copied(self._pool, "text", first)]
        kinds = random.choice(3, len(day.began), p=(0.55, 0.001, 0.449))
        states = np.array(("open", "waiting", "closed"))[kinds].tolist()
        made.tails["conversations"] = self.tables["conversations"].tails((states, titles))

    def _turns(self, made: "Prepared", random: np.random.Generator) -> None:
        day = made.day
        text = copied(self._pool, "text", day.asked)
        made.tails["turns"] = self.tables["turns"].tails((texts(day.turn_ordinal.tolist()), text))
        judged = (random.random(len(text)) < JUDGED).tolist()
        names = ("normalised", "confidence", "threshold", "shown_entry")
        rest = (
            text, *(copied(self._pool, name, day.asked) for name in names),
            [self._pool[at].asked.route for at in day.asked.tolist()],
            ["kim" if each else "" for each in judged], ["right" if each else "" for each in judged],
            always("en"),
        )  # fmt: skip
        table = self.tables["asked"]
        made.tails["asked"] = table.tails((copied(self._pool, "candidates", day.asked), *rest))
        made.short["asked"] = table.tails((always("[]"), *rest))

    def _replies(self, made: "Prepared", shown: "Replies", dirty: bool) -> None:
        day = made.day
        first, total, thumbs = texts(shown.first), texts(day.total.tolist()), texts(shown.thumb)
        resolved = ["t" if value else NULL for value in shown.resolved]
        escalated, config = flags(day.escalated.tolist()), always(self._config)
        common = (shown.route, shown.tier, shown.model, day.cause, shown.state, shown.ended_by)
        pool_of = day.asked[day.reply_turn]
        rest = (
            *common, texts(day.reply_ordinal.tolist()), copied(self._pool, "answer", pool_of),
            copied(self._pool, "html", pool_of), config, escalated, first, total, thumbs, resolved,
        )  # fmt: skip
        table = self.tables["replies"]
        made.tails["replies"] = table.tails((copied(self._pool, "decision", pool_of), *rest))
        made.short["replies"] = table.tails((always("{}"), *rest))
        made.tails["outcomes"] = self.tables["outcomes"].tails(
            (
                *common, shown.plan, texts(day.queue.tolist()), texts(day.match.tolist()), first, total,
                texts(day.attempts.tolist()), escalated, shown.escalated_by, thumbs, resolved,
                texts(shown.tokens_in), texts(shown.tokens_out), texts(shown.cost), texts(shown.heavy),
                always("f" if dirty else "t"), config, texts(shown.fallbacks), flags(shown.continued),
                flags(shown.truncated), flags(shown.assumed),
            )
        )  # fmt: skip

    def _calls(self, made: "Prepared", shown: "Replies", calls: "Calls", dirty: bool) -> None:
        of = calls.reply
        made.tails["calls"] = self.tables["calls"].tails(
            (
                calls.purpose, calls.route, chosen(shown.tier, of), chosen(shown.plan, of), calls.provider,
                calls.model, calls.answering, always(self._config), texts(calls.attempt.tolist()),
                calls.cause, texts(calls.first), texts(calls.took.tolist()), texts(calls.tokens_in),
                texts(calls.tokens_out), texts(calls.cost), calls.finish, calls.error, calls.status,
                calls.partial, calls.detail, always("f" if dirty else "t"),
            )
        )  # fmt: skip

    def _requests(
        self, day: Day, random: np.random.Generator, owner: list[str], made: list[str], shift_us: int
    ) -> None:
        at = np.flatnonzero(random.random(len(made)) < REQUESTS)
        numbers = [str(self._number + step) for step in range(1, len(at) + 1)]
        self._number += len(at)
        asked = day.ended[at] + shift_us
        state = ["answered" if share < 0.85 else "closed" for share in random.random(len(at)).tolist()]
        tails = self.tables["requests"].tails(
            (
                numbers, always("asked"), [f"visitor{number}@mail.example" for number in numbers],
                always("Please write to me about my last invoice."), state, always("sent"),
            )
        )  # fmt: skip
        self._copy(
            "requests", ids(random, len(at)), chosen(owner, at), chosen(made, at), ids(random, len(at)),
            moments(asked), moments(asked + 7_200_000_000), tails,
        )  # fmt: skip


class Prepared:
    """A day with all that does not change when it is written again."""

    def __init__(self, day: Day, call_reply: Column, call_began: Column, call_ended: Column) -> None:
        self.day, self.call_reply = day, call_reply
        self.call_began, self.call_ended = call_began, call_ended
        self.visitor_since = np.full(day.visitors, day.began.max())
        np.minimum.at(self.visitor_since, day.visitor_of, day.began)
        self.tails: dict[str, list[str]] = {}
        self.short: dict[str, list[str]] = {}  # of replies and asked questions, without what was weighed
        self.minutes: list[Row] = []
        self.hours: list[Row] = []


def chosen(values: Sequence[str], at: Column) -> list[str]:
    """Return the values at these places."""
    return [values[place] for place in at.tolist()]


def stored(value: Any) -> str:
    """Return JSON as COPY takes it."""
    return escaped(json.dumps(value, separators=(",", ":")))
