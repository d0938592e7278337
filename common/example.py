"""Whether the example company is part of this desk: the environment offers it, staff may send it away.

The decision lives in the database, so that a restart, an upgrade or a restore does not bring back
what somebody has removed. All three packages ask for it: entries, figures and the chat page.
"""

from datetime import datetime

from django.conf import settings

from common.models import ExampleChoice


def wanted() -> bool:
    """Return whether the example may be seeded, shown and played here."""
    return bool(settings.ENV.example) and not removed()


def removed() -> bool:
    """Return whether staff have sent the example away."""
    return ExampleChoice.objects.exists()


def remember_removed(now: datetime) -> None:
    """Keep the example away from this desk until `forget_removed`."""
    ExampleChoice.objects.get_or_create(pk=1, defaults={"removed_at": now})


def forget_removed() -> bool:
    """Let the example come back; return whether it had been sent away."""
    return ExampleChoice.objects.all().delete()[0] > 0
