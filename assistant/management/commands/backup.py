"""Make a backup of this desk while it runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.keeping import archives, backup
from assistant.keeping.errors import KeepingError


class Command(BaseCommand):
    help = (
        "Write one file that holds the database and how this desk is set up, without secrets. The desk may "
        "run meanwhile. Older backups beyond BACKUP_KEEP are deleted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", default="", help="a folder, or a file name.desk.tar.gz (default: BACKUP_DIR)"
        )
        parser.add_argument("--keep", type=int, default=None, help="backups that stay (default: BACKUP_KEEP)")

    def handle(self, *args: Any, **options: Any) -> None:
        keep = settings.ENV.backup_keep if options["keep"] is None else options["keep"]
        if keep < 0:
            raise CommandError("--keep takes 1 or more, or 0 for all of them.")
        try:
            made = backup.make_backup(Path(options["to"]) if options["to"] else None)
            manifest = archives.manifest_of(made)
        except KeepingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made} ({made.stat().st_size / 2**20:,.1f} MB), checked.")
        self.stdout.write(
            "It holds " + ", ".join(f"{name} {n:,}" for name, n in manifest.counts.items()) + "."
        )
        self.stdout.write("It does not hold:")
        for line in manifest.not_in_it:
            self.stdout.write(f"  {line}")
        gone = backup.prune(made.parent, keep) if keep else []
        if gone:
            self.stdout.write(f"Deleted {len(gone)} older than the newest {keep}.")
