"""Add the ledger up again, and hold it beside the sandbox's own books."""

import http.client
import json
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from common.clock import now
from common.money import from_pico
from routing import books, desk, ledger_check
from routing.providers import registry

DEFAULT_DAYS = 7
TIMEOUT_S = 10


class Command(BaseCommand):
    help = (
        "Check that every call is settled once and priced as the catalogue says, that budgets and replies "
        "are the sums of their calls, and that the sandbox's invoice says the same. Lists each difference "
        "and ends with 1 when there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            default="",
            metavar="DAY",
            help=f"a day or a moment: 2026-11-29, 2026-11-29T12:00 (default: {DEFAULT_DAYS} days back)",
        )
        parser.add_argument(
            "--sandbox",
            default="",
            metavar="URL",
            help="the sandbox to compare with (default: the one that answers this desk's visitors)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        since = self._since(options["since"])
        self.stdout.write(f"{ledger_check.calls(since):,} calls since {since:%Y-%m-%d %H:%M} UTC")
        found, estimates = list(ledger_check.check(since, now())), ""
        url = options["sandbox"] or (
            f"http://127.0.0.1:{registry.environment().sandbox_port}" if registry.sandbox_active() else ""
        )
        if url:
            apart, estimates = self._beside(url.rstrip("/"), bool(options["sandbox"]))
            found += apart
        for words in found:
            self.stdout.write(f"  {words}")
        if estimates:
            self.stdout.write(self.style.WARNING(f"Warning: {estimates}"))
        beside = " beside the estimates" if estimates else ""
        if found:
            raise CommandError(f"{len(found):,} difference{'' if len(found) == 1 else 's'}{beside}.")
        self.stdout.write(f"No difference{beside}.")

    def _since(self, given: str) -> datetime:
        tz = desk.caps().tz
        if not given:
            return desk.day_start(desk.day_of(now(), tz) - timedelta(days=DEFAULT_DAYS), tz)
        try:
            moment = parse_datetime(given)
            day = parse_date(given[:10])
        except ValueError:
            moment = day = None
        if moment is None and day is not None and len(given) == 10:
            moment = datetime.combine(day, time.min)
        if moment is None:
            raise CommandError(f"--since takes a day such as 2026-11-29, not {given!r}.")
        return moment if moment.tzinfo else moment.replace(tzinfo=tz)

    def _beside(self, url: str, asked: bool) -> tuple[list[str], str]:
        """Print both sides by model; return their differences, and in words those of the estimates."""
        try:
            records, invoice = _get(url, "requests"), _get(url, "invoice")
        except (OSError, ValueError, http.client.HTTPException) as error:
            if asked:
                raise CommandError(f"The sandbox at {url} does not answer: {error}") from error
            self.stdout.write(f"The sandbox at {url} does not answer; only the ledger itself was checked.")
            return [], ""
        ids = [UUID(record["call_id"]) for record in records if _is_id(record.get("call_id"))]
        ledger = ledger_check.booked(ids)
        compared = books.compare(ledger, records)
        found = list(compared.differences)
        whole = bool(records) and records[0].get("number") == 1
        first = ledger_check.began(ids)
        if first is not None:
            found += books.unseen(ledger_check.booked_since(first), records)
        if whole:
            found += books.invoice_apart(invoice, records)
        self._print(compared, len(records), whole)
        return found, books.estimates_apart(compared)

    def _print(self, compared: books.Compared, requests: int, whole: bool) -> None:
        gone = "" if whole or not requests else ", the earlier ones are gone"
        self.stdout.write(f"{requests:,} requests in the sandbox's books{gone}")
        for note, count in (
            ("estimated in the ledger, as their usage was not said", compared.estimated),
            ("without a call's id, not compared", compared.nameless),
            ("still running, not compared", compared.running),
        ):
            if count:
                self.stdout.write(f"{count:,} {note}")
        if not compared.theirs:
            return
        heading = ("model", "books", "requests", "input", "output", "cost, USD")
        self.stdout.write(_line(*heading))
        for model in sorted(compared.theirs):
            for side, sums in (("ledger", compared.ours.get(model)), ("sandbox", compared.theirs[model])):
                sums = sums or books.Sums()
                cost = f"{from_pico(sums.cost_pico).normalize():f}"
                counts = (f"{sums.requests:,}", f"{sums.input_tokens:,}", f"{sums.output_tokens:,}", cost)
                self.stdout.write(_line(model if side == "ledger" else "", side, *counts))


def _line(model: str, side: str, *cells: str) -> str:
    return f"{model:<32} {side:<8}" + "".join(f" {cell:>14}" for cell in cells)


def _is_id(text: object) -> bool:
    try:
        return bool(UUID(str(text)))
    except ValueError:
        return False


def _get(url: str, what: str) -> Any:
    """Return a part of the sandbox's books. Raises OSError, HTTPException and ValueError."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    try:
        connection.request("GET", f"/_control/{what}")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()
