"""Inviting a colleague: the mail, the link that works once, the role, and what goes wrong."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.people.invitations import CannotInvite, add_person, link_for, send_invitation
from common.clock import now
from common.env import read_mail
from tests.admin.pages import text_of, words_of

INVITE = reverse("admin:auth_user_changelist") + "invite/"
FORM = {"email": "Ada@Example.com", "first_name": "Ada", "last_name": "Byron", "role": "support"}
NEW = {"new_password1": "quite-a-long-one-7", "new_password2": "quite-a-long-one-7"}


@pytest.fixture(autouse=True)
def mail_server(settings: Settings) -> None:
    settings.ENV = replace(settings.ENV, mail=read_mail("smtp://127.0.0.1:2?tls=none"))


def invite(client: Client, **changed: str) -> User:
    answer = client.post(INVITE, {**FORM, **changed})
    assert answer.status_code == 302, words_of(answer)
    return User.objects.get(username=changed.get("email", FORM["email"]).lower())


def path_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/admin/\S+)", text)
    assert found is not None, text
    return found.group(1)


def test_an_invited_colleague_sets_a_password_and_works_in_the_role(admin: Client) -> None:
    user = invite(admin)
    assert (user.email, user.is_staff, user.is_superuser) == ("ada@example.com", True, False)
    assert not user.has_usable_password()
    listing = words_of(admin.get(reverse("admin:auth_user_changelist")))
    assert "invited" in listing

    (sent,) = mail.outbox
    assert sent.to == ["ada@example.com"]
    assert 'as "support"' in sent.body
    colleague = Client()
    page = colleague.get(path_in(str(sent.body)), follow=True)
    assert "You sign in as ada@example.com" in " ".join(words_of(page).split())
    done = colleague.post(page.redirect_chain[-1][0], NEW, follow=True)
    assert "Your password is set" in words_of(done)

    login = {"username": "ada@example.com", "password": NEW["new_password1"]}
    assert colleague.post(reverse("admin:login"), login).status_code == 302
    assert colleague.get(reverse("admin:faq_entry_changelist")).status_code == 200
    assert colleague.get(reverse("admin:auth_user_changelist")).status_code == 403
    assert "invited" not in words_of(admin.get(reverse("admin:auth_user_change", args=[user.pk])))


def test_a_link_works_once_and_for_three_days(admin: Client) -> None:
    user = invite(admin)
    first = path_in(str(mail.outbox[0].body))
    with time_machine.travel(now() + timedelta(days=3, minutes=5)):
        assert "does not work any more" in words_of(Client().get(first, follow=True))
    with time_machine.travel(now() + timedelta(days=2, hours=23)):
        assert "does not work any more" not in words_of(Client().get(first, follow=True))
    client = Client()
    page = client.get(first, follow=True)
    client.post(page.redirect_chain[-1][0], NEW)
    assert "does not work any more" in words_of(Client().get(first, follow=True))
    user.refresh_from_db()
    with pytest.raises(CannotInvite, match="has been here before"):
        send_invitation(user, "admin", "the desk")


def test_a_link_of_one_kind_is_no_link_of_the_other(admin: Client) -> None:
    path = path_in(link_for(invite(admin)))
    uid, token = path.strip("/").split("/")[-2:]
    other = Client().get(reverse("password_reset_confirm", args=[uid, token]), follow=True)
    assert "does not work any more" in words_of(other)


def test_bad_input_is_said_at_its_field_and_nothing_is_lost(admin: Client) -> None:
    invite(admin)
    taken = admin.post(INVITE, FORM)
    assert "on the list already" in words_of(taken)
    assert 'value="Byron"' in text_of(taken)
    wrong = admin.post(INVITE, {**FORM, "email": "ada at example"})
    assert "valid email address" in words_of(wrong)
    assert admin.post(INVITE, {**FORM, "email": "x@example.com", "role": "superuser"}).status_code == 200
    assert User.objects.filter(email="x@example.com").count() == 0
    with pytest.raises(CannotInvite, match="no role"):
        add_person("x@example.com", "", "", "owner")


def test_a_mail_that_fails_leaves_the_link_to_hand_over(
    admin: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 2, False
    page = admin.post(INVITE, FORM)
    assert "could not be sent" in words_of(page)
    assert ConnectionRefusedError.__name__ in words_of(page)
    user = User.objects.get(username="ada@example.com")
    link = re.search(r'value="http[^"]*(/admin/invitation/[^"]+)"', text_of(page))
    assert link is not None
    assert "You sign in as" in words_of(Client().get(link.group(1), follow=True))

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    again = admin.post(reverse("admin:auth_user_invite_again", args=[user.pk]), follow=True)
    assert "is on its way to ada@example.com" in words_of(again)
    assert len(mail.outbox) == 1


def test_without_a_mail_server_the_link_is_shown(admin: Client, settings: Settings) -> None:
    settings.ENV = replace(settings.ENV, mail=None)
    assert "/admin/invitation/" in text_of(admin.post(INVITE, FORM))
    settings.ENV = replace(settings.ENV, debug=False)
    page = admin.post(INVITE, {**FORM, "email": "b@example.com"})
    assert "No mail server is set" in words_of(page)
    assert "/admin/invitation/" in text_of(page)


def test_only_whoever_adds_users_invites(admin: Client, support: Client) -> None:
    assert support.get(INVITE).status_code == 403
    assert support.post(INVITE, FORM).status_code == 403
    user = invite(admin)
    for act in ("invite_again", "unlock", "drop_factor"):
        address = reverse(f"admin:auth_user_{act}", args=[user.pk])
        assert support.post(address).status_code == 403
        assert admin.get(address).status_code == 405  # a link must not act


def test_nobody_but_a_superuser_makes_or_touches_superusers(admin: Client) -> None:
    user = invite(admin)
    change = reverse("admin:auth_user_change", args=[user.pk])
    fields = {"username": user.username, "email": user.email, "is_active": "on", "is_staff": "on"}
    assert admin.post(change, {**fields, "is_superuser": "on"}).status_code == 302
    user.refresh_from_db()
    assert not user.is_superuser
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    # Else the link of an invited superuser would be a way to become one.
    assert admin.post(reverse("admin:auth_user_invite_again", args=[user.pk])).status_code == 403
    boss = User.objects.create_superuser("boss", password="x")
    client = Client()
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(reverse("admin:auth_user_invite_again", args=[user.pk])).status_code == 302
