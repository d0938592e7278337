"""One day of a busy desk as columns of numbers: who wrote when, what answered, how long it took. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
DAY_US, HOUR_US, MARGIN_US = 86_400_000_000, 3_600_000_000, 20_000_000

# Messages by hour of the day (UTC), for a desk whose visitors live in Europe and some in America.
HOURS = (6, 4, 3, 2, 2, 3, 8, 20, 42, 56, 60, 58, 52, 54, 58, 60, 56, 46, 38, 32, 28, 22, 15, 10)
PLANS, PLAN_SHARES = ("", "free", "pro", "studio"), (0.5, 0.28, 0.17, 0.05)
STATES = ("completed", "truncated", "failed", "cancelled", "refused")
STATE_SHARES = (0.952, 0.012, 0.014, 0.014, 0.008)
ENDED_BY = ("done", "length", "error", "stop", "refusal")
CAUSES, CAUSE_SHARES = ("retry", "escalation", "continue"), (0.35, 0.5, 0.15)
TURNS = 3.1  # of a conversation, on average
AGAIN = 0.06  # of the turns have a second reply
REPLIES = TURNS * (1 + AGAIN)
ERRORS = ("RateLimited", "FirstTokenTimeout", "ProviderUnavailable", "StreamCut")
# Median ms to the first text and to the end after it, by tier; the spread is that of a log-normal.
FIRST = {"none": 30.0, "lite": 420.0, "standard": 650.0, "heavy": 1100.0}
REST = {"none": 5.0, "lite": 1500.0, "standard": 2600.0, "heavy": 5200.0}
SPREAD = 0.55
PICO_IN = {"none": 0, "lite": 250_000, "standard": 1_000_000, "heavy": 3_000_000}  # pico-USD a token
PICO_OUT = {"none": 0, "lite": 1_250_000, "standard": 5_000_000, "heavy": 15_000_000}
MODELLESS = "none"


@dataclass(frozen=True)
class Asked:
    """What a message of the pool leads to, as the production path says: its route, tier and ladder."""

    route: str
    tier: str
    ladder: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    """The columns of a day; times are microseconds since 1970, `*_of` are positions in another table."""

    visitors: int
    visitor_of: Column
    plan: Column
    began: Column
    ended: Column
    turn_conversation: Column
    turn_ordinal: Column
    turn_at: Column
    asked: Column
    reply_turn: Column
    reply_ordinal: Column
    cause: list[str]
    state: Column
    created: Column
    reply_ended: Column
    queue: Column
    match: Column
    first: Column
    total: Column
    second_model: Column
    attempts: Column
    tokens_in: Column
    tokens_out: Column
    thumb: Column
    resolved: Column
    escalated: Column


def day(  # noqa: PLR0915 - a list of columns, one after the other
    random: np.random.Generator,
    start_us: int,
    conversations: int,
    pool: Sequence[Asked],
    calls_a_reply: float,
) -> Day:
    """Return a day that begins at `start_us`: conversations of about 3.1 turns over its hours."""
    turns = np.minimum(random.geometric(1 / TURNS, conversations), 40)
    conversation = np.repeat(np.arange(conversations), turns)
    ordinal = np.arange(len(conversation)) - np.repeat(np.cumsum(turns) - turns, turns) + 1
    weights = np.roll(np.array(HOURS, dtype=float) / sum(HOURS), -(start_us // HOUR_US % 24))
    hour = random.choice(24, conversations, p=weights)
    began = start_us + ((hour * 3600 + random.random(conversations) * 3600) * 1e6).astype(np.int64)
    pauses = (random.lognormal(3.6, 0.7, len(conversation)) * 1e6).astype(np.int64)
    pauses[ordinal == 1] = 0
    along = np.cumsum(pauses)
    turn_at = began[conversation] + along - along[np.cumsum(turns) - turns][conversation]
    asked = random.integers(0, len(pool), len(conversation))
    reply_turn = np.sort(
        np.concatenate([np.arange(len(asked)), np.flatnonzero(random.random(len(asked)) < AGAIN)])
    )
    second = np.concatenate([[False], reply_turn[1:] == reply_turn[:-1]])
    replies = len(reply_turn)
    tiers = np.array([each.tier for each in pool])[asked][reply_turn]
    modelless = tiers == MODELLESS
    first = _times(random, tiers, FIRST)
    rest = _times(random, tiers, REST)
    state = random.choice(len(STATES), replies, p=STATE_SHARES)
    state[modelless] = 0
    created = turn_at[reply_turn] + np.where(second, 20_000_000, 40_000)
    total = first + rest
    reply_ended = created + total * 1000
    last = np.zeros(conversations, dtype=np.int64)
    np.maximum.at(last, conversation[reply_turn], reply_ended)
    # A day is written again and again, each time 24 hours on: nothing of it may reach into the next one.
    late = np.maximum(0, last - (start_us + DAY_US - MARGIN_US))
    began, last = began - late, last - late
    turn_at = turn_at - late[conversation]
    created, reply_ended = (each - late[conversation[reply_turn]] for each in (created, reply_ended))
    causes = random.choice(len(CAUSES), replies, p=CAUSE_SHARES)
    thumbs = random.random(replies)
    thumb = np.where(thumbs < 0.07, 1, np.where(thumbs < 0.095, -1, 0))
    attempts = 1 + random.poisson(max(0.0, calls_a_reply / max(0.05, 1 - modelless.mean()) - 1), replies)
    attempts[modelless] = 0
    escalated = np.concatenate([second[1:], [False]]) & ~second
    visitors = max(1, int(conversations / 1.4))
    return Day(
        visitors=visitors,
        visitor_of=np.concatenate(
            [np.arange(visitors), random.integers(0, visitors, conversations - visitors)]
        ),
        plan=random.choice(len(PLANS), visitors, p=PLAN_SHARES),
        began=began,
        ended=last,
        turn_conversation=conversation,
        turn_ordinal=ordinal,
        turn_at=turn_at,
        asked=asked,
        reply_turn=reply_turn,
        reply_ordinal=np.where(second, 2, 1),
        cause=["first" if not two else CAUSES[why] for two, why in zip(second, causes, strict=True)],
        state=state,
        created=created,
        reply_ended=reply_ended,
        queue=random.integers(0, 12, replies),
        match=random.integers(2, 14, replies),
        first=first,
        total=total,
        second_model=random.random(replies) < 0.07,
        attempts=attempts,
        tokens_in=random.integers(300, 2600, replies),
        tokens_out=random.integers(30, 700, replies),
        thumb=thumb,
        resolved=random.random(replies) < 0.12,
        escalated=escalated,
    )


def _times(random: np.random.Generator, tiers: Column, medians: dict[str, float]) -> Column:
    middle = np.array([np.log(medians[tier]) for tier in medians])
    place = np.searchsorted(np.array(sorted(medians)), tiers)
    ordered = np.array([middle[list(medians).index(tier)] for tier in sorted(medians)])
    return np.maximum(1, random.lognormal(ordered[place], SPREAD)).astype(np.int64)
