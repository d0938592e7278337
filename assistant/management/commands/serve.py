"""Serve the desk: `manage.py serve [--host H] [--port P] [--server daphne|uvicorn]`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from assistant.process import refresh


class Command(BaseCommand):
    help = "Serve the chat, the admin and the socket, with an orderly end on SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.ENV.host)
        parser.add_argument("--port", type=int, default=settings.ENV.port)
        parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")

    def handle(self, *args: Any, **options: Any) -> None:
        # Imported here: each server brings its own event loop when it is loaded.
        from assistant.servers import serve_daphne, serve_uvicorn

        if options["server"] == "daphne":
            import daphne.server  # noqa: F401 - its reactor must be installed before anything makes a loop
        from assistant.asgi import application

        refresh()  # the first visitor should not wait for the FAQ index
        serve = serve_daphne if options["server"] == "daphne" else serve_uvicorn
        host, port = options["host"], options["port"]
        serve(
            application,
            host,
            port,
            lambda: self.stdout.write(f"serving on http://{host}:{port} ({options['server']})"),
        )
