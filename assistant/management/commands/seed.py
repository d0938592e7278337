"""Bring an empty desk to the point where it can answer; on a desk in use, change nothing of the staff's."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from faq import example
from routing.catalogue import seed_routing
from routing.publishing import publish

# The example company. Without it the row starts with the model's own neutral words.
LARKFIELD = {
    "name": "Larkfield assistant",
    "greeting": "Hello! Ask me anything about Larkfield Bookings: bookings, calendars, reminders, plans, "
    "the API.",
    "tone": "Friendly, plain and short, as a colleague at the next desk would say it. British spelling.",
    "house_instructions": (
        "Larkfield Bookings is online booking for small studios, salons and clinics, with the plans Free, "
        "Pro "
        "and Studio, an API and webhooks. You speak with the people who run these businesses; those who book "
        "with them are called clients."
    ),
    "contact": "support@larkfield.example",
    "privacy_url": "https://larkfield.example/privacy",
    "link_hosts": "larkfield.example\nbook.larkfield.example\napi.larkfield.example",
    "time_zone": "Europe/London",
    "hours": "Monday to Friday, 9:00 to 17:00 (London)",
    "staff_email": "support@larkfield.example",
}


class Command(BaseCommand):
    help = (
        "Load the model catalogue, the routes and rules, the assistant's settings and, unless EXAMPLE=0, the "
        "example company's FAQ, then publish. Safe to run again: what staff have edited or deleted stays so."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-example", action="store_true", help="start without the example company")

    def handle(self, *args: Any, **options: Any) -> None:
        with_example = settings.ENV.example and not options["no_example"]
        if with_example:
            loaded = example.load()
            self.stdout.write(f"FAQ: {loaded.created} created, {loaded.updated} updated, {loaded.kept} kept.")
        with transaction.atomic():
            made = seed_routing()
            row, _ = AssistantSettings.objects.get_or_create(pk=1, defaults=LARKFIELD if with_example else {})
            config = publish(by="seed", note="Seed", settings=as_snapshot(row))
        self.stdout.write(
            f"Routes and rules: {'created' if made else 'kept'}. Configuration {config.number}."
        )
