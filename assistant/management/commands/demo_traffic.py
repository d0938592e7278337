"""Play the example's questions through the desk, so that there is something to look at."""

import asyncio
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from assistant.db import DatabaseGone
from assistant.example import traffic
from common.clock import now
from routing import example, rollup
from routing.models import RouteOutcome
from routing.providers.registry import sandbox_active


class Command(BaseCommand):
    help = (
        "Play example questions through the real way of a message, with thumbs and escalations. Everything "
        "is marked as example traffic and can be removed with --remove."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--n", type=int, default=example.DEFAULT_N, help="questions (default: 300)")
        parser.add_argument("--concurrency", type=int, default=traffic.CONCURRENCY, help="visitors at once")
        parser.add_argument("--seed", type=int, default=None, help="play the same questions again")
        parser.add_argument("--remove", action="store_true", help="remove all example traffic instead")
        parser.add_argument(
            "--yes", action="store_true", help="play even if a real provider answers, at its price"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            replies, conversations = example.remove(), traffic.remove()
            self.stdout.write(f"Removed {conversations} example conversations and the figures of {replies}.")
            return
        if options["n"] < 1 or options["concurrency"] < 1:
            raise CommandError("--n and --concurrency take a number of 1 or more.")
        if not sandbox_active() and not options["yes"]:
            raise CommandError(
                "A real provider is configured, so these questions would cost real money: say --yes to play."
            )
        began = now()
        if not example.begin(options["n"], began):
            raise CommandError("Example traffic is already being played.")
        seed = int(time.time()) if options["seed"] is None else options["seed"]
        try:
            asyncio.run(self._play(options["n"], options["concurrency"], seed))
        except DatabaseGone as error:
            raise CommandError(f"The database did not answer: {error}") from error
        finally:
            example.end(now())
        rollup.roll_up(now())
        self._tell(began)

    async def _play(self, count: int, concurrency: int, seed: int) -> None:
        plan = await asyncio.to_thread(traffic.plan, seed)
        with tqdm(total=count, desc="questions", unit="", file=self.stderr, smoothing=0.1) as bar:

            async def heard() -> None:
                bar.update(1)
                await traffic.note_progress()

            await traffic.play(traffic.shortened(plan, count), heard, concurrency)

    def _tell(self, began: Any) -> None:
        rows = RouteOutcome.objects.filter(purpose=traffic.PURPOSE, ended_at__gte=began)
        counts: dict[str, list[int]] = {}
        for route, state in rows.values_list("route", "state"):
            seen = counts.setdefault(route, [0, 0])
            seen[0] += 1
            seen[1] += state == "failed"
        for route, (count, failed) in sorted(counts.items(), key=lambda item: -item[1][0]):
            self.stdout.write(f"{route:<12} {count:>5} replies" + (f", {failed} failed" if failed else ""))
