"""A page of the example company's own site, with the widget on it; exists in the example only.

It stands for another site: where it is opened as localhost it takes the widget from 127.0.0.1 and the
other way round, so that browsers keep the two apart as they do two companies.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assistant.example import site
from assistant.models import Site
from common import example

TWINS = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    """Show the shop window with the widget, under as strict a policy as a careful site has."""
    if not (settings.ENV.debug and example.wanted()):
        raise Http404("no example here")
    desk = _other_name(request)
    found = Site.objects.filter(key=site.KEY, is_active=True).exists()
    response = render(request, "example_shop.html", {"desk": desk, "key": site.KEY, "found": found})
    policy = {
        "default-src": ["'none'"],
        "script-src": ["'self'", desk],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": [desk],
        "frame-src": [desk],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    setattr(response, "_csp_config", policy)  # noqa: B010 - django-csp's own slot
    return response


def _other_name(request: HttpRequest) -> str:
    """Return this desk's origin under the other of its two names, where it has them."""
    here = urlsplit(request.build_absolute_uri("/"))
    name = TWINS.get(here.hostname or "", here.hostname or "")
    return f"{here.scheme}://{name}" + (f":{here.port}" if here.port else "")
