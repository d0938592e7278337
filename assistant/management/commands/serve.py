"""Serve the desk: `manage.py serve [--host H] [--port P | --unix-socket PATH] [--server ...]`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from assistant import db
from assistant.models import Worker
from assistant.process import refresh
from common import clock
from common.env import SERVERS


class Command(BaseCommand):
    help = "Serve the chat, the admin and the socket, with an orderly end on SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.ENV.host)
        parser.add_argument("--port", type=int, default=settings.ENV.port)
        parser.add_argument("--unix-socket", default="", metavar="PATH", help="listen here and on no port")
        parser.add_argument(
            "--server",
            choices=SERVERS,
            default=settings.ENV.server,
            help="daphne runs wherever Twisted does (the default); uvicorn is faster: take it in production."
            " SERVER in the environment names the default, also for make run",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Imported here: each server brings its own event loop when it is loaded.
        from assistant.servers import Listen, serve_daphne, serve_uvicorn

        if options["server"] == "daphne":
            import daphne.server  # noqa: F401 - its reactor must be installed before anything makes a loop
        from assistant.asgi import application

        self._warn_of_shared_file()
        db.use_pool()
        refresh()  # the first visitor should not wait for the FAQ index
        serve = serve_daphne if options["server"] == "daphne" else serve_uvicorn
        listen = Listen(options["host"], options["port"], options["unix_socket"])
        serve(application, listen, lambda: self.stdout.write(f"serving on {listen} ({options['server']})"))

    def _warn_of_shared_file(self) -> None:
        """Say when a second web process is about to share an SQLite file in front of visitors."""
        if settings.DEBUG or connection.vendor != "sqlite":
            return
        if Worker.objects.filter(expires_at__gt=clock.now()).exists():
            self.stderr.write(
                "Another web process uses this SQLite file: writers wait for one another. Set DATABASE_URL "
                "to a PostgreSQL database before you run several."
            )
