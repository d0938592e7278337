"""Delete what has reached its age, as the daily task does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Delete what is older than the admin's retention page allows; with --dry-run only count it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what is due and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        from assistant.privacy import retention
        from assistant.privacy.classes import LABELS
        from common.clock import now

        dry_run = options["dry_run"]
        finished = False
        total: dict[str, int] = {}
        while not finished:
            report = retention.run(now(), dry_run)
            finished = report.finished
            for kind, count in report.counts.items():
                total[kind] = total.get(kind, 0) + count
        for kind, label in LABELS.items():
            self.stdout.write(f"{'due' if dry_run else 'deleted'} {total.get(kind, 0):>7}  {label}")
