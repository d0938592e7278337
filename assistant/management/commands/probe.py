"""Measure a model or a route before and after it is changed, and compare two measurements."""

import asyncio
import getpass
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from assistant import probing
from assistant.db import DatabaseGone
from assistant.process import refresh
from assistant.reply_ledger import DatabaseLedger
from routing import probe, publishing
from routing.config import ConfigError
from routing.models import ProbeRun
from routing.once import Answered
from routing.probe_words import LINES, counted, shown
from routing.providers.transport import transport


class Command(BaseCommand):
    help = (
        "Send questions to a model or a route as production would, print first text and total time, "
        "tokens per second, errors and cost, and keep the run; --compare prints two runs beside each other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", nargs="?", help="a model id or a route")
        parser.add_argument("--n", type=int, default=20, help="prompts (default: 20; p99 needs 100)")
        parser.add_argument("--concurrency", type=int, default=2, help="prompts at once (default: 2)")
        parser.add_argument("--prompt", default="", help="ask only this")
        parser.add_argument("--route", default="", help="under which route's limits a model is measured")
        parser.add_argument(
            "--compare", nargs=2, type=int, metavar=("A", "B"), help="numbers of two stored runs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["compare"]:
            self._compare(*options["compare"])
            return
        if not options["target"]:
            raise CommandError("Say which model or route to measure, or --compare two runs.")
        if options["n"] < 1 or options["concurrency"] < 1:
            raise CommandError("--n and --concurrency take a number of 1 or more.")
        try:
            self._measure(options)
        except (probing.NothingToProbe, ConfigError) as error:
            raise CommandError(str(error)) from error

    def _measure(self, options: Mapping[str, Any]) -> None:
        refresh()
        config = publishing.current()
        target = probing.target(options["target"], config, options["route"])
        source, chosen = probing.questions(options["n"], options["prompt"])
        asked = list(probing.prompts(chosen, target.route, config))
        models = [model.id for model in target.steps]
        self.stdout.write(f"{options['n']} prompts ({source}) to {target.name}: {', '.join(models)}")
        found = self._ask(target, asked, options["concurrency"])
        run = ProbeRun.objects.create(
            created_by=getpass.getuser(),
            target=target.name,
            models_asked=models,
            config_number=config.number,
            prompts=len(found),
            concurrency=options["concurrency"],
            source=source,
            figures=probe.figures(found, probe.spent_on([one.reply_id for one in found])),
        )
        self._print(run)

    def _ask(self, target: probe.Target, asked: list[probe.Asked], concurrency: int) -> list[Answered]:
        async def ask() -> list[Answered]:
            with tqdm(total=len(asked), desc=target.name, unit="", file=self.stderr) as bar:
                try:
                    return await probe.measure(
                        target, asked, concurrency, DatabaseLedger(), transport(), lambda _: bar.update(1)
                    )
                finally:
                    await transport().aclose()

        try:
            return asyncio.run(ask())
        except ExceptionGroup as several:
            gone = several.subgroup(DatabaseGone)
            if gone is None:
                raise
            raise CommandError(f"The database did not answer: {gone.exceptions[0]}") from several

    def _print(self, run: ProbeRun) -> None:
        self.stdout.write(f"run {run.pk}, configuration {run.config_number}")
        for name, heading, unit in LINES:
            self.stdout.write(f"  {heading:<24} {shown(run.figures, name, unit)}")
        self.stdout.write(f"  {'answered by':<24} {counted(run.figures['answered_by'])}")
        for problem, count in run.figures["problems"].items():
            self.stdout.write(f"  {count} x {problem}")

    def _compare(self, one: int, other: int) -> None:
        runs = ProbeRun.objects.in_bulk([one, other])
        missing = [number for number in (one, other) if number not in runs]
        if missing:
            raise CommandError(f"There is no run {missing[0]}; the admin lists them under Probe runs.")
        first, second = runs[one], runs[other]
        self._line("", *(f"run {run.pk}" for run in (first, second)), "ratio")
        self._line("target", first.target, second.target, "")
        self._line("models", *(" > ".join(run.models_asked) for run in (first, second)), "")
        self._line("prompts", str(first.prompts), str(second.prompts), "")
        for name, heading, unit in LINES:
            times = probe.ratio(first.figures, second.figures, name)
            self._line(
                heading,
                shown(first.figures, name, unit),
                shown(second.figures, name, unit),
                "" if times is None else f"x {times:.2f}",
            )
        if (first.source, first.concurrency) != (second.source, second.concurrency):
            self.stdout.write("The runs differ in their questions or their concurrency: compare with care.")

    def _line(self, *cells: str) -> None:
        heading, one, other, times = cells
        self.stdout.write(f"{heading:<24} {one:>44} {other:>44} {times:>8}".rstrip())
