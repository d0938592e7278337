"""Fill a PostgreSQL desk with the history of a busy one: `python -m benchmarks.admin_data`.

    DATABASE_URL=postgresql://... python -m benchmarks.admin_data [--conversations 1000000]
        [--calls 10000000] [--days 92] [--busy 350000] [--seed 1] [--anyway]

Visitors, conversations, turns, replies, outcomes, model calls, asked questions and requests, up to the last
full hour, and the minute and hour rows that the roll-up would have made of them (by its own tallies). The
last day holds `--busy` calls that no roll-up has seen. What visitors ask is the example's traffic, each
message decided once by the production path. Every day of the week is made up once and then written for each
week, with new ids. The same seed gives the same figures.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

WEEK = 7
WHOLE_DAYS = 14  # the last ones have decision records, 5 KB an answer; the older ones go without
MESSAGES = 600  # in the pool: each is decided by the production path, 10 ms apiece
ANSWER = (
    "You can change this under **Settings**.\n\n1. Open *Settings*, then *{topic}*.\n2. Choose what fits, "
    "and save.\n\nIt counts for new bookings at once; those that exist stay as they are. Tell me if the page "
    "looks different for you, and which plan you are on."
)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.admin_data", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=92)
    parser.add_argument("--busy", type=int, default=350_000, help="calls of the last day, not yet rolled up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--anyway", action="store_true", help="also on a desk that has visitors already")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
    import django

    django.setup()
    fill(options)


def fill(options: argparse.Namespace) -> dict[str, int]:
    """Write the history into the database of DATABASE_URL; return the rows of each kind."""
    from django.core.management import call_command
    from django.db import connection

    from assistant.models import Visitor

    if connection.vendor != "postgresql":
        sys.exit("The history is written by COPY: set DATABASE_URL to a PostgreSQL database of its own.")
    if (
        options.days < WEEK + 2
        or options.conversations < options.days
        or options.calls < options.conversations
    ):
        sys.exit(f"At least {WEEK + 2} days, a conversation a day and a call for each conversation.")
    call_command("migrate", verbosity=0)
    if Visitor.objects.exists() and not options.anyway:
        sys.exit("This desk has visitors; with --anyway made-up ones are put beside them.")
    call_command("seed", verbosity=0)
    start = time.monotonic()
    rows = _history(options)
    print(f"{sum(rows.values()):,} rows in {time.monotonic() - start:.0f} s", flush=True)
    return rows


def _history(options: argparse.Namespace) -> dict[str, int]:
    import numpy as np
    import psycopg
    from django.db import connection

    from benchmarks import history_facts as facts
    from benchmarks.history_copy import without_indexes
    from benchmarks.history_rows import Writer
    from common.clock import now
    from routing import publishing

    pool = _pool(options.seed)
    end = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    start_us = int((end - timedelta(days=options.days)).timestamp()) * 1_000_000
    a_conversation = options.calls / options.conversations
    busy = round(min(options.busy, options.calls // 3) / a_conversation)
    parameters: Any = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    wanted = {name: parameters[name] for name in names if parameters.get(name)}
    asked = [each.asked for each in pool]
    with psycopg.connect(**wanted, autocommit=True) as to:
        writer = Writer(to, pool, publishing.current().number)
        with without_indexes(_tables()):
            for kind, (first, conversations) in enumerate(_kinds(options.days, options.conversations, busy)):
                random = np.random.default_rng([options.seed, kind])
                begins, dirty = start_us + first * facts.DAY_US, kind == WEEK
                day = facts.day(random, begins, conversations, asked, a_conversation / facts.REPLIES)
                made = writer.prepare(day, random, dirty)
                for number in range(first, options.days if dirty else options.days - 1, WEEK):
                    whole = number >= options.days - WHOLE_DAYS
                    writer.write(made, random, (number - first) * facts.DAY_US, whole)
                print(f"{writer.tables['calls'].rows:,} calls", flush=True)
            print("indexes", flush=True)
    _say_rolled_up(end - timedelta(days=1), options.days)
    _beside(options.days, end)
    return {name: table.rows for name, table in writer.tables.items()}


def _kinds(days: int, conversations: int, busy: int) -> list[tuple[int, int]]:
    """Return the first of each kind of day, a kind for each day of the week, and its conversations.

    The two last ones are quiet; behind them stands the busy day, which is the last of all.
    """
    shares = [0.6 if day in (5, 6) else 1.0 for day in range(min(WEEK, days - 1))]
    often = [len(range(kind, days - 1, WEEK)) for kind in range(len(shares))]
    each = (conversations - busy) / sum(share * count for share, count in zip(shares, often, strict=True))
    return [(kind, max(1, round(each * share))) for kind, share in enumerate(shares)] + [(days - 1, busy)]


def _tables() -> list[str]:
    from assistant.models import Conversation, Reply, Request, Turn, Visitor
    from faq.models import AskedQuestion
    from routing.models import HourRow, MinuteRow, ModelCall, RouteOutcome

    written = (Visitor, Conversation, Turn, Reply, Request, RouteOutcome, ModelCall, AskedQuestion)
    return [model._meta.db_table for model in (*written, MinuteRow, HourRow)]


def _pool(seed: int) -> list[Any]:
    """Return the messages that visitors write, each as the production path decides it."""
    from assistant.example.questions import read, visits
    from assistant.pipeline import ConversationFacts, consider
    from assistant.rendering import render
    from benchmarks.history_copy import escaped
    from benchmarks.history_facts import Asked
    from benchmarks.history_rows import Text, stored
    from faq import index
    from faq.engine_models import key_of
    from faq.models import Phrasing
    from routing import publishing

    publishing.refresh(force=True)
    index.refresh(force=True)
    config = publishing.current()
    phrasings = list(
        Phrasing.objects.filter(entry__status="published").order_by("pk").values_list("text", flat=True)
    )
    every = (text for visit in visits(seed, read(), phrasings) for text in visit.texts)
    pool = []
    for number, text in enumerate(islice(every, MESSAGES)):
        found = consider(text, ConversationFacts(), config)
        record, route = found.record(), found.route
        ladder = tuple(view.model.id for view in found.ladder[:2])
        answer = ANSWER.format(topic=("Bookings", "Reminders", "Team", "Billing", "Calendar")[number % 5])
        candidates = record["faq"]["candidates"]
        sure = candidates[0]["confidence"] if candidates else 0.0
        pool.append(
            Text(
                asked=Asked(route.slug, route.tier if ladder else "none", ladder),
                text=escaped(text),
                normalised=escaped(key_of(text)),
                answer=escaped(answer),
                html=escaped(render(answer, ())),
                decision=stored(record),
                candidates=stored(candidates),
                confidence=str(sure),
                threshold=str(record["faq"]["threshold"]),
                shown_entry=str(candidates[0]["entry_id"]) if route.slug == "faq" and candidates else "",
                provider={view.model.id: view.model.provider for view in found.ladder},
            )
        )
    return pool


def _say_rolled_up(until: datetime, days: int) -> None:
    """Say until when hours are summed, and have the product sum up the days."""
    from routing import summing
    from routing.models import RollUpState

    said = {"as_of": until, "ran_at": until, "hours_until": until}
    RollUpState.objects.update_or_create(pk=1, defaults=said)
    for _ in range(days // summing.DAYS_A_RUN + 1):
        summing.sum_up(until)


def _beside(days: int, end: datetime) -> None:
    """Write what staff leave behind in such a time: versions, changes of models, spent budgets."""
    from routing.models import Budget, ConfigVersion, FlipRecord

    newest = ConfigVersion.objects.order_by("-number").first()
    if newest is None:
        return
    ConfigVersion.objects.bulk_create(
        ConfigVersion(
            number=newest.number + number, sha=f"{number:064x}", snapshot=newest.snapshot, created_by="kim",
            note=f"Change no. {number}",
        )
        for number in range(1, 2 * days)
    )  # fmt: skip
    FlipRecord.objects.bulk_create(
        FlipRecord(
            route_slug="common", old=["gemini-3.5-flash-lite"], new=["claude-haiku-5-5"], changed_by="kim",
            changed_at=end - timedelta(hours=12 * number), config_number=newest.number + number,
            state=FlipRecord.State.SETTLED,
        )
        for number in range(1, 2 * days)
    )  # fmt: skip
    Budget.objects.bulk_create(
        Budget(
            scope=scope, period=Budget.Period.DAY, period_start=(end - timedelta(days=day)).date(),
            cap_pico=10**14, spent_pico=4 * 10**13,
        )
        for day in range(days)
        for scope in ("all", "route:common", "route:complex", "plan:pro")
    )  # fmt: skip


if __name__ == "__main__":
    main()
