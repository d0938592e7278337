"""Create the accounts admin, support and manager, all with the password in ADMIN_PASSWORD."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.accounts import ensure_accounts


class Command(BaseCommand):
    help = (
        "Create the accounts admin, support and manager, or set their password again. The password is "
        "ADMIN_PASSWORD from the environment, or one line on standard input; never an argument, which "
        "every process list would show."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--missing", action="store_true", help="leave the accounts that exist alone")
        parser.add_argument("--stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\n") if options["stdin"] else settings.ENV.admin_password
        if not password:
            raise CommandError("No password: set ADMIN_PASSWORD, or use --stdin and type one line.")
        names = ensure_accounts(password, options["missing"])
        self.stdout.write(f"Accounts ready: {', '.join(names)}.")
