"""Bring this desk's data to the release that is checked out."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.keeping import restarting
from assistant.keeping.errors import KeepingError
from assistant.keeping.programs import lives
from assistant.keeping.upgrade import upgrade
from routing.catalogue import FILE


class Command(BaseCommand):
    help = (
        "Back up, migrate, bring the model catalogue and the roles up to date, build the FAQ index anew and "
        "collect the static files. What staff changed stays. After a failure or a kill it goes on at the "
        "step where it ended; a second run finds nothing to do."
    )
    # Its own step looks, after which a failure has a name and is stored.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--catalogue",
            type=Path,
            default=FILE,
            metavar="FILE",
            help="another catalogue than the release's",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = settings.ENV.data_dir
        try:
            changed = upgrade(folder, self._say, options["catalogue"])
        except KeepingError as error:
            raise CommandError(str(error)) from error
        if changed:
            for line in restarting.lines(_runs(folder)):
                self._say(line)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()  # who follows a pipe sees each step when it is done


def _runs(folder: Path) -> bool:
    """Return whether a `make run` is up in this folder."""
    path = folder / "run.json"
    if not path.exists():
        return False
    return lives(int(json.loads(path.read_text(encoding="utf-8"))["pid"]))
