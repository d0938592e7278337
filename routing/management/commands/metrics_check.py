"""Compute a period's figures from the rows, and hold what is stored and shown beside them."""

from datetime import date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from common.clock import now
from routing import desk, metrics_check
from routing.metrics_check import DAY, HOUR_SPAN, MINUTE, Compared, Difference

DEFAULT_DAYS = 7


class Command(BaseCommand):
    help = (
        "Computes the figures of a period anew from calls and replies, and compares those of every minute, "
        "hour and day that are stored. Lists each figure that differs and ends with 1 when there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="first", default="", metavar="DAY", help="a day of the desk: 2026-11-29"
        )
        parser.add_argument(
            "--to", dest="last", default="", metavar="DAY", help="the last day (default: today)"
        )
        parser.add_argument(
            "--days", type=int, metavar="N", help=f"so many days up to the last one (default: {DEFAULT_DAYS})"
        )
        parser.add_argument(
            "--repair", action="store_true", help="have what differs made anew by the next roll-up"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        start, end = self._period(options["first"], options["last"], options["days"])
        self.stdout.write(f"From {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC")
        found = metrics_check.compare(start, end, now())
        for difference in found.differences:
            self.stdout.write(f"  {_words(difference)}")
        for line in _summary(found):
            self.stdout.write(line)
        if not found.differences:
            self.stdout.write("No difference.")
            return
        count = f"{len(found.differences):,} row{'' if len(found.differences) == 1 else 's'} differ"
        if options["repair"]:
            metrics_check.repair(found)
            raise CommandError(f"{count}; the next roll-up, within seconds, makes them anew.")
        raise CommandError(f"{count}; --repair has them made anew.")

    def _period(self, first: str, last: str, days: int | None) -> tuple[datetime, datetime]:
        tz = desk.caps().tz
        final = _day(last, "--to") if last else desk.day_of(now(), tz)
        if first and days is not None:
            raise CommandError("Give --from or --days, not both.")
        begin = _day(first, "--from") if first else final - timedelta(days=(days or DEFAULT_DAYS) - 1)
        if final < begin:
            raise CommandError("The first day lies after the last one.")
        return desk.day_bounds(begin, final, tz)


def _day(given: str, option: str) -> date:
    try:
        day = parse_date(given)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"{option} takes a day such as 2026-11-29, not {given!r}.")
    return day


def _words(difference: Difference) -> str:
    key = difference.key
    of = " / ".join(part for part in (key.route, key.purpose, key.model) if part)
    return f"{difference.span} {difference.start:%Y-%m-%d %H:%M}, {of}: {'; '.join(difference.figures)}"


def _summary(found: Compared) -> list[str]:
    spans = {span: found.spans[span] for span in (MINUTE, HOUR_SPAN, DAY)}
    lines = [", ".join(f"{count:,} {span}s" for span, count in spans.items()) + " with figures compared"]
    if found.kept:
        lines.append(f"{found.kept:,} minutes kept, rows gone: of deleted rows nothing can be computed")
    if found.waiting:
        lines.append(f"{found.waiting:,} minutes wait for the roll-up and were not compared")
    return lines
