"""Run the sandbox provider."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Run the sandbox provider: the three wires without a model, on a loopback port."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=int, default=settings.ENV.sandbox_port, help="default: SANDBOX_PORT"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from routing.sandbox.server import HOST, serve

        port = options["port"]
        self.stdout.write(f"sandbox: http://{HOST}:{port}")
        try:
            serve(port)
        except OSError as error:
            raise CommandError(f"The sandbox cannot listen on {HOST}:{port}: {error.strerror}.") from error
