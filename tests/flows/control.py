"""The sandbox's control API, as tests use it."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class Control:
    """Sets faults and paces on a sandbox and reads back what it was asked."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 0

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=10)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            raw = answer.read()
            assert answer.status < 300, f"{method} {path}: {answer.status} {raw!r}"
            return json.loads(raw) if raw else None
        finally:
            connection.close()

    def fault(self, fault: str, model: str = "*", **more: Any) -> None:
        self._call("POST", "/_control/faults", {"model": model, "fault": fault, **more})

    def clear(self) -> None:
        self._call("DELETE", "/_control/faults")

    def pace(self, **pace: int) -> None:
        self._call("PUT", "/_control/pace", pace)

    def requests(self) -> list[dict[str, Any]]:
        found = self._call("GET", "/_control/requests")
        return list(found["requests"] if isinstance(found, dict) else found)

    def invoice(self) -> Any:
        return self._call("GET", "/_control/invoice")
