"""The seeded desk of the admin's tests, and mails that are read from memory."""

import pytest
from django.core import mail
from pytest_django import Settings

from assistant.people import views
from tests.admin.conftest import admin, seeded, sign_in, support  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def quiet_mail(settings: Settings) -> None:
    """Keep mails in memory, as if a mail server were set, and forget what was asked for before."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    for window in (views.by_email, views.by_address):
        window.taken.clear()
