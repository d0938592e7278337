"""Look at the catalogue as the daily task does."""

from typing import Any

from django.core.management.base import BaseCommand

from common.clock import now


class Command(BaseCommand):
    help = (
        "Look at the models on the ladders: retired or retiring, not known to their provider (404), answered "
        "by another model; note it for the admin and write to staff, as the daily task does. Says as well "
        "where a price differs from what genai-prices knows, and changes no price."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        from assistant import catalogue_care
        from routing import price_check

        rows = catalogue_care.run(now())
        for row in rows:
            self.stdout.write(f"{row.model}: {row.get_kind_display().lower()}\n  {row.detail}")
        if not rows:
            self.stdout.write("Every model on a ladder lives, and answers under its name.")
        for line in price_check.lines(now()):
            self.stdout.write(line)
