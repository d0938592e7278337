"""A forgotten password: the mail, the same answer for everybody, the limit; and a lock that is taken off."""

import re
import threading
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.people.limits import TooMany, Window
from tests.admin.conftest import PASSWORD
from tests.admin.pages import text_of, words_of

ASK = reverse("admin_password_reset")
LOGIN = reverse("admin:login")
NEW = {"new_password1": "quite-a-long-one-7", "new_password2": "quite-a-long-one-7"}


def ask(email: str, client: Client | None = None) -> str:
    """Ask for a link, wait for the thread that sends it, and return the page."""
    answer = (client or Client()).post(ASK, {"email": email}, follow=True)
    for thread in threading.enumerate():
        if "hand_over" in thread.name:
            thread.join(10)
    return f"{answer.status_code} {words_of(answer)}"


@pytest.fixture
def known(seeded: None) -> User:
    User.objects.filter(username="support").update(email="sam@example.com")
    return User.objects.get(username="support")


def test_a_forgotten_password_is_replaced_by_mail(known: User) -> None:
    assert ASK in text_of(Client().get(LOGIN))
    ask("sam@example.com")
    (sent,) = mail.outbox
    assert sent.to == ["sam@example.com"]
    found = re.search(r"https?://[^/\s]+(/admin/password/\S+)", str(sent.body))
    assert found is not None
    client = Client()
    page = client.get(found.group(1), follow=True)
    short = client.post(page.redirect_chain[-1][0], {"new_password1": "short", "new_password2": "short"})
    assert "too short" in words_of(short)
    assert "Your password is set" in words_of(client.post(page.redirect_chain[-1][0], NEW, follow=True))
    assert client.post(LOGIN, {"username": "support", "password": NEW["new_password1"]}).status_code == 302
    assert "does not work any more" in words_of(Client().get(found.group(1), follow=True))


def test_the_link_leads_to_the_desk_whatever_host_is_claimed(known: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    ask("sam@example.com", Client(headers={"host": "evil.example.net"}))
    assert "evil" not in mail.outbox[0].body


def test_the_answer_does_not_tell_who_is_known(known: User, caplog: pytest.LogCaptureFixture) -> None:
    assert ask("sam@example.com") == ask("nobody@example.com")
    assert len(mail.outbox) == 1


def test_a_mail_that_fails_looks_the_same_and_is_logged(
    known: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 2, False
    assert ask("sam@example.com") == ask("nobody@example.com")
    assert "could not be sent: ConnectionRefusedError" in caplog.text
    assert "sam@example.com" not in caplog.text


def test_asking_too_often_is_refused_known_or_not(known: User, settings: Settings) -> None:
    settings.ENV = replace(settings.ENV, rate_limits=True)
    for email in ("sam@example.com", "nobody@example.com"):
        answers = [ask(email)[:3] for _ in range(4)]
        assert answers == ["200", "200", "200", "429"]
    assert len(mail.outbox) == 3


def test_a_window_lets_so_many_through() -> None:
    window = Window(2, 3600)
    window.take("a")
    window.take("a")
    window.take("b")
    with pytest.raises(TooMany) as refused:
        window.take("a")
    assert 0 < refused.value.retry_after <= 3601


def test_a_desk_without_mail_says_so(seeded: None, settings: Settings) -> None:
    settings.ENV = replace(settings.ENV, mail=None, debug=False)
    assert "no mail server" in words_of(Client().get(ASK))


def lock(name: str, settings: Settings) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        Client().post(LOGIN, {"username": name, "password": "wrong"})


def test_a_lock_is_shown_and_taken_off_in_the_admin(admin: Client, settings: Settings) -> None:
    user = User.objects.get(username="support")
    listing = reverse("admin:auth_user_changelist")
    change = reverse("admin:auth_user_change", args=[user.pk])
    assert "locked" not in words_of(admin.get(listing))
    lock("support", settings)
    lock("nobody", settings)
    assert "locked" in words_of(admin.get(listing))
    page = admin.get(change)
    assert "is locked from 127.0.0.1" in words_of(page)
    assert "Unlock" in words_of(page)
    assert Client().post(LOGIN, {"username": "support", "password": PASSWORD}).status_code == 429
    unlock = reverse("admin:auth_user_unlock", args=[user.pk])
    assert "can sign in again" in words_of(admin.post(unlock, follow=True))
    assert "locked" not in words_of(admin.get(listing))
    assert Client().post(LOGIN, {"username": "support", "password": PASSWORD}).status_code == 302
    assert "was not locked any more" in words_of(admin.post(unlock, follow=True))


def test_a_new_password_takes_the_lock_off_as_well(known: User, settings: Settings) -> None:
    lock("support", settings)
    ask("sam@example.com")
    found = re.search(r"(/admin/password/\S+)", str(mail.outbox[0].body))
    assert found is not None
    client = Client()
    page = client.get(found.group(1), follow=True)
    client.post(page.redirect_chain[-1][0], NEW)
    assert client.post(LOGIN, {"username": "support", "password": NEW["new_password1"]}).status_code == 302
