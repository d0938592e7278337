"""Print a visitor cookie, for tests and for trying the desk from the command line."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from assistant.visitors import issue_cookie, new_visitor


class Command(BaseCommand):
    help = "Print `name=value` of a new visitor's cookie, ready for a Cookie header."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--plan", default="", help='"" for a guest, or free, pro, studio (default: guest)'
        )

    def handle(self, *args: Any, **options: Any) -> None:
        visitor = new_visitor()
        self.stdout.write(f"{settings.VISITOR_COOKIE}={issue_cookie(visitor.id, options['plan'])}")
