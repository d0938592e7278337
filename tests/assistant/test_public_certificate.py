"""What the desk reads of a certificate, from a server of the test's own on loopback."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import trustme

from assistant.public_certificate import look
from common.clock import now
from tests.environment import free_port


@contextlib.contextmanager
def serving(authority: trustme.CA, name: str, until: datetime) -> Iterator[int]:
    """Show a certificate to whoever comes, and yield the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=until).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = listener.accept()
                    with line, contextlib.suppress(OSError):
                        context.wrap_socket(line, server_side=True).close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_a_certificate_is_read_with_its_end_and_names_and_why_nobody_would_trust_it() -> None:
    authority, trust = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trust)
    soon = (now() + timedelta(days=9)).astimezone(UTC).replace(microsecond=0)
    with serving(authority, "localhost", soon) as port:
        good = look("localhost", port, trust)
        assert (good["reached"], good["error"], good["names"]) == ("", "", ["localhost"])
        assert datetime.fromisoformat(good["until"]) == soon
        # Signed by nobody whom this machine knows: it is read all the same.
        unknown = look("localhost", port)
        assert "certificate" in unknown["error"]
        assert unknown["until"] == good["until"]
    with serving(authority, "other.example", soon) as port:
        other = look("localhost", port, trust)
        assert "mismatch" in other["error"].lower()
        assert other["names"] == ["other.example"]
    with serving(authority, "localhost", now() - timedelta(days=1)) as port:
        assert "expired" in look("localhost", port, trust)["error"]
    assert look("localhost", free_port())["reached"]
