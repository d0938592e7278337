"""Imports an FAQ from CSV: all of it, or nothing and a list of what is wrong."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from faq.importer import RowError, parse
from faq.imports import plan, store


class Command(BaseCommand):
    help = (
        "Import FAQ entries from a CSV file with the columns question, answer, phrasing_1, phrasing_2, ..., "
        "category, language. Importing a file again updates its entries."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--publish", action="store_true", help="publish the entries, else they are drafts"
        )
        parser.add_argument("--skip-errors", action="store_true", help="import the rows that have no error")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        planned = plan(parse(data), options["publish"])
        self.tell(list(planned.errors))
        if planned.errors and not options["skip_errors"]:
            raise CommandError(
                f"Nothing was imported, because of {_count(len(planned.errors), 'error')}. "
                "Mend the file, or leave those rows out with --skip-errors."
            )
        imported, refused = store(planned, options["publish"])
        self.tell(refused)
        self.stdout.write(
            f"{imported.created} new, {imported.changed} changed, {imported.unchanged} unchanged, "
            f"{len(planned.errors) + len(refused)} left out."
        )
        if refused:
            raise CommandError("Some rows were refused because the FAQ changed during the import.")

    def tell(self, errors: list[RowError]) -> None:
        for error in errors:
            self.stderr.write(f"{error}" + (f" [{error.text}]" if error.text else ""))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
