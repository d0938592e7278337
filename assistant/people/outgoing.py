"""Mails whose failure nobody is there to be told of: it goes to the log, without the text."""

import logging

from assistant import mailing

log = logging.getLogger(__name__)


def hand_over(to: str, subject: str, text: str) -> None:
    """Send one mail, and log why it failed."""
    try:
        mailing.send([to], subject, text)
    except mailing.MailFailed as failure:
        log.error("a mail for a new password could not be sent: %s", failure)
