"""Count what people ask, and show the flows."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = (
        "Group what visitors asked, or the questions of a file, into flows: volume, what the FAQ answers, "
        "tiers, cost of a month, where two tiers pay most, and which entries are missing. No model is asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--csv", type=Path, help="a file of old questions: CSV, Excel or text")
        parser.add_argument("--days", type=int, default=30, help="of live traffic: 7, 30 or 90 (default: 30)")
        parser.add_argument(
            "--escalation", default="", help="percent, for routes without figures; default 10"
        )
        parser.add_argument("--output-tokens", default="", help="of an answer where unknown; default 250")
        parser.add_argument("--monthly", default="", help="messages a month; default: by the dates")
        parser.add_argument("--keep", action="store_true", help="keep the file and its flows for the admin")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        from assistant.flows import counting
        from assistant.flows.shown import assumed_from, view
        from assistant.process import refresh
        from faq.models import Work

        assumed, wrong = assumed_from(options)
        if wrong:
            raise CommandError(" ".join(wrong))
        refresh()
        file = _taken(options["csv"]) if options["csv"] else None
        if file is None and options["days"] not in counting.WINDOWS:
            raise CommandError("--days is 7, 30 or 90.")
        try:
            run = counting.finish(str(counting.order("command line", file, options["days"]).uuid))
            if run.state != Work.State.DONE:
                raise CommandError(run.error or "Somebody else is counting these at the moment.")
            found = view(run, assumed)
        finally:
            if file is not None and not options["keep"]:
                file.delete()
        self._write(found, options["json"])

    def _write(self, found: Any, as_json: bool) -> None:
        from assistant.flows.lines import as_data, lines

        if as_json:
            self.stdout.write(json.dumps(as_data(found), indent=1, ensure_ascii=False))
            return
        for line in lines(found):
            self.stdout.write(line)


def _taken(path: Path) -> Any:
    from assistant.flows import question_files
    from faq.importing.documents import Unreadable

    try:
        file = question_files.take(path.read_bytes(), path.name, "command line")
        try:
            question_files.confirm(file, question_files.guessed(file))
        except Unreadable:
            file.delete()
            raise
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except Unreadable as error:
        raise CommandError(str(error)) from error
    return file
