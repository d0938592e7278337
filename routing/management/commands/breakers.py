"""Show which models and providers are left alone just now, and close breakers by hand."""

import contextlib
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.clock import now, ticks
from common.redis import RedisGone, SyncRedis, sync_client
from routing import publishing
from routing.breaker_log import history, tell
from routing.breakers import Breakers, BreakerView, Reset

ALL = "all"


class Command(BaseCommand):
    """Reads and writes what the web processes tell each other through Redis."""

    help = (
        "Shows the breakers of a running desk: who is left alone, why, since when and until when. "
        "--reset closes all of them, or those of one model or provider."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reset",
            nargs="?",
            const=ALL,
            metavar="MODEL",
            help="a model, a provider, or all without a name",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError(
                "Without Redis each web process keeps its breakers to itself; see Breakers in the admin."
            )
        client = sync_client(settings.REDIS_URL)
        try:
            known = _known(client)
            self._show(known)
            if options["reset"] is not None:
                self._reset(client, options["reset"], known)
        except RedisGone as error:
            raise CommandError(f"Redis does not answer: {error}") from error
        finally:
            client.close()

    def _reset(self, client: SyncRedis, name: str, known: tuple[BreakerView, ...]) -> None:
        for event in _resets(name, known):
            tell(client, event)
        self.stdout.write(f"Reset: {name}. Every web process follows within a second.")

    def _show(self, views: tuple[BreakerView, ...]) -> None:
        shown = [view for view in views if view.calls or view.state != "closed"]
        if not shown:
            self.stdout.write("No breaker is open, and no call was made within the last minute.")
        for view in shown:
            name = f"{view.provider}/{view.model}" if view.model else f"{view.provider} (as a whole)"
            self.stdout.write(f"{view.state:9}  {name}: {_words(view)}")


def _words(view: BreakerView) -> str:
    calls = f"{view.failed} of {view.calls} calls failed within a minute"
    if view.since is None or view.until is None:
        return calls
    until = f"until {view.until:%H:%M:%S}" if view.state == "open" else "a probe decides"
    return f"{view.reason}; since {view.since:%H:%M:%S} UTC, {until}"


def _known(client: SyncRedis) -> tuple[BreakerView, ...]:
    """Return the breakers as a process would have them that has read all the news."""
    found = Breakers()
    for age_s, event in history(client):
        found.take(event, ticks() - age_s, now())
    return found.snapshot(ticks(), now())


def _resets(name: str, views: tuple[BreakerView, ...]) -> list[Reset]:
    """Return what to tell for `name`. Raises CommandError when no model or provider has it."""
    if name == ALL:
        return [Reset(by="command")]
    keys = {(view.provider, view.model) for view in views}
    with contextlib.suppress(publishing.NotPublished):
        keys |= {(model.provider, model.id) for model in publishing.current().models.values()}
    if any(provider == name for provider, _ in keys):
        return [Reset(name, by="command")]
    found = [Reset(provider, model, "command") for provider, model in sorted(keys) if model == name]
    if not found:
        known = ", ".join(sorted({model for _, model in keys if model}))
        raise CommandError(f"No model or provider is called {name!r}. Models: {known or 'none'}.")
    return found
