"""`/metrics`: the figures for Prometheus, by token, or for this machine only."""

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST

from assistant.callers import from_this_machine
from assistant.person.live_metrics import LiveCollector
from assistant.socket_counts import SocketCollector
from assistant.token_counts import TokenCollector
from common import clock
from routing import prometheus


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the scrape, or 403 without saying which figures there are."""
    if not allowed(request, settings.ENV.metrics_token):
        return HttpResponse("Not allowed: see METRICS_TOKEN.\n", status=403, content_type="text/plain")
    page = prometheus.render(clock.now(), SocketCollector(), TokenCollector(), LiveCollector(clock.now()))
    return HttpResponse(page, content_type=CONTENT_TYPE_LATEST)


def allowed(request: HttpRequest, token: str) -> bool:
    """Return whether the request carries the token; without one set, whether it is from this machine."""
    if token:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())
    return from_this_machine(request)
