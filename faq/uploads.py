"""The way of an upload: taken, mapped, read, looked at, stored. Each step can be gone on with by anybody.

The work is done in short steps by whoever claims the upload: a Celery task, or the page that waits for
it when no worker comes. A step that is killed leaves whole chunks behind, and the next claim goes on.
"""

import logging
import time
import zlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import PurePosixPath
from uuid import UUID

from celery import current_app
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q
from kombu.exceptions import OperationalError

from common.clock import now, ticks
from faq import changes
from faq.import_models import Upload, UploadRow
from faq.importing.documents import Document, Options, Tables, Unreadable
from faq.importing.headings import Mapping, guess, restored_mapping
from faq.importing.reading import TABLES, look, read
from faq.imports import TO_STORE, Stored, store_chunk

logger = logging.getLogger(__name__)

TASK = "faq.advance_upload"
KEPT_FOR = timedelta(days=1)  # long enough to mend rows tomorrow morning; the file may hold anything
STEP_S = 3.0  # of one task: the roll-up of the figures waits behind it on a desk with one worker
READING_LEASE = timedelta(seconds=120)  # a zip of 5,000 pages takes half a minute
STORING_LEASE = timedelta(seconds=15)  # a chunk takes well under a second
UNATTENDED = timedelta(seconds=5)  # a worker would have come by then
_ROWS_AT_ONCE = 500
_LONGEST_PAUSE_S = 0.2


class Overtaken(RuntimeError):
    """Another process has taken the upload over; nothing more may be written here."""


def create(
    data: bytes, name: str, owner: AbstractBaseUser | None, options: Options, *, publish: bool = False
) -> Upload:
    """Keep a file; raises Unreadable when it cannot be imported at all."""
    name = PurePosixPath(name.replace("\\", "/")).name[:200] or "file"
    found = look(data, name)
    upload = Upload(
        owner_id=owner.pk if owner else None,
        name=name,
        format=found.format,
        content=zlib.compress(data, 1),
        base_url=options.base_url,
        language=options.language,
        publish=publish,
        state=Upload.State.READING if found.tables is None else Upload.State.MAPPING,
        mapping=_first_mapping(found.tables).stored() if found.tables else None,
        expires_at=now() + KEPT_FOR,
    )
    upload.save()
    return upload


def _first_mapping(tables: Tables) -> Mapping:
    """Return the guess for the sheet that looks most like an FAQ: with headings, else the longest."""
    guesses = [guess(sheet, number) for number, sheet in enumerate(tables.sheets)]
    return max(
        guesses, key=lambda each: (not each.problem(), each.heading, len(tables.sheets[each.sheet].rows))
    )


def tables_of(upload: Upload) -> Tables:
    """Return the sheets of a table upload."""
    tables = look(_content(upload), upload.name).tables
    if tables is None:
        raise Unreadable("This file has no columns.")
    return tables


def _content(upload: Upload) -> bytes:
    return zlib.decompress(bytes(upload.content))


def confirm_mapping(upload: Upload, mapping: Mapping) -> None:
    """Have the file read with this mapping, also a second time; raises Unreadable when it cannot be."""
    problem = mapping.problem()
    if problem:
        raise Unreadable(problem)
    waiting = (Upload.State.MAPPING, Upload.State.PREVIEW, Upload.State.FAILED)
    changed = Upload.objects.filter(pk=upload.pk, state__in=waiting, format__in=TABLES).update(
        mapping=mapping.stored(), state=Upload.State.READING, failure="", moved_at=now(), lease_until=None
    )
    if not changed:
        raise Unreadable("This file is being stored already.")


def approve(upload: Upload, shown: Iterable[int], ticked: Iterable[int]) -> None:
    """Note which of the rows on a page may change what visitors are shown."""
    live = upload.rows.filter(action=UploadRow.Action.LIVE, number__in=list(shown))
    live.update(approved=False)
    live.filter(number__in=list(ticked)).update(approved=True)


def approve_all(upload: Upload, yes: bool) -> None:
    """Let all rows, or none, change what visitors are shown."""
    upload.rows.filter(action=UploadRow.Action.LIVE).update(approved=yes)


def begin(upload: Upload) -> bool:
    """Have the previewed rows stored; False when that is under way or done."""
    total = upload.rows.filter(action__in=TO_STORE).count()
    return bool(
        Upload.objects.filter(pk=upload.pk, state=Upload.State.PREVIEW).update(
            state=Upload.State.STORING, total=total, done=0, moved_at=now(), lease_until=None
        )
    )


def ask(upload: Upload) -> bool:
    """Tell the worker; False when there is no broker, and then the waiting page does the work."""
    try:
        current_app.send_task(TASK, [str(upload.pk)], ignore_result=True, retry=False)
    except OperationalError as error:
        logger.warning("no worker was told of an import: %s", error)
        return False
    return True


def unattended() -> list[UUID]:
    """Return the uploads that wait for somebody to go on with them."""
    free = Q(lease_until=None) | Q(lease_until__lt=now())
    waiting = Upload.objects.filter(free, state__in=Upload.WORKING, moved_at__lt=now() - UNATTENDED)
    return list(waiting.values_list("pk", flat=True))


def forget_old() -> int:
    """Delete uploads after their day, with their rows; return how many."""
    old = Upload.objects.filter(expires_at__lt=now()).exclude(lease_until__gt=now())
    return sum(upload.delete()[0] > 0 for upload in old.only("pk"))


# --- work ------------------------------------------------------------------------------------------


def advance(pk: UUID, seconds: float) -> bool:
    """Go on with an upload for about `seconds`; return whether there is more to do."""
    upload = _claim(pk)
    if upload is None:
        return False
    try:
        if upload.state == Upload.State.READING:
            _read(upload)
        else:
            _store(upload, ticks() + seconds)
    except Overtaken:
        logger.warning("import %s was taken over by another process", pk)
        return False
    Upload.objects.filter(pk=pk, epoch=upload.epoch).update(lease_until=None, moved_at=now())
    return Upload.objects.filter(pk=pk, state__in=Upload.WORKING).exists()


def stand_in(pk: UUID, seconds: float) -> None:
    """Do a step for a worker that does not come; who asks next may go on at once."""
    if pk not in unattended():
        return
    advance(pk, seconds)
    alone = now() - UNATTENDED - UNATTENDED
    Upload.objects.filter(pk=pk, lease_until=None, state__in=Upload.WORKING).update(moved_at=alone)


def _claim(pk: UUID) -> Upload | None:
    """Take the upload over when nobody holds it."""
    free = Q(lease_until=None) | Q(lease_until__lt=now())
    working = Upload.objects.filter(free, pk=pk)
    for state, lease in ((Upload.State.READING, READING_LEASE), (Upload.State.STORING, STORING_LEASE)):
        if working.filter(state=state).update(
            epoch=F("epoch") + 1, lease_until=now() + lease, moved_at=now()
        ):
            return Upload.objects.get(pk=pk)
    return None


def _hold(upload: Upload, lease: timedelta, **values: object) -> None:
    """Write to the upload as the one that holds it; raises Overtaken when it no longer does."""
    mine = Upload.objects.filter(pk=upload.pk, epoch=upload.epoch)
    if not mine.update(lease_until=now() + lease, moved_at=now(), **values):
        raise Overtaken


def _read(upload: Upload) -> None:
    options = Options(upload.base_url, upload.language)
    mapping = restored_mapping(upload.mapping) if upload.mapping else None
    try:
        reading = read(_content(upload), upload.name, options, mapping)
    except Unreadable as error:
        _hold(upload, READING_LEASE, state=Upload.State.FAILED, failure=str(error)[:500])
        return
    rows = _rows(upload, reading.documents)
    upload.rows.all().delete()
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        with transaction.atomic():
            _hold(upload, READING_LEASE)
            UploadRow.objects.bulk_create(rows[start : start + _ROWS_AT_ONCE])
    _hold(upload, READING_LEASE, state=Upload.State.PREVIEW, notes=list(reading.notes))


def _rows(upload: Upload, documents: tuple[Document, ...]) -> list[UploadRow]:
    stored = Stored(documents, upload.publish)
    rows = []
    for number, document in enumerate(documents, 1):
        planned = stored.plan(document)
        rows.append(
            UploadRow(
                upload=upload,
                number=number,
                document=document.stored(),
                action=planned.action,
                changes=list(planned.changes),
                message=planned.message,
                entry=planned.entry,
                basis=planned.basis,
            )
        )
    return rows


def _store(upload: Upload, until: float) -> None:
    """Store chunks until the time is over or nothing is left; readers load the FAQ once, after the last."""
    while True:
        begun = ticks()
        with transaction.atomic():
            number = store_chunk(upload)
            _hold(upload, STORING_LEASE, done=F("done") + number)
            if not number:
                changes.announce()
                _hold(upload, STORING_LEASE, state=Upload.State.DONE)
                return
        if ticks() >= until:
            return
        # SQLite's other writers ask again only every so often; without a gap they might never come in.
        time.sleep(min(_LONGEST_PAUSE_S, ticks() - begun))
