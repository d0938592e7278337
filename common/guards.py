"""What may not stand in front of visitors: each refusal one sentence that names the line to mend.

Pure: `common/env.py` reads the values and raises what this module says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

# Fifty random bytes are what docs/deployment.md makes; 32 characters is the least that Django's own check
# and every guide call a key. A key of few different characters was typed, not drawn.
SHORTEST_SECRET = 32
FEWEST_CHARACTERS = 10
DEVELOPMENT_SECRET = "development-only-" + "0" * 40
EXAMPLE_SECRET = "replace-this-by-a-long-random-value-of-your-own"  # noqa: S105 - the one of .env.example
HOW_TO_MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_urlsafe(50))"'

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Wiring:
    """The values that decide whether a desk is safe where it stands."""

    debug: bool
    secret: str = field(repr=False)
    host: str
    hosts: Sequence[str]
    origins: Sequence[str]
    https: bool


def is_loopback(host: str) -> bool:
    """Return whether a host name means this machine only; browsers resolve *.localhost to it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refusal(wiring: Wiring) -> str:
    """Return why a desk with this wiring must not start, or nothing."""
    rules = (
        (_debug_before_visitors,)
        if wiring.debug
        else (_no_secret, _weak_secret, _no_origins, _any_host, _plain_origin)
    )
    return next((sentence for rule in rules if (sentence := rule(wiring))), "")


def _debug_before_visitors(wiring: Wiring) -> str:
    shown = "DEBUG=1 shows visitors the inside of the desk with every error"
    if not is_loopback(wiring.host):
        return f"{shown}, and HOST={wiring.host} lets other machines in: set DEBUG=0, or HOST=127.0.0.1."
    for origin in wiring.origins:
        parts = urlsplit(origin)
        if parts.scheme == "https" and not is_loopback(parts.hostname or ""):
            return f"{shown}, and ORIGINS={origin} is an address of visitors: set DEBUG=0."
    return ""


def _no_secret(wiring: Wiring) -> str:
    if wiring.secret:
        return ""
    return "SECRET_KEY is not set: put a long random value into .env, or set DEBUG=1 to develop."


def _weak_secret(wiring: Wiring) -> str:
    secret = wiring.secret
    if secret in (DEVELOPMENT_SECRET, EXAMPLE_SECRET):
        return f"SECRET_KEY is a value that everybody can read: make one with {HOW_TO_MAKE_ONE}."
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_CHARACTERS:
        return (
            f"SECRET_KEY can be guessed: it needs {SHORTEST_SECRET} random characters or more; "
            f"make one with {HOW_TO_MAKE_ONE}."
        )
    return ""


def _no_origins(wiring: Wiring) -> str:
    if wiring.origins:
        return ""
    return (
        "ORIGINS is not set: name the site's address, such as https://support.example.com, so that "
        "no other site can open the chat; or set DEBUG=1 to develop."
    )


def _any_host(wiring: Wiring) -> str:
    if "*" not in wiring.hosts:
        return ""
    return "ALLOWED_HOSTS=* lets a request claim any host: name the hosts of ORIGINS instead."


def _plain_origin(wiring: Wiring) -> str:
    """Refuse an address whose pages could not sign in: their cookies travel over HTTPS only."""
    for origin in wiring.origins if wiring.https else ():
        parts = urlsplit(origin)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            return (
                f"ORIGINS={origin} is not https, so its visitors would lose their cookies: write "
                "https://, or set HTTPS=0 where there is no TLS at all."
            )
    return ""


def odd_store(database_url: str, redis_url: str) -> str:
    """Return what is wrong with the addresses of database and Redis, or nothing; never holds a password."""
    if database_url and not _readable(database_url, ("postgresql", "postgres", "sqlite")):
        return (
            "DATABASE_URL is no address of a PostgreSQL or SQLite database: write "
            "postgresql://user:password@host:5432/name, or leave it empty for SQLite in DATA_DIR."
        )
    if redis_url and not _readable(redis_url, ("redis", "rediss", "unix")):
        return "REDIS_URL is no address of a Redis: write redis://127.0.0.1:6379/0."
    return ""


def _readable(url: str, schemes: Sequence[str]) -> bool:
    try:
        parts = urlsplit(url)
        # `sqlite://:memory:` has no port either, and Python reads one into it.
        return parts.scheme in schemes and (parts.scheme == "sqlite" or parts.port != 0)
    except ValueError:
        return False


def proxies(raw: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks whose forwarded addresses are believed; `none` alone is an empty list.

    Raises ValueError with the sentence for an entry that is no address, or that is everybody's.
    """
    if list(raw) == ["none"]:
        return ()
    found: list[Network] = []
    for entry in raw:
        try:
            network = ip_network(entry, strict=False)
        except ValueError:
            raise ValueError(
                f"TRUSTED_PROXIES has {entry!r}: use addresses or networks such as 127.0.0.1 or "
                "10.0.0.0/24, or none."
            ) from None
        if network.prefixlen == 0:
            raise ValueError(
                f"TRUSTED_PROXIES={entry} would believe every visitor's own word about who it is: "
                "name the proxy's address."
            )
        found.append(network)
    return tuple(found)
