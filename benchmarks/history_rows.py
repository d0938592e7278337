"""The rows of one generated day, table by table, in the order in which COPY takes their columns."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import psycopg
from django.db import models

from assistant.models import Conversation, Reply, Request, Turn, Visitor
from benchmarks import history_facts as facts
from benchmarks.history_copy import NULL, Table, always, escaped, flags, texts
from benchmarks.history_facts import Asked, Column, Day
from benchmarks.history_sums import CallFact, ReplyFact, Row, Sums
from faq.models import AskedQuestion
from routing.models import HourRow, MinuteRow, ModelCall, RouteOutcome

VERSION = "history"
REQUESTS = 0.006  # of the conversations lead to a request for a person
JUDGED = 0.15  # of the asked questions somebody has looked at
BROKEN = "The connection was closed before the answer was whole."


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
        shown = _Replies(day, self._pool)
        calls = _Calls(day, shown, random)
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

    def write(self, made: "Prepared", random: np.random.Generator, shift_us: int) -> None:
        """Write a day `shift_us` after the time for which it was made."""
        day, tails = made.day, made.tails
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
        names = ("normalised", "candidates", "confidence", "threshold", "shown_entry")
        made.tails["asked"] = self.tables["asked"].tails(
            (
                text, *(copied(self._pool, name, day.asked) for name in names),
                [self._pool[at].asked.route for at in day.asked.tolist()],
                ["kim" if each else "" for each in judged], ["right" if each else "" for each in judged],
                always("en"),
            )
        )  # fmt: skip

    def _replies(self, made: "Prepared", shown: "_Replies", dirty: bool) -> None:
        day = made.day
        first, total, thumbs = texts(shown.first), texts(day.total.tolist()), texts(shown.thumb)
        resolved = ["t" if value else NULL for value in shown.resolved]
        escalated, config = flags(day.escalated.tolist()), always(self._config)
        common = (shown.route, shown.tier, shown.model, day.cause, shown.state, shown.ended_by)
        pool_of = day.asked[day.reply_turn]
        made.tails["replies"] = self.tables["replies"].tails(
            (
                *common, texts(day.reply_ordinal.tolist()),
                *(copied(self._pool, name, pool_of) for name in ("answer", "html", "decision")),
                config, escalated, first, total, thumbs, resolved,
            )
        )  # fmt: skip
        made.tails["outcomes"] = self.tables["outcomes"].tails(
            (
                *common, shown.plan, texts(day.queue.tolist()), texts(day.match.tolist()), first, total,
                texts(day.attempts.tolist()), escalated, shown.escalated_by, thumbs, resolved,
                texts(shown.tokens_in), texts(shown.tokens_out), texts(shown.cost), texts(shown.heavy),
                always("f" if dirty else "t"), config, texts(shown.fallbacks), flags(shown.continued),
                flags(shown.truncated), flags(shown.assumed),
            )
        )  # fmt: skip

    def _calls(self, made: "Prepared", shown: "_Replies", calls: "_Calls", dirty: bool) -> None:
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
        self.minutes: list[Row] = []
        self.hours: list[Row] = []


def chosen(values: Sequence[str], at: Column) -> list[str]:
    """Return the values at these places."""
    return [values[place] for place in at.tolist()]


class _Replies:
    """Columns of a day's replies that follow from what was asked."""

    def __init__(self, day: Day, pool: Sequence[Text]) -> None:
        self.day = day
        asked = [pool[at].asked for at in day.asked[day.reply_turn].tolist()]
        self.providers = [pool[at].provider for at in day.asked[day.reply_turn].tolist()]
        self.route = [each.route for each in asked]
        self.tier = [each.tier for each in asked]
        self.ladder = [each.ladder for each in asked]
        self.fallbacks = [
            int(bool(each) and second)
            for each, second in zip(self.ladder, day.second_model.tolist(), strict=True)
        ]
        self.model = [
            each[second % len(each)] if each else ""
            for each, second in zip(self.ladder, self.fallbacks, strict=True)
        ]
        self.state = [facts.STATES[at] for at in day.state.tolist()]
        self.ended_by = [facts.ENDED_BY[at] for at in day.state.tolist()]
        self.truncated = [each == "truncated" for each in self.state]
        self.continued = [each == "continue" for each in day.cause]
        plans = day.plan[day.visitor_of[day.turn_conversation[day.reply_turn]]]
        self.plan = [facts.PLANS[at] for at in plans.tolist()]
        self.first = [
            None if state == "failed" else first
            for first, state in zip(day.first.tolist(), self.state, strict=True)
        ]
        self.thumb = [each or None for each in day.thumb.tolist()]
        self.resolved = [True if each else None for each in day.resolved.tolist()]
        self.assumed = [not each for each in day.escalated.tolist()]
        self.escalated_by = ["visitor" if each else "" for each in day.escalated.tolist()]
        self.tokens_in = [
            each if model else None for each, model in zip(day.tokens_in.tolist(), self.model, strict=True)
        ]
        self.tokens_out = [
            each if model else None for each, model in zip(day.tokens_out.tolist(), self.model, strict=True)
        ]
        self.cost = [price(*each) for each in zip(self.tier, self.tokens_in, self.tokens_out, strict=True)]
        self.heavy = [price("heavy", *each) for each in zip(self.tokens_in, self.tokens_out, strict=True)]

    def facts(self) -> Iterator[tuple[int, tuple[str, str, str], ReplyFact]]:
        """Yield when each ended, under what it is counted, and what is counted of it."""
        day = self.day
        made = map(
            ReplyFact, self.state, self.ended_by, self.truncated, day.escalated.tolist(), self.escalated_by,
            self.thumb, self.resolved, day.queue.tolist(), day.match.tolist(), self.first, day.total.tolist(),
            self.tokens_in, self.tokens_out, self.cost, self.heavy, self.fallbacks, self.continued, self.assumed,
        )  # fmt: skip
        keys = zip(self.route, repeat("visitor"), self.model)
        return zip(day.reply_ended.tolist(), keys, made, strict=True)


class _Calls:
    """Columns of a day's model calls: the one that answered, and those beside and before it."""

    def __init__(self, day: Day, shown: _Replies, random: np.random.Generator) -> None:
        self.reply = np.repeat(np.arange(len(day.attempts)), day.attempts)
        count = len(self.reply)
        starts = np.cumsum(day.attempts) - day.attempts
        place = np.arange(count) - np.repeat(starts, day.attempts)
        of = self.reply.tolist()
        kind = random.random(count)  # what an attempt beside the one that answered was for
        answered = place == 0
        failed = ~answered & (kind < 0.12)
        beside = ~answered & (kind >= 0.4)
        self.purpose = ["shadow" if each else "visitor" for each in beside.tolist()]
        self.attempt = place + 1
        names = {True: "first", False: "hedge"}
        self.cause = [
            "retry" if bad else names[bool(first)]
            for bad, first in zip(failed.tolist(), (answered | beside).tolist(), strict=True)
        ]
        self.model = [
            shown.ladder[at][(shown.fallbacks[at] + step) % len(shown.ladder[at])]
            for at, step in zip(of, place.tolist(), strict=True)
        ]
        self.provider = [shown.providers[at][model] for at, model in zip(of, self.model, strict=True)]
        self.error = [
            facts.ERRORS[at % len(facts.ERRORS)] if bad else "" for at, bad in enumerate(failed.tolist())
        ]
        self.status = [
            "429"
            if each == "RateLimited"
            else "503"
            if each == "ProviderUnavailable"
            else NULL
            if each
            else "200"
            for each in self.error
        ]
        self.partial = [BROKEN if each == "StreamCut" else "" for each in self.error]
        self.detail = ["The provider said that it is overloaded." if each else "" for each in self.error]
        self.finish = ["" if each else "complete" for each in self.error]
        self.answering = ["" if bad else model for bad, model in zip(self.error, self.model, strict=True)]
        self.began = day.created[self.reply] + place * 300_000
        self.took = np.maximum(
            1, (day.total[self.reply] * (0.9 + 0.1 * random.random(count))).astype(np.int64)
        )
        self.ended = self.began + self.took * 1000
        self.first = [
            None if bad else each
            for each, bad in zip(day.first[self.reply].tolist(), self.error, strict=True)
        ]
        self.tokens_in = [
            None if bad else shown.tokens_in[at] for at, bad in zip(of, self.error, strict=True)
        ]
        self.tokens_out = [
            None if bad else shown.tokens_out[at] for at, bad in zip(of, self.error, strict=True)
        ]
        self.cost = [shown.cost[at] if not bad else 0 for at, bad in zip(of, self.error, strict=True)]
        self.route = [shown.route[at] for at in of]

    def facts(self) -> Iterator[tuple[int, tuple[str, str, str], CallFact]]:
        """Yield when each ended, under what it is counted, and what is counted of it."""
        made = map(
            CallFact, self.model, self.cause, self.error, self.cost, self.tokens_in, self.tokens_out,
            self.first, self.took.tolist(),
        )  # fmt: skip
        return zip(self.ended.tolist(), zip(self.route, self.purpose, self.model), made, strict=True)


def price(tier: str, tokens_in: int | None, tokens_out: int | None) -> int:
    """Return what tokens cost in pico-USD; nothing where no model was asked."""
    return (tokens_in or 0) * facts.PICO_IN[tier] + (tokens_out or 0) * facts.PICO_OUT[tier]


def stored(value: Any) -> str:
    """Return JSON as COPY takes it."""
    return escaped(json.dumps(value, separators=(",", ":")))


# What differs from day to day stands first.
TABLES: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "visitors": (Visitor, ("id", "created_at", "plan", "language")),
    "conversations": (Conversation, ("id", "visitor_id", "created_at", "updated_at", "state", "title")),
    "turns": (
        Turn, ("id", "conversation_id", "visitor_id", "client_message_id", "created_at", "ordinal", "text"),
    ),
    "asked": (
        AskedQuestion,
        (
            "uuid", "created_at", "text", "normalised", "candidates", "confidence", "threshold", "shown_entry",
            "route", "judged_by", "label", "language",
        ),
    ),
    "replies": (
        Reply,
        (
            "id", "turn_id", "conversation_id", "created_at", "started_at", "ended_at", "route", "tier",
            "answering_model", "cause", "state", "ended_by", "ordinal", "text", "html", "decision",
            "config_number", "escalated", "first_text_ms", "total_ms", "rating", "resolved",
        ),
    ),
    "outcomes": (
        RouteOutcome,
        (
            "reply_id", "turn_id", "conversation_id", "ended_at", "route", "tier", "answering_model", "cause",
            "state", "ended_by", "plan", "queue_ms", "match_ms", "first_text_ms", "total_ms", "attempts",
            "escalated_after", "escalated_by", "feedback", "resolved", "input_tokens", "output_tokens",
            "cost_pico", "heavy_cost_pico", "rolled_up", "config_number", "fallbacks", "continued",
            "truncated", "assumed",
        ),
    ),
    "calls": (
        ModelCall,
        (
            "id", "reply_id", "turn_id", "started_at", "ended_at", "purpose", "route", "tier", "plan",
            "provider", "asked_model", "answering_model", "config_number", "attempt", "cause",
            "first_text_ms", "duration_ms", "input_tokens", "output_tokens", "cost_pico", "finish_reason",
            "error_class", "http_status", "partial_output", "error_detail", "rolled_up",
        ),
    ),
    "requests": (
        Request,
        (
            "id", "visitor_id", "conversation_id", "client_request_id", "created_at", "answered_at", "number",
            "reason", "email", "text", "state", "mail_state",
        ),
    ),
    "minutes": (MinuteRow, ("minute", "route", "purpose", "model", "figures")),
    "hours": (HourRow, ("hour", "route", "purpose", "model", "figures")),
}  # fmt: skip
