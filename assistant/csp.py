"""A content security policy of its own for the admin, which cannot live under the public one.

Unfold's pages run on Alpine, which evaluates its attributes as code, and set inline styles. Scripts
still come from our own origin only, and nothing may frame the pages.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

ADMIN_POLICY: dict[str, list[str]] = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}


class AdminPolicyMiddleware:
    """Hand django-csp the admin's policy for every address under the admin, and only there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path_info.startswith(reverse("admin:index")) and not hasattr(response, "_csp_config"):
            setattr(response, "_csp_config", ADMIN_POLICY)  # noqa: B010 - django-csp's own slot
        return response
