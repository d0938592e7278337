"""The Django project: settings, sockets, the chat and its pages."""

from assistant.celery import app as celery_app

# Loaded with the package, so that a web process that sends a task sends it to our broker.
__all__ = ["celery_app"]
