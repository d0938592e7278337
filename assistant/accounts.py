"""The three accounts that a desk starts with, one for each role."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from assistant.roles import ROLES, ensure_roles


@transaction.atomic
def ensure_accounts(password: str, only_missing: bool = False) -> list[str]:
    """Create `admin`, `support` and `manager`, or set their password again; return their names.

    `admin` is a superuser, the others are staff in the group of their name. Rights that somebody has
    since changed on these accounts stay as they are; only the password follows `password`, and with
    `only_missing` not even that.
    """
    if not password:
        raise ValueError("The accounts need a password.")
    ensure_roles()
    users = get_user_model()
    names: list[str] = []
    for role in sorted(ROLES):
        user, created = users.objects.get_or_create(
            username=role, defaults={"is_staff": True, "is_superuser": role == "admin"}
        )
        if created:
            user.groups.set(Group.objects.filter(name=role))
        if created or not (only_missing or user.check_password(password)):
            user.set_password(password)
            user.save(update_fields=["password"])
        names.append(role)
    return names
