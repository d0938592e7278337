"""Accounts that are locked after too many wrong passwords, and taking the lock off."""

from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet, Sum

from common.clock import now


def _locks(name: str | OuterRef) -> QuerySet[AccessAttempt, dict[str, Any]]:
    """Return an address for each lock on a user name, counted as django-axes counts: over all browsers."""
    since = now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    found: QuerySet[AccessAttempt, dict[str, Any]] = (
        AccessAttempt.objects.filter(username=name, attempt_time__gte=since)
        .order_by()
        .values("ip_address")
        .annotate(failures=Sum("failures_since_start"))
        .filter(failures__gte=settings.AXES_FAILURE_LIMIT)
    )
    return found


def with_locks(users: QuerySet[User]) -> QuerySet[User]:
    """Return the users, each with `locked`: whether signing in is refused from at least one address."""
    return users.annotate(locked=Exists(_locks(OuterRef("username"))))


def addresses_of(user: User) -> list[str]:
    """Return the addresses from which a user is locked out."""
    return sorted(row["ip_address"] or "an unknown address" for row in _locks(user.get_username()))


def unlock(user: User) -> int:
    """Forget a user's wrong passwords, from every address; return how many locks that took off."""
    locked = len(addresses_of(user))
    reset(username=user.get_username())
    return locked
