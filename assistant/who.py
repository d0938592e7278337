"""Who is talking on a socket, as far as is known before any row exists."""

from dataclasses import dataclass, field
from uuid import UUID

from assistant.models import Visitor


@dataclass(frozen=True)
class Who:
    """The visitor of a socket: id and plan from the signed cookie, and the session if any."""

    visitor_id: UUID
    plan: str = ""
    language: str = ""
    session_key: str = field(default="", repr=False)
    address: str = ""

    @classmethod
    def of(cls, row: Visitor) -> "Who":
        """Return the visitor of a row, for work that no socket waits for."""
        return cls(row.pk, row.plan, row.language)
