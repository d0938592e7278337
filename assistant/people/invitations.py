"""Inviting a colleague into a role by mail: a user without a password and a link to set one."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from assistant import mailing
from assistant.roles import ROLES

MAIL = """\
Hello{name},

{inviter} has invited you to the support desk {desk} as "{role}".

Choose a password here, and then sign in with {email}:
{link}

The link works once and for {days} days. If you did not expect it, ignore this mail: nothing
happens without it.
"""
TAKEN = "Somebody with this address is on the list already; invite them again from there."
LONGEST = 150  # characters of a user name, which the address becomes
LINK_DAYS = 3  # PASSWORD_RESET_TIMEOUT in the settings says the same in seconds


class CannotInvite(ValueError):
    """The invitation makes no sense; the message says why, for the person who invites."""


class InvitationTokens(PasswordResetTokenGenerator):
    """One-use links of their own: a link that resets a password is no invitation."""

    key_salt = "assistant.people.invitations"


tokens = InvitationTokens()


@dataclass(frozen=True)
class Invitation:
    """What came of an invitation; `problem` is why no mail went out, "" when it did."""

    user: User
    link: str
    problem: str = ""


def is_invited(user: User) -> bool:
    """Return whether a user was invited and has neither set a password nor signed in since."""
    return user.is_active and user.last_login is None and not user.has_usable_password()


def link_for(user: User) -> str:
    """Return the address at which an invited user sets a password."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return mailing.address_of(reverse("invitation", args=[uid, tokens.make_token(user)]))


@transaction.atomic
def add_person(email: str, first_name: str, last_name: str, role: str) -> User:
    """Store a person who may sign in once a password is set. Raises CannotInvite."""
    address = email.strip().lower()
    if len(address) > LONGEST:  # small letters may take more room than capitals
        raise CannotInvite(f"An address may have {LONGEST} characters at most.")
    if role not in ROLES:
        raise CannotInvite(f"There is no role {role!r}.")
    if User.objects.filter(email__iexact=address).exists() or User.objects.filter(username=address).exists():
        raise CannotInvite(TAKEN)
    user = User(username=address, email=address, first_name=first_name, last_name=last_name, is_staff=True)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:  # somebody else's invitation, or the first half of a double click
        raise CannotInvite(TAKEN) from None
    user.groups.set(Group.objects.filter(name=role))
    return user


def send_invitation(user: User, inviter: str, desk: str) -> Invitation:
    """Mail an invited user their link; a failure comes back in words, with the link to hand over.

    Raises CannotInvite for somebody who has a password or has signed in: a link would replace it.
    """
    if not user.is_active:
        raise CannotInvite(f"{user.get_username()} is switched off; switch the account on first.")
    if not is_invited(user):
        raise CannotInvite(
            "This person has been here before; a new password is asked for on the sign-in page."
        )
    link = link_for(user)
    text = MAIL.format(
        name=f" {user.first_name}" if user.first_name else "",
        inviter=inviter,
        desk=desk,
        role=", ".join(user.groups.values_list("name", flat=True)) or "no role yet",
        email=user.get_username(),
        link=link,
        days=LINK_DAYS,
    )
    try:
        mailing.send([user.email], f"Your invitation to {desk}", text)
    except mailing.MailFailed as failure:
        return Invitation(user, link, str(failure))
    return Invitation(user, link)
