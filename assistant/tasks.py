"""Celery's side of the conversations: ending what no process owns any more."""

import logging
from datetime import timedelta

from celery import shared_task

from assistant import services

logger = logging.getLogger(__name__)

ORPHANED_FOR = timedelta(seconds=30)  # long enough for a living process to have claimed its work


@shared_task(name="assistant.end_orphans")
def end_orphans() -> None:
    """End replies whose process has been gone for ORPHANED_FOR; generation never runs here."""
    for reply_id in services.end_orphans(ORPHANED_FOR):
        logger.warning("reply %s lost its process and was ended", reply_id)
