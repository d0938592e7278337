"""Print a visitor cookie, for tests and for trying the desk from the command line."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.signed_in import PREFIX
from assistant.views import EXAMPLE_PLANS
from assistant.visitors import issue_cookie, new_visitor


def known_plans() -> list[str]:
    """Return the example's plans and those that this site has a group for."""
    groups = Group.objects.filter(name__startswith=PREFIX).values_list("name", flat=True)
    return list(
        dict.fromkeys(
            [slug for slug, _ in EXAMPLE_PLANS if slug] + [g.removeprefix(PREFIX) for g in sorted(groups)]
        )
    )


class Command(BaseCommand):
    help = "Print `name=value` of a new visitor's cookie, ready for a Cookie header."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--plan", default="", help="free, pro, studio or a plan of this site (default: a guest)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        plan = options["plan"]
        if plan and plan not in (known := known_plans()):
            raise CommandError(
                f"There is no plan '{plan}': the plans are {', '.join(known)}; without --plan it is a guest."
            )
        visitor = new_visitor()
        self.stdout.write(f"{settings.VISITOR_COOKIE}={issue_cookie(visitor.id, plan)}")
