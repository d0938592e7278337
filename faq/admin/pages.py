"""The preview of an answer while it is written."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_POST

from common.text import clean
from faq.admin.base import ModelAdmin
from faq.models import Entry

PREVIEW_LIMIT = 50_000  # characters; an article of twenty pages


def preview(page: ModelAdmin[Entry], request: HttpRequest) -> HttpResponse:
    """Return the HTML of the posted Markdown, as visitors would get it."""
    return _preview(request, page)


@require_POST
def _preview(request: HttpRequest, page: ModelAdmin[Entry]) -> HttpResponse:
    if not page.has_view_permission(request):
        raise PermissionDenied
    # The renderer of approved answers lives above this package, so the settings name it.
    render = import_string(settings.FAQ_PREVIEW_RENDERER)
    return HttpResponse(render(clean(request.POST.get("text", ""))[:PREVIEW_LIMIT]))
