"""Whose lease has stopped moving, by the watcher's own monotonic clock.

Pure. The time written in a lease is never compared with a clock: a clock that is set, or that differs
between machines, must neither take a reply from a living process nor leave one with a dead one.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID


class LeaseWatch:
    """When each process's lease was last seen to move."""

    def __init__(self) -> None:
        self._moved: dict[UUID, tuple[datetime | None, float]] = {}

    def silent(self, leases: Mapping[UUID, datetime | None], at: float, lease_s: float) -> set[UUID]:
        """Note the leases as they are `at` (ticks); return those that have not moved for `lease_s`.

        None is an owner without a lease, which is watched for as long. A first look finds nobody silent.
        """
        self._moved = {worker: (until, self._since(worker, until, at)) for worker, until in leases.items()}
        return {worker for worker, (_, since) in self._moved.items() if at - since >= lease_s}

    def _since(self, worker: UUID, until: datetime | None, at: float) -> float:
        known = self._moved.get(worker)
        return known[1] if known is not None and known[0] == until else at

    def start_anew(self) -> None:
        """Forget what was seen: nobody could renew a lease while the database was away."""
        self._moved.clear()
