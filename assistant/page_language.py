"""Which language a page of visitors is in: what they chose, else their browser's, else English.

Staff's pages stay in English.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from assistant.languages import DEFAULT, NAMES, preferred, supported
from assistant.translating import page_words, worded

PARAMETER: Final = "lang"
COOKIE: Final = "language"
FRAMED: Final = "/embed"  # pages in a frame of another site, whose language is that site's and no choice
MACHINES: Final = ("/accounts/", "/healthz", "/readyz", "/metrics")


def known_language(request: HttpRequest) -> str:
    """Return which of our languages a visitor reads, "" when nothing says so."""
    return (
        supported(request.GET.get(PARAMETER, ""))
        or supported(request.COOKIES.get(COOKIE, ""))
        or preferred(request.headers.get("Accept-Language", ""))
    )


def words_of(known: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the chat's template says in the language of the page, and what its script needs for that.

    `known` is "" where the page is in English because nothing says otherwise: the browser's own language,
    which we may not speak, then goes on to count.
    """
    language = translation.get_language() or DEFAULT
    return {
        "name": worded(settings, "name", language),
        "greeting": worded(settings, "greeting", language),
        "words": page_words(settings, language),
        "known": known,
        "languages": NAMES.items(),
    }


class PageLanguageMiddleware:
    """Answer visitors in their language, and remember one that they choose by `?lang=`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith((reverse("admin:index"), *MACHINES)):
            return self.get_response(request)
        language = known_language(request) or DEFAULT
        with translation.override(language):
            response = self.get_response(request)
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response  # the same in every language, and some of it is kept by caches
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        chosen = supported(request.GET.get(PARAMETER, ""))
        if chosen and not request.path_info.startswith(FRAMED):
            _remember(response, chosen)
        return response


def _remember(response: HttpResponseBase, language: str) -> None:
    response.set_cookie(
        COOKIE,
        language,
        max_age=settings.VISITOR_COOKIE_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
