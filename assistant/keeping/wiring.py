"""What of the environment a backup may tell: every value that is no secret, and which secrets are set."""

import hashlib
import hmac
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from common.env import Env, ProviderEnv

SET, UNSET = "set", "not set"


def described(env: Env) -> dict[str, Any]:
    """Return the environment as JSON values; a secret is only "set" or "not set"."""
    return {field.name: _shown(getattr(env, field.name), secret=not field.repr) for field in fields(env)}


def _shown(value: Any, secret: bool) -> Any:
    if secret:
        return SET if value else UNSET
    if isinstance(value, ProviderEnv):
        return {
            "name": value.name,
            "wire": value.wire,
            "base_url": _without_login(value.base_url),
            "key": SET if value.key else UNSET,
            "models": list(value.models),
        }
    if isinstance(value, tuple):
        return [_shown(each, secret=False) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _shown(getattr(value, field.name), not field.repr) for field in fields(value)}
    return value if isinstance(value, (str, int, bool, float)) or value is None else str(value)


def _without_login(url: str) -> str:
    """Return an address without the name and password that may stand before its host."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def key_mark(secret_key: str) -> str:
    """Return a mark by which a SECRET_KEY is recognised and from which it cannot be found."""
    return hmac.new(secret_key.encode(), b"mark of the key in a backup", hashlib.sha256).hexdigest()[:16]
