"""The secrets of sites, made and read: encrypted in the database, as checking a signature needs them whole.

A hash would do for a password; an HMAC is checked with the secret itself. The key is derived from
SECRET_KEY, which stands in no table, so a copy of the database alone signs nobody in.
"""

import base64
import secrets
from collections.abc import Collection
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from assistant.identity import OVERLAP, Key
from assistant.models import Site, SiteSecret

SECRET_BYTES = 48  # 384 bits; HS256 asks for 256 at least (RFC 7518, 3.2)
KID_BYTES = 6


def _box() -> MultiFernet:
    """Return what encrypts by SECRET_KEY, and reads by those before it as well."""
    keys = (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(secret_key: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"secrets of sites").derive(secret_key.encode())


def sealed(secret: str) -> str:
    """Return a secret as it is stored."""
    return _box().encrypt(secret.encode()).decode()


def opened(stored: str) -> str:
    """Return a stored secret as it was; "" when it was encrypted by a SECRET_KEY that is not known."""
    try:
        return _box().decrypt(stored.encode()).decode()
    except InvalidToken:
        return ""


def new_secret(site: Site) -> tuple[SiteSecret, str]:
    """Make a secret for a site and return its row with the secret itself, which can be read only here."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    kid = f"{site.key[:24]}-{secrets.token_hex(KID_BYTES)}"
    return SiteSecret.objects.create(site=site, kid=kid, secret=sealed(secret)), secret


def retire(row: SiteSecret, at: datetime, at_once: bool = False) -> None:
    """Let a secret run out after the overlap; at once, when it may have become known."""
    row.retired_at = at - OVERLAP if at_once else at
    row.save(update_fields=["retired_at"])


def good(kids: Collection[str], at: datetime) -> frozenset[str]:
    """Return those secrets, by their kid, that are not out of use yet."""
    rows = SiteSecret.objects.filter(kid__in=kids).exclude(retired_at__lt=at - OVERLAP)
    return frozenset(rows.values_list("kid", flat=True))


def key_of(row: SiteSecret) -> Key:
    """Return a secret as `identity.verify` takes it."""
    return Key(row.site.key, opened(row.secret), row.retired_at)
