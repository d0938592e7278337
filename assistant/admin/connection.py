"""The connection doctor: a page that measures the way from a browser to the desk and names what is missing.

The browser measures, `assistant.line_findings` judges; the page only shows what comes of it.
"""

import json
import math
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from assistant import public_certificate
from assistant.admission import EVENTS_PATH
from assistant.embed import sites
from assistant.line_findings import CHECKS, Desk, judge
from assistant.line_tests import LONGEST_S, PREFIX, RIGHT
from assistant.models import Site
from assistant.visitors import VisitorCookie, remember, visitor_of
from common.clock import now

IDLE_S = 75  # longer than the 60 s after which most proxies cut what is silent
MOST_SITES = 20
MEASURED_LIMIT = 32_768  # characters: a policy of each site


def connection_doctor(request: HttpRequest) -> HttpResponse:
    """Show the page; `?seconds=` makes the two long measurements shorter, and says so."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    seconds = _seconds(request.GET.get("seconds", ""))
    response = TemplateResponse(
        request,
        "admin/desk/connection.html",
        {
            **admin.site.each_context(request),
            "title": "Connection doctor",
            "checks": [{"name": name, "label": label} for name, (label, _) in CHECKS.items()],
            "seconds": seconds,
            "shortened": seconds < IDLE_S,
            "facts": {
                "tests": PREFIX,
                "events": EVENTS_PATH,
                "socket": "/ws/chat/",
                "verdict": reverse("admin:connection_verdict"),
                "seconds": seconds,
                "sites": list(_frames()),
            },
        },
    )
    if visitor_of(request) is None:  # the socket under test is a visitor's
        remember(response, VisitorCookie(uuid4()))
    return response


@csrf_exempt  # changes nothing; and where the proxy hides the scheme, the check itself would fail
@require_POST
def connection_verdict(request: HttpRequest) -> HttpResponse:
    """Judge what the browser measured for one row."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    check, text = str(request.POST.get("check", "")), str(request.POST.get("measured", ""))
    if check not in CHECKS or len(text) > MEASURED_LIMIT:
        return JsonResponse({}, status=400)
    try:
        measured: Any = json.loads(text)
    except (ValueError, RecursionError):
        measured = None
    if not isinstance(measured, dict):
        return JsonResponse({}, status=400)
    if check == "certificate":
        measured |= _certificate(request)
    env = settings.ENV
    found = judge(check, measured, Desk(env.origins, env.https, env.debug, _frames()))
    mends = [{"where": mend.where, "line": mend.line} for mend in found.mends]
    return JsonResponse({"state": found.state, "text": found.text, "mends": mends})


def _frames() -> dict[str, tuple[str, ...]]:
    rows = Site.objects.filter(is_active=True).order_by("key")[:MOST_SITES]
    return {row.key: sites.origins_of(row) for row in rows}


def _certificate(request: HttpRequest) -> dict[str, Any]:
    """Return what the desk sees of the certificate of this page's own address, if it is one of ORIGINS."""
    host, _, port = request.get_host().partition(":")
    origins = [origin for origin in settings.ENV.origins if origin.startswith("https://")]
    if f"https://{request.get_host()}" not in origins:
        return {"host": host, "reached": "it is no https address of ORIGINS"}
    seen = public_certificate.look(host, int(port or 443))
    return {**seen, "host": host, "now": now().isoformat()}


def _seconds(text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        return IDLE_S
    return round(min(LONGEST_S - 10, max(2, value))) if math.isfinite(value) else IDLE_S


def urls(of: Any) -> list[URLPattern]:
    """Return the page's addresses under an admin site."""
    return [
        path("connection/", of.admin_view(connection_doctor), name="connection_doctor"),
        path("connection/verdict/", of.admin_view(connection_verdict), name="connection_verdict"),
    ]
