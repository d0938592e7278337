"""Put a backup in the place of this desk's database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.keeping import restore
from assistant.keeping.errors import KeepingError


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty desk, or with --replace into one that is in use, after a backup of "
        "it. The desk has to be stopped. An older release's tables are brought to this one's."
    )
    # The tables may be damaged, missing or of another release: that is what a restore is for.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the backup")
        parser.add_argument("--replace", action="store_true", help="replace a database that is not empty")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = restore.restore(Path(options["file"]).absolute(), options["replace"])
        except KeepingError as error:
            raise CommandError(str(error)) from error
        if done.before:
            self.stdout.write(f"What was here before: {done.before}")
        held = ", ".join(f"{name} {count:,}" for name, count in done.counts.items())
        self.stdout.write(
            f"Restored the backup of {done.manifest.created_at}, release {done.manifest.version}: {held}."
        )
        for name, (then, found) in done.differing.items():
            self.stdout.write(
                f"The backup counted {then:,} {name} and its database holds {found:,}: it was made in use."
            )
        if done.ended:
            self.stdout.write(
                f"Ended {done.ended} replies that were being written; their visitors can retry."
            )
        if done.other_key:
            self.stdout.write(
                "This desk's SECRET_KEY is not the one of the backup: visitors and staff are strangers to it "
                "until you set that one: SECRET_KEY in .env, or the file secret-key in DATA_DIR."
            )
