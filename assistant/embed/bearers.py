"""Who a visitor is inside an embedded chat, where no cookie can be relied on: a token that the frame keeps.

Signed by the desk for one site, so that what one site's frame holds is no good in another's. It names a
visitor and nothing else: a plan comes only from a row, so nobody brings one along.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing

from common.clock import now

_SALT = "assistant.bearer"


@dataclass(frozen=True)
class Bearer:
    """Whom a token names; `until` in seconds since 1970, 0 for one that is renewed whenever it is used.

    `kid` names the secret by which the site had vouched for a person: without that it is worth nothing.
    """

    visitor_id: UUID
    until: int = 0
    kid: str = ""


def issue(site: str, visitor_id: UUID, until: int = 0, kid: str = "") -> str:
    """Return the token by which a visitor comes back on the site with this key."""
    more = {"until": until, "kid": kid} if until else {}
    payload = {"id": visitor_id.hex, "site": site, **more}
    return signing.dumps(payload, salt=_SALT)


def read(token: str, site: str) -> Bearer | None:
    """Return whom a token names on this site; None for a foreign, an old or a forged one."""
    try:
        payload = signing.loads(token, salt=_SALT, max_age=settings.VISITOR_COOKIE_AGE_S)
        bearer = Bearer(UUID(payload["id"]), int(payload.get("until", 0)), str(payload.get("kid", "")))
        good = payload["site"] == site and (not bearer.until or now().timestamp() < bearer.until)
    except (signing.BadSignature, KeyError, ValueError, TypeError, AttributeError):
        return None
    return bearer if good else None
