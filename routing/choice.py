"""What a reader of the metrics page has chosen, as its address says it: for lists, exports and mails too."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

LONGEST = 120  # characters of a route or a model


@dataclass(frozen=True)
class Choice:
    """A period by its key, or first and last day; and which replies of it are counted."""

    period: str = "today"
    first: str = ""
    last: str = ""
    route: str = ""
    model: str = ""
    example: bool = True
    compare: bool = True

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        """Return the choice that a query string makes; dates without a period are custom dates."""
        first, last = query.get("from", "")[:10], query.get("to", "")[:10]
        period = query.get("period", "")[:10] or ("custom" if first or last else "today")
        custom = period == "custom"
        return cls(
            period,
            first if custom else "",
            last if custom else "",
            _name(query.get("route", "")),
            _name(query.get("model", "")),
            query.get("example") != "0",
            query.get("compare") != "0",
        )

    def query(self, **further: str) -> str:
        """Return the query string that makes this choice, with `further` names; empty ones are left out."""
        said = {
            "period": self.period,
            "from": self.first,
            "to": self.last,
            "route": self.route,
            "model": self.model,
            "example": "" if self.example else "0",
            "compare": "" if self.compare else "0",
            **further,
        }
        return urlencode({name: value for name, value in said.items() if value})


def _name(text: str) -> str:
    """Return the name of a route or a model as far as one can be; PostgreSQL takes no NUL in a text."""
    return text.replace("\0", "")[:LONGEST]
