"""The plan of a visitor who is signed in to this site: read anew for every message.

A plan is membership in a group called `plan-<name>` (`plan-free`, `plan-pro`, ...). Signing out or
leaving the group therefore counts from the next message on, also on a socket that stays open.
"""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest

PREFIX = "plan-"


@dataclass(frozen=True)
class SignedIn:
    """A user of this site and the plan that the user's groups say, "" for none."""

    user_id: int
    plan: str


def signed_in(session_key: str) -> SignedIn | None:
    """Return who a session belongs to; None for no session, an ended one, or a changed password."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    names = user.groups.filter(name__startswith=PREFIX).order_by("name").values_list("name", flat=True)
    return SignedIn(user.pk, next((name.removeprefix(PREFIX) for name in names), ""))
