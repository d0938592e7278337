"""How each reply and each call of a generated day looked, column by column: what follows from its facts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Protocol

import numpy as np

from benchmarks import history_facts as facts
from benchmarks.history_copy import NULL
from benchmarks.history_facts import Asked, Day
from benchmarks.history_sums import CallFact, ReplyFact

BROKEN = "The connection was closed before the answer was whole."


class Message(Protocol):
    """What is read of a message of the pool."""

    @property
    def asked(self) -> Asked: ...

    @property
    def provider(self) -> Mapping[str, str]: ...


class Replies:
    """Columns of a day's replies that follow from what was asked."""

    def __init__(self, day: Day, pool: Sequence[Message]) -> None:
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
            self.tokens_in, self.tokens_out, self.cost, self.heavy, self.fallbacks, self.continued,
            self.assumed,
        )  # fmt: skip
        keys = zip(self.route, repeat("visitor"), self.model)
        return zip(day.reply_ended.tolist(), keys, made, strict=True)


class Calls:
    """Columns of a day's model calls: the one that answered, and those beside and before it."""

    def __init__(self, day: Day, shown: Replies, random: np.random.Generator) -> None:
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
        return zip(
            self.ended.tolist(), zip(self.route, self.purpose, self.model, strict=True), made, strict=True
        )


def price(tier: str, tokens_in: int | None, tokens_out: int | None) -> int:
    """Return what tokens cost in pico-USD; nothing where no model was asked."""
    return (tokens_in or 0) * facts.PICO_IN[tier] + (tokens_out or 0) * facts.PICO_OUT[tier]
