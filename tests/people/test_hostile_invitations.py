"""Invitations with what no page of ours would send: told at the field, and nothing is lost or fails."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.people.invitations import link_for
from common.env import read_mail
from tests.admin.pages import form_of, words_of

INVITE = reverse("admin:auth_user_changelist") + "invite/"
FORM = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Byron", "role": "support"}
GOOD = "quite-a-long-one-7"
MILLION = "x" * 1_000_000
SCRIPT = "<script>alert(1)</script>"
ELSEWHERE = "what follows the @ has signs that cannot be seen"
UNSEEN = "Nothing of this can be seen."


@pytest.fixture(autouse=True)
def mail_server(settings: Settings) -> None:
    settings.ENV = replace(settings.ENV, mail=read_mail("smtp://127.0.0.1:2?tls=none"))


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("email", "", "This field is required."),
        ("email", "   ", "This field is required."),
        ("email", MILLION, "at most 150 characters (it has 1000000)"),
        ("email", "ada\x00@example.com", "Null characters are not allowed."),
        ("email", "ada\u202e@example.com", "Enter a valid email address."),
        ("email", "ada@exam\u200bple.com", ELSEWHERE),
        ("email", "ada@exam\u202eple.com", ELSEWHERE),
        ("email", "ada@straße.example", ELSEWHERE),
        ("email", "ada@example.com\nBcc: eve@example.com", "Enter a valid email address."),
        ("email", "ada@example.com,eve@example.com", "Enter a valid email address."),
        ("email", SCRIPT, "Enter a valid email address."),
        (
            "email",
            f"{'a' * 64}@{'İ' * 20}.{'İ' * 20}.{'İ' * 20}.{'İ' * 10}.example",
            "may have 150 characters at most",
        ),
        ("first_name", MILLION, "at most 150 characters (it has 1000000)"),
        ("first_name", "A\x00da", "Null characters are not allowed."),
        ("last_name", "\u200b\u2060", UNSEEN),
        ("last_name", "\u202e\u202d\u200f", UNSEEN),
        ("role", "", "This field is required."),
        ("role", "superuser", "Select a valid choice."),
        ("role", "support\x00", "Select a valid choice."),
        ("role", MILLION, "Select a valid choice."),
        ("role", SCRIPT, "Select a valid choice."),
    ],
)
def test_a_bad_field_is_told_and_the_others_are_kept(
    admin: Client, field: str, typed: str, said: str
) -> None:
    refused = admin.post(INVITE, {**FORM, field: typed})
    assert refused.status_code == 200
    assert said in words_of(refused)
    assert SCRIPT not in refused.content.decode()
    kept = form_of(refused)
    assert {name: kept[name] for name in FORM if name != field} == {
        name: value for name, value in FORM.items() if name != field
    }
    assert not User.objects.filter(last_name="Byron").exists()
    assert mail.outbox == []


def test_fields_that_are_missing_or_of_another_kind_are_told(admin: Client) -> None:
    assert "This field is required." in words_of(admin.post(INVITE, {}))
    assert "This field is required." in words_of(admin.post(INVITE, FORM, content_type="application/json"))
    twice = admin.post(INVITE, {**FORM, "email": ["ada@example.com", "not one"]})
    assert "Enter a valid email address." in words_of(twice)
    assert User.objects.count() == 3, "the desk's own accounts"


def test_a_name_is_one_line_in_the_mail_and_no_markup_on_the_page(admin: Client) -> None:
    name = "Ada\r\n\r\nClick https://evil.example\u202e"
    assert admin.post(INVITE, {**FORM, "first_name": name, "last_name": SCRIPT}).status_code == 302
    user = User.objects.get(email="ada@example.com")
    assert user.first_name == "Ada Click https://evil.example"
    assert "Hello Ada Click https://evil.example,\n" in str(mail.outbox[0].body)
    listing = admin.get(reverse("admin:auth_user_changelist")).content.decode()
    assert SCRIPT not in listing
    assert "&lt;script&gt;" in listing


def test_a_double_click_invites_once(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert admin.post(INVITE, FORM).status_code == 302
    again = admin.post(INVITE, {**FORM, "email": " ADA@example.COM "})
    assert "on the list already" in words_of(again)
    assert len(mail.outbox) == 1

    def taken(self: User, *args: object, **kwargs: object) -> None:
        raise IntegrityError("UNIQUE constraint failed: auth_user.username")

    # Both halves have looked before either has stored.
    monkeypatch.setattr(User, "save", taken)
    late = admin.post(INVITE, {**FORM, "email": "eve@example.com"})
    assert "on the list already" in words_of(late)
    assert form_of(late)["first_name"] == "Ada"


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 30, "9" * 5000, "²", "-1", "1%00", "x"])
@pytest.mark.parametrize("act", ["invite_again", "unlock", "drop_factor"])
def test_an_act_on_nobody_is_not_found(admin: Client, act: str, pk: str) -> None:
    answer = admin.post(f"/admin/auth/user/{pk}/{act}/", follow=True)
    assert answer.status_code == 404 or "doesn’t exist" in words_of(answer)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("uid", "token"),
    [
        ("²", "x-y"),
        ("MQ", "set-password"),
        ("A" * 3000, "x-y"),
        ("OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ", "x-y"),
        ("AA", "\u202e-\u200b"),
        ("MQ", "x" * 3000),
    ],
)
def test_a_link_that_is_none_says_so(seeded: None, uid: str, token: str) -> None:
    address = reverse("invitation", args=[uid, token])
    for answer in (Client().get(address), Client().post(address, {"new_password1": "x"})):
        assert "does not work any more" in words_of(answer)
        assert "new_password1" not in form_of(answer)


def test_a_link_opens_nobody_elses_account(admin: Client) -> None:
    for email in ("ada@example.com", "eve@example.com"):
        admin.post(INVITE, {**FORM, "email": email})
    ada, eve = (User.objects.get(email=f"{name}@example.com") for name in ("ada", "eve"))
    own, other = (link_for(user).rstrip("/").split("/")[-2:] for user in (ada, eve))
    crossed = reverse("invitation", args=[other[0], own[1]])
    assert "does not work any more" in words_of(Client().get(crossed, follow=True))


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "This field is required."),
        ("short", "too short"),
        ("12345678", "too common"),
        ("ada@example.com", "too similar"),
        ("a\x00bcdefgh1", "Null characters are not allowed."),
        ("\u200b" * 3, "too short"),
    ],
)
def test_a_bad_password_is_told_and_the_link_still_works(admin: Client, password: str, said: str) -> None:
    admin.post(INVITE, FORM)
    user, client = User.objects.get(email="ada@example.com"), Client()
    address = client.get(link_for(user), follow=True).redirect_chain[-1][0]
    refused = client.post(address, {"new_password1": password, "new_password2": password})
    assert said in words_of(refused)
    user.refresh_from_db()
    assert not user.has_usable_password()
    done = client.post(address, dict.fromkeys(("new_password1", "new_password2"), GOOD), follow=True)
    assert "Your password is set" in words_of(done)


def test_who_was_switched_off_meanwhile_is_told(admin: Client) -> None:
    admin.post(INVITE, FORM)
    user = User.objects.get(email="ada@example.com")
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.refresh_from_db()
    answer = Client().get(link_for(user), follow=True)
    assert "does not work any more" in words_of(answer)
    again = admin.post(reverse("admin:auth_user_invite_again", args=[user.pk]), follow=True)
    assert "ada@example.com is switched off" in words_of(again)
    assert len(mail.outbox) == 1
