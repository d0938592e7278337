"""Run transfer tests in this process, for a terminal and for CI: a table, an exit code, JUnit."""

import getpass
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant import watched_call
from assistant.db import DatabaseGone
from assistant.trials import transfer_plans, transferring
from assistant.trials.transfer_plans import DESK, MODEL, ROUTE, CannotTest
from common.clock import now
from common.money import to_pico, usd
from routing import publishing, transfer_runs
from routing.config import ConfigError
from routing.models import TransferRun
from routing.transfer_junit import junit
from routing.transfer_report import CaseReport


class Command(BaseCommand):
    help = (
        "Ask the transfer cases of a model, of a route's ladder or (without --target) as visitors would, "
        "and print what passed. Exits with 1 when a case did not pass each time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--target", default="", help="a model id or a route (default: all, as visitors)")
        parser.add_argument("--route", default="", help="the route on which a model is asked, with its cases")
        parser.add_argument("--draft", action="store_true", help="under the draft, not what is published")
        parser.add_argument("--n", type=int, default=3, help="how often each case is asked (default: 3)")
        parser.add_argument("--cap", default="0.50", help="the most it may cost, USD (default: 0.50)")
        parser.add_argument("--cases", default="", help="numbers of cases, with commas (default: all in use)")
        parser.add_argument("--judge", default="", help="the model that answers the judge questions")
        parser.add_argument(
            "--junit", default="", metavar="FILE", help="write JUnit XML to this file as well"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = self._ordered(options)
        except (CannotTest, ConfigError) as error:
            raise CommandError(str(error)) from error
        estimate = usd(run.estimate_pico)
        self.stdout.write(
            f"transfer test {run.pk}: {run.wanted} answers, at most {estimate} at one call each"
        )
        self._work(run)
        run.refresh_from_db()
        reports = transfer_runs.reports(run)
        self._print(run, reports)
        if options["junit"]:
            Path(options["junit"]).write_bytes(junit(f"transfer test {run.pk}", reports))
        if not run.passed:
            raise CommandError(run.error or transfer_runs.verdict(run))

    def _ordered(self, options: Mapping[str, Any]) -> TransferRun:
        kind, model, route = _target(options["target"], options["route"])
        if not 1 <= options["n"] <= transfer_plans.MOST_TIMES:
            raise CommandError(f"--n takes a number from 1 to {transfer_plans.MOST_TIMES}.")
        order = transfer_plans.build(
            kind,
            n=options["n"],
            cap_pico=_cap(options["cap"]),
            model=model,
            route=route,
            judge=options["judge"],
            draft=options["draft"],
            only=_numbers(options["cases"]),
        )
        return transfer_runs.order(order, getpass.getuser())

    def _work(self, run: TransferRun) -> None:
        try:
            transferring.step(str(run.uuid), transferring.WHOLE)
        except KeyboardInterrupt:
            transfer_runs.stop(run, getpass.getuser(), now())
            watched_call.settle_lost(run.uuid)
            raise CommandError("Stopped.") from None
        except DatabaseGone as error:
            raise CommandError(f"The database did not answer: {error}") from error

    def _print(self, run: TransferRun, reports: Sequence[CaseReport]) -> None:
        self.stdout.write(
            f"{'':<6} {'case':<52} {'passed':>9} {'alike':>6} {'first':>9} {'total':>9} {'cost':>10}"
        )
        for report in reports:
            self.stdout.write(_line(report))
            for words in report.failures:
                self.stdout.write(f"{'':<10} {words}")
        self.stdout.write(f"{transfer_runs.verdict(run)}, {usd(run.cost_pico)} of {usd(run.cap_pico)}")


def _line(report: CaseReport) -> str:
    mark = "ok" if report.ok else "FAILED"
    alike = "" if report.agreement is None else f"{report.agreement:.0%}"
    passed = f"{report.passed} of {report.wanted}"
    first, total = (_ms(value) for value in (report.first_text_ms, report.total_ms))
    cost = usd(report.cost_pico)
    title = f"{report.case.id} {report.case.title}"[:52]
    return f"{mark:<6} {title:<52} {passed:>9} {alike:>6} {first:>9} {total:>9} {cost:>10}"


def _ms(value: int | None) -> str:
    return "" if value is None else f"{value:,} ms"


def _target(name: str, route: str) -> tuple[str, str, str]:
    """Return kind, model and route of what is named."""
    config = publishing.current()
    if not name:
        if route:
            raise CommandError("--route goes with a model as --target; a route alone is a --target.")
        return DESK, "", ""
    if name in config.routes:
        if route:
            raise CommandError("--target names a route already.")
        return ROUTE, "", name
    return MODEL, name, route


def _cap(text: str) -> int:
    try:
        cap = Decimal(text)
    except InvalidOperation:
        cap = Decimal(-1)
    if not cap.is_finite() or cap < 0:
        raise CommandError("--cap takes an amount of USD such as 0.50.")
    return to_pico(cap)


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise CommandError("--cases takes numbers with commas, such as 3,4.")
    return [int(part) for part in parts]
