"""Sign-in through the company: who the identity provider vouches for, and whether they were invited."""

import logging
from collections.abc import Iterable
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render

log = logging.getLogger(__name__)


class Refused(Exception):
    """Nobody comes in with this account; the message says why, for the person who tried."""


def invited_user(addresses: Iterable[tuple[str, bool]]) -> User:
    """Return the one person on the Users page with a verified address among these. Raises Refused.

    `addresses` are (address, whether the provider has verified it).
    """
    verified = [address for address, proved in addresses if proved is True]
    if not verified:
        raise Refused("Your company's sign-in does not say that your e-mail address is verified.")
    found = list(User.objects.filter(email__iexact=verified[0])[:2])
    if len(found) != 1:
        raise Refused(
            "Nobody with your e-mail address was invited to this desk. Ask an administrator to invite you."
        )
    (user,) = found
    if not (user.is_active and user.is_staff):
        raise Refused("Your account at this desk is switched off. Ask an administrator.")
    return user


class CompanyAdapter(DefaultSocialAccountAdapter):
    """Lets people in who were invited, and makes no accounts."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Tie the company's account to the invited person with its address, at the first sign-in."""
        if sociallogin.state.get("process") != "login":
            raise self._refusal(request, "Accounts are tied together by signing in, and in no other way.")
        try:
            user = invited_user((item.email, item.verified) for item in sociallogin.email_addresses)
        except Refused as refusal:
            raise self._refusal(request, str(refusal)) from None
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)
        elif sociallogin.user.pk != user.pk:
            raise self._refusal(
                request, "Your address now belongs to somebody else's account. Ask an administrator."
            )

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Log what went wrong between us and the provider; the page tells the person what to do."""
        log.warning("sign-in through the company failed: %s %s", error, type(exception).__name__)

    def _refusal(self, request: HttpRequest, reason: str) -> ImmediateHttpResponse:
        return ImmediateHttpResponse(render(request, "accounts/refused.html", {"reason": reason}, status=403))
