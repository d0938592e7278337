"""Which process owns which running reply: leases, checkpoints, releases, and what is left without an owner.

Each function is one hop through the database door; each write names the epoch that it believes in.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from assistant import boots
from assistant.models import Reply, Worker
from common.clock import now

# A reply that this process stored and never began: its hop came back later than anybody waited for it.
STRAY_AFTER = timedelta(seconds=12)  # above `db.DEADLINE_S`, and with a sweep below 15 s
FORGOTTEN_AFTER = timedelta(days=1)

Silent = Callable[[Mapping[UUID, datetime | None]], set[UUID]]


def renew(worker: UUID, boot: str, until: datetime) -> None:
    """Keep this process's right to its replies until the given time."""
    if not Worker.objects.filter(pk=worker).update(expires_at=until):
        Worker.objects.create(pk=worker, boot=boot, expires_at=until)
        Worker.objects.filter(expires_at__lt=until - FORGOTTEN_AFTER).delete()


def drop(worker: UUID) -> None:
    """Give up this process's lease: it is leaving in order."""
    Worker.objects.filter(pk=worker).delete()


@dataclass(frozen=True)
class Mark:
    """How far a running reply has come, as its owner believes it to be its own under `epoch`."""

    reply_id: UUID
    epoch: int
    seq: int
    text: str
    first_text_ms: int | None


def checkpoint(marks: Iterable[Mark]) -> set[UUID]:
    """Store how far replies have come, in one transaction; return those that are no longer the caller's."""
    with transaction.atomic():
        return {mark.reply_id for mark in marks if not _written(mark)}


def release(mark: Mark) -> bool:
    """Store a reply's text and leave it to whoever claims it first; False when it is not ours any more."""
    return _written(mark, owner=None)


def _written(mark: Mark, **more: None) -> bool:
    ours = Reply.objects.filter(pk=mark.reply_id, epoch=mark.epoch, state=Reply.State.STREAMING)
    return bool(ours.update(seq=mark.seq, text=mark.text, first_text_ms=mark.first_text_ms, **more))


@dataclass(frozen=True)
class Standing:
    """What the database says of a reply that runs here."""

    epoch: int
    running: bool
    stop_requested: bool


def standing(ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Return how these replies stand, without those that were erased."""
    rows = Reply.objects.filter(pk__in=ids).values_list("pk", "epoch", "state", "stop_requested")
    return {pk: Standing(epoch, state == Reply.State.STREAMING, stop) for pk, epoch, state, stop in rows}


def unowned(me: UUID, held: Collection[UUID], silent: Silent) -> list[Reply]:
    """Return running replies that were released, whose process is gone, or that `me` never began.

    `silent` tells whose lease has stopped moving; a process known to have ended is not waited for.
    """
    running = Reply.objects.filter(state=Reply.State.STREAMING)
    workers = {row.pk: row for row in Worker.objects.all()}
    others = running.exclude(owner=me).order_by().values_list("owner", flat=True).distinct()
    owners = {owner for owner in others if owner is not None}
    leases: dict[UUID, datetime | None] = {pk: row.expires_at for pk, row in workers.items() if pk != me}
    quiet = silent({**dict.fromkeys(owners), **leases})
    gone = {owner for owner in owners if owner in quiet or _ended(workers.get(owner))}
    stray = Q(owner=me, started_at__lt=now() - STRAY_AFTER) & ~Q(pk__in=list(held))
    lost = running.filter(Q(owner=None) | Q(owner__in=list(gone)) | stray)
    return list(lost.select_related("turn__visitor", "conversation"))


def _ended(worker: Worker | None) -> bool:
    return worker is not None and boots.has_ended(worker.boot)


def orphans(older_than: timedelta) -> list[Reply]:
    """Return running replies that have no owner, or whose owner's lease ran out `older_than` ago.

    For programs that look once and cannot watch a lease; by the wall clock therefore.
    """
    edge = now() - older_than
    alive = Worker.objects.filter(expires_at__gt=edge).values_list("pk", flat=True)
    running = Reply.objects.filter(state=Reply.State.STREAMING, started_at__lt=edge)
    return list(running.exclude(owner__in=list(alive)))
