"""Who a web site says its visitor is: a JWT that the site's own server signed, read and judged.

Pure: a token, the key that it names and the moment go in; an `Identity` or an `IdentityRefused` comes out.
docs/identity.md says what a token holds; each reason of REASONS stands in a table there.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from jwt.types import Options

from common.text import clean

ALGORITHM: Final = "HS256"
TOKEN_LIMIT: Final = 4096  # characters; twenty claims of full length are some 5,000, real tokens some 400
LIFETIME_S: Final = 300  # the longest that `exp` may lie behind `iat`
LEEWAY_S: Final = 15  # by which the clocks of two servers may differ
OVERLAP: Final = timedelta(hours=24)  # for which a retired key is still taken: servers change one by one
KID_LIMIT, ID_LIMIT, NAME_LIMIT, EMAIL_LIMIT, PLAN_LIMIT = 40, 120, 120, 254, 20
MOST_CLAIMS, CLAIM_LIMIT = 20, 200
REQUIRED: Final = ("aud", "sub", "iat", "exp", "jti")
CLAIM_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@<>\"(),:;\[\]\\]{1,189}")

# The times, the audience and the fields are judged here, by the caller's clock and with a reason each.
ONLY_THE_SIGNATURE: Final[Options] = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}

ClaimValue = str | bool | int | float

REASONS: Final[Mapping[str, str]] = {
    "malformed": "This is no JWT: three parts in base64url with dots between them are expected.",
    "algorithm": "The token's header must say alg HS256, and nothing else is accepted.",
    "no_key": "The token's header needs kid, the name of the secret that it is signed with.",
    "unknown_key": "There is no secret with this kid for any active site of this desk.",
    "retired_key": "The secret with this kid was retired; sign with the site's newer one.",
    "unreadable_key": "The desk cannot read this secret since its SECRET_KEY was changed. Make a new one.",
    "signature": "The signature does not fit: the token was not signed with the secret of this kid.",
    "audience": "aud must be the key of the site that the secret belongs to.",
    "missing": "A token needs aud, sub, iat, exp and jti.",
    "field": "A field of the token has the wrong form or is too long.",
    "lifetime": f"exp may lie at most {LIFETIME_S // 60} minutes after iat.",
    "expired": "The token's time is over (exp). Make one for each page, shortly before it is used.",
    "not_yet": "The token is of the future (iat or nbf): look at the clock of the server that signs.",
    "used": "This token was used before: each needs a jti of its own.",
    "too_many": "Too many tokens in a short time.",
}


class IdentityRefused(Exception):
    """A token does not prove anybody; `reason` is one of REASONS, `message` is for who wrote the site.

    `claimed` is (site, person) as an unproven token says, to tell whether it is of somebody else than before.
    """

    def __init__(self, reason: str, detail: str = "", claimed: tuple[str, str] = ("", "")) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = f"{REASONS[reason]} {detail}".strip()
        self.claimed = claimed


@dataclass(frozen=True)
class Key:
    """A secret of a site, by its kid, as it is stored; `secret` is "" when it cannot be read."""

    site: str
    secret: str = field(repr=False)
    retired_at: datetime | None = None


@dataclass(frozen=True)
class Identity:
    """Who a site has vouched for: its own id of a person, and what it says of them."""

    site: str
    sub: str
    jti: str
    expires_at: datetime
    name: str = ""
    email: str = ""
    plan: str = ""
    claims: Mapping[str, ClaimValue] = field(default_factory=dict)


def kid_of(token: str) -> str:
    """Return which secret a token names, having looked at nothing but its header. Raises IdentityRefused."""
    if len(token) > TOKEN_LIMIT or not token.isascii():
        raise IdentityRefused("malformed", f"It has at most {TOKEN_LIMIT:,} characters.")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise IdentityRefused("malformed") from None
    if header.get("alg") != ALGORITHM or "crit" in header:
        raise IdentityRefused("algorithm")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_LIMIT:
        raise IdentityRefused("no_key")
    return kid


def verify(token: str, key: Key | None, now: datetime) -> Identity:
    """Return who the token proves, by the key that its kid names. Raises IdentityRefused.

    Whether its jti was used before is for the caller to find out, who can store that it is now.
    """
    kid_of(token)
    try:
        return _verified(token, key, now)
    except IdentityRefused as refused:
        refused.claimed = claimed(token)
        raise


def claimed(token: str) -> tuple[str, str]:
    """Return the site and the person that a token names, proven or not."""
    try:
        said = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return "", ""
    return str(said.get("aud", ""))[:KID_LIMIT], str(said.get("sub", ""))[:ID_LIMIT]


def _verified(token: str, key: Key | None, now: datetime) -> Identity:
    if key is None:
        raise IdentityRefused("unknown_key")
    if key.retired_at is not None and now > key.retired_at + OVERLAP:
        raise IdentityRefused("retired_key")
    if not key.secret:
        raise IdentityRefused("unreadable_key")
    said = _decoded(token, key.secret)
    # After the signature: what an unsigned token says is nothing to answer about.
    absent = [name for name in REQUIRED if said.get(name) in (None, "")]
    if absent:
        raise IdentityRefused("missing", f"This one lacks {', '.join(absent)}.")
    if said["aud"] not in (key.site, [key.site]):
        raise IdentityRefused("audience")
    expires_at = _in_time(said, now.timestamp())
    _text(said, "iss", 200)
    return Identity(
        key.site,
        _text(said, "sub", ID_LIMIT),
        _text(said, "jti", ID_LIMIT),
        expires_at,
        _text(said, "name", NAME_LIMIT),
        _email_of(said),
        _text(said, "plan", PLAN_LIMIT),
        _claims(said.get("claims")),
    )


def _decoded(token: str, secret: str) -> dict[str, Any]:
    try:
        said: dict[str, Any] = jwt.decode(token, secret, algorithms=[ALGORITHM], options=ONLY_THE_SIGNATURE)
    except jwt.InvalidSignatureError:
        raise IdentityRefused("signature") from None
    except jwt.InvalidAlgorithmError:
        raise IdentityRefused("algorithm") from None
    except jwt.InvalidTokenError:
        raise IdentityRefused("malformed") from None
    return said


def _in_time(said: Mapping[str, Any], now: float) -> datetime:
    """Return when a token ends that may be used now. Raises IdentityRefused."""
    issued, ends = _moment(said, "iat"), _moment(said, "exp")
    if not 0 < ends - issued <= LIFETIME_S:
        raise IdentityRefused("lifetime")
    starts = max(issued, _moment(said, "nbf") if "nbf" in said else issued)
    if starts > now + LEEWAY_S:
        raise IdentityRefused("not_yet")
    if ends <= now - LEEWAY_S:
        raise IdentityRefused("expired")
    return datetime.fromtimestamp(ends, UTC)


def _moment(said: Mapping[str, Any], name: str) -> float:
    value = said[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**40:
        raise IdentityRefused("field", f"{name} must be a number of seconds since 1970.")
    return float(value)


def _text(said: Mapping[str, Any], name: str, limit: int) -> str:
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise IdentityRefused("field", f"{name} must be text (a string).")
    text = clean(value).strip()
    if len(text) > limit:
        raise IdentityRefused("field", f"{name} has at most {limit} characters.")
    if not text and name in REQUIRED:
        raise IdentityRefused("missing", f"This one lacks {name}.")
    return text


def _email_of(said: Mapping[str, Any]) -> str:
    email = _text(said, "email", EMAIL_LIMIT)
    if email and not _EMAIL.fullmatch(email):
        raise IdentityRefused("field", "email must be one e-mail address.")
    return email


def _claims(value: object) -> dict[str, ClaimValue]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MOST_CLAIMS:
        raise IdentityRefused("field", f"claims must be an object of at most {MOST_CLAIMS} names.")
    return {_claim_name(name): _claim_value(name, each) for name, each in value.items()}


def _claim_name(name: str) -> str:
    if not CLAIM_NAME.fullmatch(name):
        raise IdentityRefused("field", "Names in claims have 1 to 32 of a-z, 0-9 and _, a letter first.")
    return name


def _claim_value(name: str, value: object) -> ClaimValue:
    if isinstance(value, str):
        value = clean(value).strip()
        if len(value) > CLAIM_LIMIT:
            raise IdentityRefused("field", f"{name} in claims has at most {CLAIM_LIMIT} characters.")
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e12:
        return value
    raise IdentityRefused("field", f"{name} in claims must be text, a number, true or false.")
