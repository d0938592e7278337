"""Who is talking on a socket, as far as is known before any row exists."""

from dataclasses import dataclass, field
from uuid import UUID

from assistant.guests import Guest
from assistant.models import Visitor

DESK = "default"  # what a visitor's row calls the desk's own page


@dataclass(frozen=True)
class Who:
    """The visitor of a socket: id and plan from the signed cookie, and the session if any.

    `site` is the key of the site that embeds the chat, "" on the desk's own page. There the id is a new one
    until `open` has presented a token, and neither cookie nor session is read. `around` is the origin of the
    page that shows the frame, as the frame knows it, "" where it stands by itself.
    """

    visitor_id: UUID
    plan: str = ""
    language: str = ""
    session_key: str = field(default="", repr=False)
    address: str = ""
    site: str = ""
    token: str = field(default="", repr=False)  # by which a visitor of a site comes back
    around: str = ""
    kid: str = ""  # of the secret by which a site has vouched for whom the token names, "" for nobody

    @property
    def guest(self) -> Guest:
        """By what this visitor is in an embedded chat, where it is one."""
        return Guest(self.site, self.around, self.kid, self.language)

    @classmethod
    def of(cls, row: Visitor) -> "Who":
        """Return the visitor of a row, for work that no socket waits for."""
        return cls(row.pk, row.plan, row.language, site="" if row.site == DESK else row.site)
