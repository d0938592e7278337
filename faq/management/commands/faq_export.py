"""Writes the FAQ into a file: CSV, Excel or JSON, by the ending of its name."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from faq import exporting
from faq.models import Entry


class Command(BaseCommand):
    help = "Export FAQ entries as CSV, Excel or JSON, by the ending of the file's name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--status", choices=Entry.Status.values, default="", help="only these (all)")
        parser.add_argument("--language", default="", help="only entries of this language (all)")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        form = path.suffix.lower().removeprefix(".")
        if form not in exporting.FORMATS:
            raise CommandError(f"End the file's name in .csv, .xlsx or .json; {path.name} does not.")
        choice = exporting.Choice(options["status"], options["language"].lower())
        try:
            data = exporting.export(choice.entries(), form)
            path.write_bytes(data)
        except exporting.TooLong as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{choice.entries().count():,} entries written to {path}.")
