"""How the desk is reached: its addresses, what guards them, and a real socket through each."""

import json
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import gaierror
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.http.request import validate_host
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)
from websockets.sync.client import connect
from websockets.typing import Origin

from assistant.admission import EVENTS_PATH
from assistant.doctor.findings import Finding, fail, ok, skip, warn
from assistant.visitors import issue_cookie
from common.guards import is_loopback

SOCKET_S = 4.0
PING = {"conversation_id": None, "frames": [{"type": "ping"}]}
MOST_ORIGINS = 4  # each is a connection from outside; the rest is the same machine under other names
PROXY = "let the proxy pass on Upgrade and Connection for /ws/ (docs/deployment.md has the lines)"


def check_origins() -> list[Finding]:
    """Look at ORIGINS, ALLOWED_HOSTS and the switches that production needs."""
    env = settings.ENV
    found = [finding for origin in env.origins for finding in _origin(origin)]
    public = [origin for origin in env.origins if not is_loopback(urlsplit(origin).hostname or "")]
    if settings.DEBUG and public:
        found.append(fail("DEBUG", f"is on, and {public[0]} is a public address", ".env: DEBUG=0"))
    elif settings.DEBUG:
        found.append(ok("DEBUG", "is on: development, for this machine only"))
    else:
        found.append(ok("DEBUG", "is off"))
        found.append(_cookies())
    return found


def _origin(origin: str) -> list[Finding]:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if parts.path not in ("", "/"):
        line = f".env: ORIGINS={parts.scheme}://{parts.netloc}"
        return [fail("origins", f"{origin} has a path, and no browser sends one", line)]
    if not validate_host(host, settings.ALLOWED_HOSTS):
        return [fail("origins", f"{host} is not among the allowed hosts", f".env: ALLOWED_HOSTS={host}")]
    if not settings.DEBUG and parts.scheme != "https":
        return [warn("origins", f"{origin} is not encrypted", f".env: ORIGINS=https://{parts.netloc}")]
    return [ok("origins", origin)]


def _cookies() -> Finding:
    if settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE:
        return ok("cookies", "sent over HTTPS only")
    return warn("cookies", "are sent without encryption as well", ".env: HTTPS=1")


def check_static() -> list[Finding]:
    """Look whether the static files of this release were collected."""
    if settings.DEBUG:
        return [skip("static files", "served from the checkout while DEBUG is on")]
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        line = "manage.py collectstatic --noinput"
        return [fail("static files", "not collected: pages come without style and script", line)]
    return [ok("static files", "collected")]


def check_socket(origin: str) -> list[Finding]:
    """Open a chat socket at `origin`, as the page would, and wait for an answer on it."""
    parts = urlsplit(origin)
    name = f"socket {parts.netloc}"
    scheme = "wss" if parts.scheme == "https" else "ws"
    try:
        return [_answer(name, origin, _exchange(f"{scheme}://{parts.netloc}/ws/chat/", origin))]
    except (OSError, ConnectionClosed, InvalidHandshake, InvalidURI) as error:
        why, line = _why(error, parts.hostname or "")
        if line == PROXY and _answers_requests(origin):
            return [warn(name, f"{why}; visitors reach the desk by plain requests instead", line)]
        return [fail(name, why, line)]


def _answers_requests(origin: str) -> bool:
    """Return whether the way of pages that cannot open a socket leads to the desk."""
    parts = urlsplit(origin)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=SOCKET_S)
    headers = {"Origin": origin, "Cookie": _cookie(), "Content-Type": "application/json"}
    try:
        connection.request(
            "POST", EVENTS_PATH, '{"conversation_id":null,"frames":[{"type":"ping"}]}', headers
        )
        return bool(json.loads(connection.getresponse().read(65536)) == [{"type": "pong"}])
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _cookie() -> str:
    return f"{settings.VISITOR_COOKIE}={issue_cookie(uuid4(), '')}"


def _exchange(where: str, origin: str) -> str:
    """Return the first frame that comes on a new socket."""
    with connect(
        where,
        origin=Origin(origin),
        additional_headers={"Cookie": _cookie()},
        open_timeout=SOCKET_S,
        close_timeout=1,
        proxy=None,
    ) as socket:
        # A desk that turns us away says why and may have hung up before this is sent.
        with suppress(ConnectionClosed):
            socket.send(json.dumps({"type": "ping"}))
        return str(socket.recv(timeout=SOCKET_S))


def _why(error: Exception, host: str) -> tuple[str, str]:
    """Return what kept a socket from opening, and the line that mends it."""
    match error:
        case InvalidStatus():
            return f"the upgrade was answered {error.response.status_code}", PROXY
        case ssl.SSLError():
            reason = getattr(error, "verify_message", "") or error.reason
            return f"TLS failed: {reason}", f"certbot renew, or mend the certificate of {host} at the proxy"
        case gaierror():
            line = f"point the DNS name {host} at this machine, or mend .env: ORIGINS=..."
            return "its name is not known in the DNS", line
        case TimeoutError():
            line = "open the firewall for this address, or start the desk"
            return f"no answer within {SOCKET_S:g} s", line
        case OSError():
            line = "make run" if settings.DEBUG else "systemctl start desk.target nginx"
            return f"cannot be reached: {error.strerror or error}", line
        case ConnectionClosed():
            return f"closed at once: {error}", "look into the log of the web process"
        case _:
            return f"is no WebSocket: {type(error).__name__}", PROXY


def _answer(name: str, origin: str, text: str) -> Finding:
    try:
        frame = json.loads(text)
    except ValueError:
        frame = {}
    code = frame.get("code", "") if isinstance(frame, dict) else ""
    if code == "refused":
        allowed = ",".join([*settings.ENV.origins, origin])
        return fail(name, "the running desk refuses this Origin", f".env: ORIGINS={allowed}, then restart it")
    if code == "sign_in":
        line = "restart the desk: it was started with another SECRET_KEY than .env has now"
        return fail(name, "the running desk does not know a cookie that was signed here", line)
    if not isinstance(frame, dict) or "type" not in frame:
        return fail(name, "something else than the desk answered", PROXY)
    return ok(name, f"opened, and answered {frame['type']}" + (f" ({code})" if code else ""))


def own_origins() -> tuple[str, ...]:
    """Return the addresses to open a socket at: the public ones, while developing the first one."""
    origins: tuple[str, ...] = settings.ENV.origins
    return origins[:1] if settings.DEBUG else origins[:MOST_ORIGINS]
