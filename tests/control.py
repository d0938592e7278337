"""The sandbox's control API, as tests use it."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class Control:
    """Sets faults and paces on a sandbox and reads back what it was asked."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 0

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the JSON of an answer, whatever they are."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
        finally:
            connection.close()

    def _done(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.call(method, path, body)
        assert status < 300, f"{method} {path}: {status} {answer!r}"
        return answer

    def fault(self, fault: str, model: str = "*", **more: Any) -> None:
        self._done("POST", "/_control/faults", {"model": model, "fault": fault, **more})

    def clear(self) -> None:
        """Take back all faults."""
        self._done("DELETE", "/_control/faults")

    def pace(self, **pace: int) -> None:
        self._done("PUT", "/_control/pace", pace)

    def usage(self, **claims: int) -> None:
        """Have all answers report and be billed these tokens besides their text."""
        self._done("PUT", "/_control/usage", claims)

    def prices(self, rows: list[dict[str, Any]]) -> None:
        """Charge these prices before the catalogue's."""
        self._done("PUT", "/_control/prices", rows)

    def requests(self) -> list[dict[str, Any]]:
        return list(self._done("GET", "/_control/requests"))

    def invoice(self) -> dict[str, Any]:
        return dict(self._done("GET", "/_control/invoice"))

    def reset(self) -> None:
        """Make faults, pace and books as they were at the sandbox's start."""
        self.pace()
        self.usage()
        for what in ("faults", "requests", "invoice", "prices"):
            self._done("DELETE", f"/_control/{what}")
