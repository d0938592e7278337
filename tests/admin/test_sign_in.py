"""Signing in: the three accounts, the lock after wrong passwords, and the policy of admin pages."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.accounts import ensure_accounts
from tests.admin.conftest import PASSWORD
from tests.admin.pages import form_of, text_of

LOGIN = reverse("admin:login")


def sign_in(client: Client, name: str, password: str) -> Any:
    return client.post(LOGIN, {"username": name, "password": password})


def test_each_account_signs_in_and_lands_on_its_home(seeded: None) -> None:
    for name in ("admin", "support", "manager"):
        client = Client()
        answer = sign_in(client, name, PASSWORD)
        assert answer.status_code == 302
        assert answer["Location"] == reverse("admin:index")
        assert client.get(answer["Location"]).status_code == 200


def test_wrong_passwords_lock_the_account_with_a_plain_message(seeded: None, settings: Settings) -> None:
    client = Client()
    answers = [sign_in(client, "support", "wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert answers[0].status_code == 200
    assert "correct username and password" in " ".join(answers[0].content.decode().split())
    locked = sign_in(client, "support", PASSWORD)
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    page = " ".join(locked.content.decode().split())
    assert f"wrong {settings.AXES_FAILURE_LIMIT} times" in page
    assert "for 15 minutes" in page
    assert sign_in(Client(), "manager", PASSWORD).status_code == 302  # the others are not affected
    call_command("axes_reset", verbosity=0)
    assert sign_in(client, "support", PASSWORD).status_code == 302


def test_the_admin_has_its_own_policy_and_public_pages_keep_theirs(seeded: None) -> None:
    inside = Client().get(LOGIN)["Content-Security-Policy"]
    assert "'unsafe-eval'" in inside
    assert "script-src 'self' 'unsafe-eval'" in inside
    assert "frame-ancestors 'none'" in inside
    outside = Client().get("/")["Content-Security-Policy"]
    assert "unsafe" not in outside


PAGE: dict[str, Any] = {"HTTP_ACCEPT": "text/html", "HTTP_ORIGIN": "http://testserver"}


def test_what_was_sent_after_the_session_had_ended_is_kept_and_can_be_sent_again(seeded: None) -> None:
    url = reverse("admin:faq_entry_add")
    typed = {"question": "Where is it?", "answer": "Line one\r\n<b>two</b>", "_save": "Save"}
    kept = Client().post(url, typed, **PAGE)
    assert kept.status_code == 403
    assert "You were signed out meanwhile" in text_of(kept)
    form = form_of(kept)
    assert (form["question"], form["answer"]) == ("Where is it?", typed["answer"])
    assert f'action="{url}"' in text_of(kept)
    assert "desk_admin/admin.css" in text_of(kept), "it looks like a page of the desk"

    # A script, a form with a password and an empty one are led to the sign-in as ever.
    for fields, more in ((typed, {}), ({"old_password": "x", **typed}, PAGE), ({}, PAGE)):
        assert Client().post(url, fields, **more)["Location"].startswith(LOGIN)


def test_a_form_of_an_earlier_sign_in_is_kept_for_our_own_pages_only(seeded: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        User.objects.get(username="admin"), backend="django.contrib.auth.backends.ModelBackend"
    )
    url, typed = reverse("admin:faq_entry_add"), {"question": "Where is it?"}
    kept = client.post(url, typed, **PAGE)
    assert kept.status_code == 403
    assert "You have signed in anew" in text_of(kept) and form_of(kept)["question"] == "Where is it?"
    for origin in ("https://evil.example", "null"):
        refused = client.post(url, typed, **{**PAGE, "HTTP_ORIGIN": origin})
        assert refused.status_code == 403
        assert "Where is it?" not in text_of(refused)
    assert client.post(LOGIN, {"username": "admin", "password": PASSWORD}, **PAGE)["Location"] == LOGIN


def test_accounts_are_made_once_and_follow_the_password(db: None, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    ensure_accounts("first-password-1")
    User.objects.filter(username="support").update(first_name="Ada", is_active=False)
    ensure_accounts("second-password-2")
    assert User.objects.count() == 3
    support, admin = User.objects.get(username="support"), User.objects.get(username="admin")
    assert support.check_password("second-password-2")
    assert (support.first_name, support.is_active, support.is_superuser) == ("Ada", False, False)
    assert [group.name for group in support.groups.all()] == ["support"]
    assert admin.is_superuser
    with pytest.raises(ValueError, match="password"):
        ensure_accounts("")


def test_the_command_takes_the_password_from_the_environment_or_a_line(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with pytest.raises(CommandError, match="ADMIN_PASSWORD"):
        call_command("accounts")
    monkeypatch.setattr("sys.stdin", io.StringIO("typed-password-1\n"))
    said = io.StringIO()
    call_command("accounts", "--stdin", stdout=said)
    assert "admin, manager, support" in said.getvalue()
    assert "typed-password-1" not in said.getvalue()
    assert User.objects.get(username="manager").check_password("typed-password-1")
