"""Hand out or erase all that the desk holds of one visitor."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Export a visitor's data as JSON, or erase all of it for good. ID is the visitor's id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=("export", "erase"))
        parser.add_argument("id", type=UUID, help="the visitor's id, as a conversation's page shows it")
        parser.add_argument("--output", type=Path, help="export: write this file instead of printing")
        parser.add_argument("--yes", action="store_true", help="erase without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "export":
            self._export(options["id"], options["output"])
        else:
            self._erase(options["id"], options["yes"])

    def _export(self, visitor_id: UUID, output: Path | None) -> None:
        from assistant.privacy import export
        from assistant.privacy.erasing import note
        from assistant.privacy.exporting import as_json
        from assistant.privacy.trail import trail_of

        trail = trail_of(visitor_id)
        if not trail.exists:
            raise CommandError("Nothing is stored under this id.")
        note("export", visitor_id, "command line", trail.counts())
        text = as_json(export(visitor_id))
        if output is None:
            self.stdout.write(text)
            return
        output.write_text(text, encoding="utf-8")
        self.stdout.write(f"Written to {output}.")

    def _erase(self, visitor_id: UUID, yes: bool) -> None:
        from assistant.privacy import StillRunning, erase
        from assistant.privacy.trail import in_words, trail_of

        trail = trail_of(visitor_id)
        if not trail.exists:
            raise CommandError("Nothing is stored under this id.")
        words = in_words(trail.counts())
        if not yes and input(f"Erase {words or 'the visitor'} for good? Type erase: ").strip() != "erase":
            raise CommandError("Nothing was erased.")
        try:
            counts = erase(visitor_id)
        except StillRunning as error:
            raise CommandError("An answer is still being written; nothing was erased. Try again.") from error
        done = in_words(counts)
        self.stdout.write(f"Erased: {done or 'the visitor, who had sent nothing'}.")
