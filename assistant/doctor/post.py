"""The mail server: reached, greeted, signed in, and nothing sent unless somebody asks for it."""

import smtplib

from django.conf import settings
from django.core.mail import get_connection

from assistant import mailing
from assistant.doctor.findings import Finding, fail, ok, warn

URL = ".env: EMAIL_URL=smtp://user:password@host:587"
NO_SENDER = "desk@localhost"
MAIL_S = 5  # seconds for each step; a mail server that takes longer will be late for its mail as well


def check_mail() -> list[Finding]:
    """Connect, say EHLO and sign in."""
    mail = settings.ENV.mail
    if mail is None and settings.DEBUG:
        return [ok("e-mail", f"kept as files in {settings.EMAIL_FILE_PATH} while developing")]
    if mail is None:
        return [fail("e-mail", "no mail server is set: staff are told of nothing", URL)]
    where = f"{mail.host}:{mail.port}"
    server = get_connection(fail_silently=False, timeout=MAIL_S)
    try:
        server.open()
        server.close()
    except smtplib.SMTPAuthenticationError as error:
        text = f"{where} refuses user or password ({error.smtp_code})"
        return [fail("e-mail", text, ".env: user and password in EMAIL_URL")]
    except smtplib.SMTPNotSupportedError:
        text = f"{where} does not offer {'encryption' if mail.tls == 'starttls' else 'signing in'}"
        return [fail("e-mail", text, ".env: smtps://... in EMAIL_URL, or ?tls=none for this machine's relay")]
    except (OSError, smtplib.SMTPException) as error:
        return [fail("e-mail", f"{where}: {mailing.said(error)}"[:300], URL)]
    return [ok("e-mail", f"{where} answers{' and takes the password' if mail.user else ''}"), *_sender()]


def _sender() -> list[Finding]:
    if settings.DEFAULT_FROM_EMAIL == NO_SENDER:
        line = ".env: EMAIL_FROM=Support <support@example.com>"
        return [warn("sender", f"mail goes out as {NO_SENDER}, which most servers refuse", line)]
    return [ok("sender", settings.DEFAULT_FROM_EMAIL)]


def send_test(to: str) -> list[Finding]:
    """Send one mail to `to`."""
    try:
        mailing.send([to], "Test of the support desk", "This desk can send mail. Nobody needs to answer.")
    except mailing.MailFailed as failure:
        return [fail("test mail", f"not sent to {to}: {failure}"[:300], URL)]
    return [ok("test mail", f"handed over for {to}; look whether it arrives")]
