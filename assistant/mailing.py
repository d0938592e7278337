"""The one door to the mail server; what could not be sent is said in plain words."""

from collections.abc import Mapping, Sequence
from smtplib import SMTPException
from socket import gaierror

from django.conf import settings
from django.core.mail import EmailMultiAlternatives


class MailFailed(Exception):
    """The mail was not handed over; the message says why, for staff."""


def configured() -> bool:
    """Return whether mail leaves this machine, or is at least kept as files while developing."""
    return settings.ENV.mail is not None or bool(settings.ENV.debug)


def address_of(path: str) -> str:
    """Return the full address of a path of this desk, for links in mails."""
    return f"{settings.ENV.origins[0].rstrip('/')}{path}"


def said(error: Exception) -> str:
    """Return what kept a mail from going out, for staff."""
    if isinstance(error, gaierror):
        host = settings.ENV.mail.host if settings.ENV.mail else "the mail server"
        return f"the name {host} of EMAIL_URL is not known in the DNS"
    return f"{type(error).__name__}: {error}"


def send(
    to: Sequence[str],
    subject: str,
    text: str,
    reply_to: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    html: str = "",
) -> None:
    """Hand a plain-text mail, with `html` as its other form if given, to the mail server. Raises MailFailed.

    `headers` are further ones, such as Message-ID and In-Reply-To. A line break in the subject is taken
    out: it would begin another header.
    """
    if not configured():
        raise MailFailed("No mail server is set: EMAIL_URL is empty.")
    mail = EmailMultiAlternatives(
        " ".join(subject.split()), text, to=list(to), reply_to=list(reply_to), headers=dict(headers or {})
    )
    if html:
        mail.attach_alternative(html, "text/html")
    try:
        mail.send()
    except (OSError, SMTPException, ValueError) as error:  # ValueError: an address or header nobody can send
        raise MailFailed(said(error)) from error
