"""The second factor of an account, where the desk has one (MFA in the environment)."""

from django.apps import apps
from django.contrib.auth.models import User


def has_second_factor(user: User) -> bool:
    """Return whether a user signs in with a code as well; False where the desk asks for none."""
    if not apps.is_installed("allauth.mfa"):
        return False
    from allauth.mfa.utils import is_mfa_enabled

    return bool(is_mfa_enabled(user))


def drop(user: User) -> bool:
    """Remove a user's codes and recovery codes; return whether there were any."""
    if not apps.is_installed("allauth.mfa"):
        return False
    from allauth.mfa.models import Authenticator

    deleted, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    return bool(deleted)
