"""How staff sign in besides a password: what the environment says of it, checked. Pure."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from common.guards import is_loopback

MFA = ("off", "optional", "required")


@dataclass(frozen=True)
class SsoEnv:
    """The company's identity provider (OpenID Connect) and this desk's registration there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str


def sso_of(issuer: str, client_id: str, client_secret: str, name: str) -> SsoEnv | None:
    """Return the provider, None when nothing is set. Raises ValueError naming what is missing or wrong."""
    given = {"SSO_ISSUER": issuer, "SSO_CLIENT_ID": client_id, "SSO_CLIENT_SECRET": client_secret}
    missing = [variable for variable, value in given.items() if not value]
    if len(missing) == len(given):
        if name:
            raise ValueError(
                "SSO_NAME alone signs nobody in: set SSO_ISSUER, SSO_CLIENT_ID and SSO_CLIENT_SECRET."
            )
        return None
    if missing:
        raise ValueError(f"Sign-in through the company needs {' and '.join(missing)} as well.")
    parts = urlsplit(issuer)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"SSO_ISSUER={issuer!r} is no address: write it as the provider shows it, https://..."
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("SSO_ISSUER has to be https: who can change what it says can sign in as anybody.")
    return SsoEnv(issuer.rstrip("/"), client_id, client_secret, name or "company account")


def mfa_of(raw: str) -> str:
    """Return whether staff have a second factor: off, optional or required. Raises ValueError."""
    value = raw.lower() or "off"
    if value not in MFA:
        raise ValueError(f"MFA={raw!r} is not known: use one of {', '.join(MFA)}.")
    return value
