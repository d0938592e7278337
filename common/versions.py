"""Raise and read the version counters.

A reader reads the counter **before** the rows: if an edit lands in between, the reader holds newer
rows under an older number and simply loads once more.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from common.models import Version


def raise_version(name: str) -> int:
    """Add one to counter `name` inside the caller's transaction and return the new value."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"raise_version({name!r}) belongs inside the transaction of the edit.")
    Version.objects.get_or_create(name=name)
    Version.objects.filter(name=name).update(n=F("n") + 1)
    return Version.objects.values_list("n", flat=True).get(name=name)


def hold_version(name: str) -> None:
    """Take counter `name`'s lock until the caller's transaction ends, without raising it.

    For edits in many transactions whose readers need to load only once, after the last of them.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"hold_version({name!r}) belongs inside the transaction of the edit.")
    Version.objects.get_or_create(name=name)
    Version.objects.select_for_update().get(name=name)


def read_version(name: str) -> int:
    """Return counter `name`, 0 when nothing has raised it yet."""
    return Version.objects.filter(name=name).values_list("n", flat=True).first() or 0


def read_versions(names: Sequence[str]) -> dict[str, int]:
    """Return several counters in one query, 0 for those that nothing has raised yet."""
    raised = dict(Version.objects.filter(name__in=names).values_list("name", "n"))
    return {name: raised.get(name, 0) for name in names}
