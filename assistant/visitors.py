"""The signed cookie that says which visitor a browser is, before and after the visitor has a row.

The plan travels in it because rows are made only at the first message; once there is a row, its
plan counts. Only this server can write the cookie, so neither field can be chosen by the browser.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

_SALT = "assistant.visitor"


@dataclass(frozen=True)
class VisitorCookie:
    """Who a browser is: 122 random bits, and the plan it came with ("" is a guest)."""

    id: UUID
    plan: str = ""


def new_visitor() -> VisitorCookie:
    """Return an identity nobody has had before."""
    return VisitorCookie(uuid4())


def issue_cookie(visitor_id: UUID, plan: str = "") -> str:
    """Return the signed value of the visitor cookie."""
    return signing.dumps({"id": visitor_id.hex, "plan": plan}, salt=_SALT)


def read_visitor(value: str | None) -> VisitorCookie | None:
    """Return who a cookie value names; None when it is missing, too old or not ours."""
    if not value:
        return None
    try:
        payload = signing.loads(value, salt=_SALT, max_age=settings.VISITOR_COOKIE_AGE_S)
        return VisitorCookie(UUID(payload["id"]), str(payload.get("plan", "")))
    except (signing.BadSignature, KeyError, ValueError, TypeError, AttributeError):
        return None


def visitor_of(request: HttpRequest) -> VisitorCookie | None:
    """Return who sent an HTTP request."""
    return read_visitor(request.COOKIES.get(settings.VISITOR_COOKIE))


def remember(response: HttpResponse, visitor: VisitorCookie) -> None:
    """Set the visitor cookie on `response`, with a new lease of life."""
    response.set_cookie(
        settings.VISITOR_COOKIE,
        issue_cookie(visitor.id, visitor.plan),
        max_age=settings.VISITOR_COOKIE_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget(response: HttpResponse) -> None:
    """Take the visitor cookie back."""
    response.delete_cookie(settings.VISITOR_COOKIE, samesite="Lax")
