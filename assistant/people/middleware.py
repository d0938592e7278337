"""No admin page without the second factor: set up where it is required, shown where it is set up."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse


class SecondFactorMiddleware:
    """Leads a person who has signed in without the second factor to it, before any admin page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(reverse("admin:index")) and (missing := _missing(request)):
            return HttpResponseRedirect(f"{reverse(missing)}?{urlencode({'next': request.get_full_path()})}")
        return self.get_response(request)


def _missing(request: HttpRequest) -> str:
    """Return the name of the page that a person has to pass first, "" for none."""
    if not apps.is_installed("allauth.mfa") or not request.user.is_authenticated:
        return ""
    if request.path_info in (reverse("admin:logout"), reverse("admin:login")):
        return ""
    from allauth.account.authentication import get_authentication_records
    from allauth.mfa.utils import is_mfa_enabled

    if not is_mfa_enabled(request.user):
        return "mfa_activate_totp" if settings.ENV.mfa == "required" else ""
    # A session from before the factor was set up, in another browser, has never shown it.
    if any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user)):
        return ""
    return "mfa_reauthenticate"
