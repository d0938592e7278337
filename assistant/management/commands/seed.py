"""Bring an empty desk to the point where it can answer; on a desk in use, change nothing of the staff's."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from assistant.example import cases, site
from assistant.example.company import LARKFIELD
from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from common import example as choice
from common.clock import now
from faq import example
from routing.catalogue import seed_routing
from routing.publishing import publish


class Command(BaseCommand):
    help = (
        "Load the model catalogue, the routes and rules, the assistant's settings and, unless EXAMPLE=0, the "
        "example company's FAQ, then publish. Safe to run again: what staff have edited or deleted stays so."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-example",
            action="store_true",
            help="start without the example company, now and at every later seed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["no_example"]:
            choice.remember_removed(now())
        with_example = choice.wanted()
        if with_example:
            loaded = example.load()
            self.stdout.write(f"FAQ: {loaded.created} created, {loaded.updated} updated, {loaded.kept} kept.")
        with transaction.atomic():
            made = seed_routing()
            row, _ = AssistantSettings.objects.get_or_create(pk=1, defaults=LARKFIELD if with_example else {})
            if with_example:
                cases.load()
                site.load()
            config = publish(by="seed", note="Seed", settings=as_snapshot(row), rule_set=made)
        self.stdout.write(
            f"Routes and rules: {'created' if made else 'kept'}. Configuration {config.number}."
        )
