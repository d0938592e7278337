"""A real mail server on loopback for tests: keeps what it takes, and refuses when it is told to."""

import contextlib
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.environment import free_port
from tests.servers import wait_until


class Mailbox:
    """The mails of every recipient, in order of arrival; `refuses` is a reply such as `451 later`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.mails: list[EmailMessage] = []
        self.refuses = ""

    @property
    def url(self) -> str:
        """Return what EMAIL_URL has to be for a desk to use this server."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses:
            return self.refuses
        raw: Any = envelope.content
        parsed = message_from_bytes(raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in str(mail["To"])]

    def wait_for(self, address: str, count: int = 1) -> list[EmailMessage]:
        """Return the mails to an address once there are so many."""
        wait_until(lambda: len(self.to(address)) >= count, what=f"mail to {address}")
        return self.to(address)


@contextlib.contextmanager
def running_mail_server() -> Iterator[Mailbox]:
    """Run a mail server on a free port."""
    box = Mailbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def text_of(mail: EmailMessage) -> str:
    """Return the text of a plain mail."""
    return str(mail.get_content()).replace("\r\n", "\n")
