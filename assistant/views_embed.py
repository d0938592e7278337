"""What other sites fetch of the desk: the loader, a site's look, and the chat for their frame.

Nothing here reads or sets a cookie: inside a frame of another site there may be none. (The one that the
frame's script may keep in place of storage is for itself, see jar.js.)
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from assistant import colours
from assistant.embed import bearers, site_keys, sites, widget_files
from assistant.guests import SWITCHED_OFF
from assistant.languages import DEFAULT, supported, translatable
from assistant.models import AssistantSettings, Site, VisitorDataAction
from assistant.page_language import PARAMETER, known_language, words_of
from assistant.privacy import StillRunning, erase, export
from assistant.privacy.erasing import note
from assistant.privacy.exporting import as_json
from assistant.privacy.trail import trail_of
from assistant.settings_snapshot import as_snapshot
from assistant.translating import said
from common.clock import now
from routing.providers.registry import sandbox_active

MARK = Path(__file__).parent / "static/assistant/mark.svg"
BY_THE_VISITOR = "the visitor"
SHORT = "public, max-age=600, stale-while-revalidate=86400"  # a new version reaches sites within minutes
FOR_GOOD = "public, max-age=31536000, immutable"
LOOK_AGE = "public, max-age=300"
SCHEMES = ("light", "dark")
UNKNOWN = translatable("This chat knows no site with the key “{key}”.")


@require_safe
def loader(request: HttpRequest, version: int = 0) -> HttpResponse:
    """Send the loader: of a version for good, or the latest for some minutes."""
    found = widget_files.loaders().get(str(version)) if version else widget_files.latest()
    if found is None:
        raise Http404("no such version of the loader")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        found.packed if packed else found.source, content_type="text/javascript; charset=utf-8"
    )
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = FOR_GOOD if version else SHORT
    return _for_all_sites(response)


def _for_all_sites(response: HttpResponse) -> HttpResponse:
    """Let pages of every origin load this: it holds nothing that is not public."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
def look(request: HttpRequest, key: str) -> HttpResponse:
    """Send how a site's launcher looks, or why there is none on this page."""
    site, origin = sites.active(key), request.headers.get("Origin", "")
    if site is None:
        return _look({"refused": "no active site has this key"}, 404)
    if not sites.allows(site, origin):
        return _look({"refused": f"the site does not list {origin or 'pages without an origin'}"}, 403)
    body = {
        "accent": site.accent or colours.DESK,
        "position": site.position,
        "label": site.launcher_label,
        "labels": sites.in_each(site, "launcher_label"),
        "language": site.language,
    }
    return _look(body, 200)


def _look(body: dict[str, Any], status: int) -> HttpResponse:
    response = HttpResponse(json.dumps(body), content_type="application/json", status=status)
    response["Cache-Control"] = LOOK_AGE if status == 200 else "no-store"
    response["Vary"] = "Origin"
    return _for_all_sites(response)


@require_safe
def theme(request: HttpRequest, accent: str) -> HttpResponse:
    """Send the style sheet of a colour."""
    sheet = colours.style_sheet(colours.theme(colours.clean(accent)))
    response = HttpResponse(sheet, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = FOR_GOOD
    return response


@require_safe
def mark(request: HttpRequest, accent: str) -> HttpResponse:
    """Send the desk's mark in a colour that is dark enough for the white in it."""
    colour = colours.theme(colours.clean(accent)).light.green
    response = HttpResponse(MARK.read_text().replace(colours.DESK, colour), content_type="image/svg+xml")
    response["Cache-Control"] = FOR_GOOD
    return response


@never_cache
@xframe_options_exempt
@require_safe
def embedded(request: HttpRequest, key: str) -> HttpResponse:
    """Show the chat of a site; exactly the origins of its row may frame it."""
    site = sites.active(key)
    if site is None:
        return _unavailable(request, key)
    origins = sites.origins_of(site)
    desk = AssistantSettings.objects.first() or AssistantSettings()
    # What the site's page or row asks for goes before the visitor's own choice: that was of another page.
    known = supported(request.GET.get(PARAMETER, "")) or supported(site.language) or known_language(request)
    with translation.override(known or DEFAULT):
        return _chat(request, site, origins, desk, known)


def _chat(
    request: HttpRequest, site: Site, origins: tuple[str, ...], desk: AssistantSettings, known: str
) -> HttpResponse:
    words = words_of(known, as_snapshot(desk))
    words["greeting"] = sites.said_by(site, "greeting", known) or words["greeting"]
    context = {
        "desk": desk,
        **words,
        "plans": (),
        "plan": "",
        "sandbox": sandbox_active(),
        "ended": "ended" in request.GET,
        "deleted": "deleted" in request.GET,
        "site": site,
        "embed": _facts(request, site, origins),
    }
    response = render(request, "chat.html", context)
    setattr(response, "_csp_replace", {"frame-ancestors": list(origins) or ["'none'"]})  # noqa: B010
    # A page that isolates itself shows only frames that do so as well and that say they may be shown there.
    # All that the chat fetches is the desk's own, so it loses nothing by it.
    response["Cross-Origin-Embedder-Policy"] = "require-corp"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _facts(request: HttpRequest, site: Site, origins: tuple[str, ...]) -> dict[str, Any]:
    """Return what the template tells the frame's own module; what the page asks for is checked."""
    language = "".join(char for char in request.GET.get("lang", "") if char.isalnum() or char == "-")[:12]
    language = language or site.language
    scheme = request.GET.get("scheme", "")
    try:
        accent = colours.clean(request.GET.get("accent", "") or site.accent)
    except colours.BadColour:
        accent = ""
    return {
        "origins": " ".join(origins),
        "scheme": scheme if scheme in SCHEMES else "",
        "query": "?" + urlencode({"embed": site.key, **({"lang": language} if language else {})}),
        "theme": reverse("widget_theme", args=[accent.removeprefix("#")]) if accent else "",
        "mark": reverse("widget_mark", args=[accent.removeprefix("#")]) if accent else "",
    }


def _unavailable(request: HttpRequest, key: str) -> HttpResponse:
    """Say why there is no chat here. The policy's `frame-ancestors 'none'` keeps it out of frames."""
    known = Site.objects.filter(key=key).exists()
    language = translation.get_language() or DEFAULT
    words = said(SWITCHED_OFF if known else UNKNOWN, language, key=key)
    response = render(request, "embed_unavailable.html", {"words": words}, status=404)
    response["X-Frame-Options"] = settings.X_FRAME_OPTIONS
    return response


# -- a visitor's own data, by bearer ---------------------------------------------------------------
#
# No browser sends this header by itself, so no other page can ask in the visitor's name, and there is
# no cookie that a CSRF token would have to protect.


@csrf_exempt
@never_cache
@require_POST
def download(request: HttpRequest, key: str) -> HttpResponse:
    """Send the visitor everything that is stored about them, as JSON."""
    visitor_id = _bearer(request, key)
    if visitor_id is None:
        return HttpResponse(status=401)
    trail = trail_of(visitor_id)
    if trail.exists:
        note(VisitorDataAction.Action.EXPORT, visitor_id, BY_THE_VISITOR, trail.counts())
    return HttpResponse(as_json(export(visitor_id)), content_type="application/json")


@csrf_exempt
@never_cache
@require_POST
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """Erase everything that is stored about the visitor; 409 while an answer is still being written."""
    visitor_id = _bearer(request, key)
    if visitor_id is None:
        return HttpResponse(status=401)
    try:
        erase(visitor_id, BY_THE_VISITOR)
    except StillRunning:
        return HttpResponse(status=409)
    return HttpResponse(status=204)


def _bearer(request: HttpRequest, key: str) -> UUID | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    found = bearers.read(token, key) if scheme == "Bearer" else None
    if found is None or (found.kid and not site_keys.good([found.kid], now())):
        return None
    return found.visitor_id
