"""Look at everything the desk needs, and print the line that mends what is missing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from assistant.doctor.examine import examine
from assistant.doctor.findings import failed
from assistant.doctor.report import as_json, lines


class Command(BaseCommand):
    help = (
        "Check keys (one tiny call each), database, Redis, worker, beat, addresses, sockets, e-mail, disk, "
        "settings and clocks. Ends with 1 when something does not work; each failure says what mends it."
    )
    # It has to say what is wrong with a desk on which nothing works.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        parser.add_argument("--mail-to", default="", metavar="ADDRESS", help="send one mail there as well")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine(options["mail_to"])
        for line in [as_json(findings)] if options["json"] else lines(findings):
            self.stdout.write(line)
        if failed(findings):
            raise SystemExit(1)
