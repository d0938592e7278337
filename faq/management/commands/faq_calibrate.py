"""Refits the FAQ's confidence to reviewed messages, and says what that changes."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from faq import calibrating, calibration_runs
from faq.calibration_words import ROWS, advice, columns, percent, traffic_told

BY = "faq_calibrate"


class Command(BaseCommand):
    help = (
        "Refit the FAQ's confidence in one language to the messages that visitors and staff have judged, "
        "and choose the thresholds for a wanted precision. Prints the figures on messages that the fit has "
        "not seen, beside those of what is in use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--language", default="en", help="code of the language (en)")
        parser.add_argument(
            "--precision", type=float, help="share of answers that have to be right (as in the admin: 0.95)"
        )
        parser.add_argument("--activate", action="store_true", help="use it at once, in every process")
        parser.add_argument("--dry-run", action="store_true", help="only print; store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        language = calibrating.main_language(options["language"])
        wanted = options["precision"]
        if wanted is None:
            wanted = calibrating.settings().wanted_precision
        if options["activate"] and options["dry_run"]:
            raise CommandError("--activate and --dry-run exclude each other.")
        try:
            outcome = calibration_runs.attempt(language, wanted)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        except calibration_runs.Refused as problem:
            raise CommandError(str(problem)) from problem
        self._tell(outcome.report(), language, wanted, outcome.semantic)
        if options["dry_run"]:
            self.stdout.write("Nothing was stored.")
            return
        row = calibration_runs.keep(outcome, BY, activate=options["activate"])
        self.stdout.write(
            f"Stored as calibration {row.pk} and in use: every process follows within a second."
            if row.active
            else f"Stored as calibration {row.pk}, not in use yet: switch it on in the admin under "
            "“FAQ confidence”, or run this with --activate."
        )

    def _tell(self, report: Mapping[str, Any], language: str, wanted: float, semantic: bool) -> None:
        visitors = report["cases"] - report["by_staff"]
        half = "with sentence vectors" if semantic else "without sentence vectors"
        self.stdout.write(
            f"{language}, {half}: {report['cases']} reviewed questions, {report['by_staff']} judged by staff "
            f"and {visitors} by visitors only; wanted precision {percent(wanted)}."
        )
        for reason, count in report["left_out"].items():
            if count:
                self.stdout.write(f"  not counted: {count} {reason}")
        table = columns(report["figures"])
        self.stdout.write("")
        self.stdout.write(" " * 34 + "".join(f"{title:>26}" for title, _ in table))
        for place, name in enumerate(ROWS):
            self.stdout.write(f"{name:34}" + "".join(f"{cells[place]:>26}" for _, cells in table))
        self.stdout.write("")
        self.stdout.write(advice(report["figures"], wanted))
        self.stdout.write(traffic_told(report["traffic"]))
