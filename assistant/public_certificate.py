"""The certificate of the desk's public address, as somebody who comes from outside is shown it."""

import socket
import ssl
from contextlib import suppress
from datetime import datetime
from typing import Any

from cryptography import x509

PATIENCE_S = 5.0


def look(host: str, port: int = 443, trust: ssl.SSLContext | None = None) -> dict[str, Any]:
    """Return what stands in a server's certificate, and in `error` why a browser would not trust it.

    `reached` says why nobody answered, "" where somebody did. `until` is a moment in ISO form.
    """
    seen: dict[str, Any] = {"reached": "", "error": "", "until": "", "names": []}
    shown = b""
    try:
        shown = _shown(host, port, trust or ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        seen["error"] = error.verify_message
        anything = ssl.create_default_context()
        anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
        with suppress(OSError):
            shown = _shown(host, port, anything)
    except OSError as error:
        seen["reached"] = str(error) or type(error).__name__
    if shown:
        seen |= _read(shown)
    return seen


def _shown(host: str, port: int, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection((host, port), timeout=PATIENCE_S) as line,
        context.wrap_socket(line, server_hostname=host) as encrypted,
    ):
        return encrypted.getpeercert(binary_form=True) or b""


def _read(shown: bytes) -> dict[str, Any]:
    certificate = x509.load_der_x509_certificate(shown)
    until: datetime = certificate.not_valid_after_utc
    names: list[str] = []
    with suppress(x509.ExtensionNotFound):
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = found.get_values_for_type(x509.DNSName)
        names += [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return {"until": until.isoformat(), "names": names}
