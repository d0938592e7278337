"""The Celery application: roll-ups, sweeps and imports; generation never runs here."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")

app = Celery("assistant")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Let the worker log as `LOGGING` says: Celery's own set-up would write errors with their texts."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
