"""The Celery tasks of the FAQ: each only calls a service and may run twice."""

from uuid import UUID

from celery import shared_task

from common.clock import now
from faq import backfill, calibration_runs, measuring, uploads, vectors


@shared_task(name=uploads.TASK)
def advance_upload(pk: str) -> None:
    """Go on with an import for some seconds, and come again for the rest."""
    if uploads.advance(UUID(pk), uploads.STEP_S):
        advance_upload.delay(pk)


@shared_task(name="faq.drive_uploads")
def drive_uploads() -> None:
    """Go on with imports whose worker has died."""
    for pk in uploads.unattended():
        advance_upload.delay(str(pk))


@shared_task(name="faq.forget_uploads")
def forget_uploads() -> None:
    """Delete uploaded files after their day."""
    uploads.forget_old()


@shared_task(name=calibration_runs.TASK)
def calibrate(pk: int) -> None:
    """Refit the confidence of a language to its reviewed messages."""
    calibration_runs.advance(pk)


@shared_task(name="faq.measure_health")
def measure_health() -> None:
    """Go on measuring how well answers are recognised, where that is due, for some seconds."""
    measuring.measure()


@shared_task(name="faq.forget_vectors")
def forget_vectors() -> None:
    """Delete sentence vectors that no index has used for a month."""
    vectors.forget_unused(now().date())


@shared_task(name="faq.normalise_asked")
def normalise_asked() -> None:
    """Fill in what earlier releases did not store of asked questions."""
    backfill.normalise_asked()
