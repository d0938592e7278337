"""The preview of an answer and the import with its preview: pages beside the list and the form."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_POST

from common.text import clean
from faq.admin.base import ModelAdmin
from faq.admin.forms import UploadForm
from faq.importer import parse
from faq.imports import Plan, plan, store
from faq.models import Entry

PREVIEW_LIMIT = 50_000  # characters; an article of twenty pages
ROWS_SHOWN = 100  # of each kind in a preview; the counts name all


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


def import_csv(page: ModelAdmin[Entry], request: HttpRequest) -> HttpResponse:
    """Take a file, show what it would change, and change it when that is confirmed."""
    if not (page.has_add_permission(request) and page.has_change_permission(request)):
        raise PermissionDenied
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if not form.is_valid():
        return _page(page, request, {"form": form})
    data = form.content()
    publish = bool(form.cleaned_data["publish"])
    planned = plan(parse(data), publish)
    if "confirm" not in request.POST:
        return _page(page, request, {"form": form, **_shown(planned, data, publish)})
    imported, refused = store(planned, publish)
    messages.success(
        request,
        f"{imported.created} new, {imported.changed} changed, {imported.unchanged} unchanged entries.",
    )
    left = [*planned.errors, *refused]
    if left:
        messages.warning(request, f"Left out: {len(left)}. " + " ".join(str(error) for error in left[:5]))
    return redirect(reverse("admin:faq_entry_changelist"))


def _shown(planned: Plan, data: bytes, publish: bool) -> dict[str, Any]:
    groups = [
        {"name": name, "count": len(items), "rows": items[:ROWS_SHOWN]}
        for name in ("new", "changed", "unchanged")
        if (items := planned.of(name))
    ]
    return {
        "planned": planned,
        "groups": groups,
        "errors": planned.errors[:ROWS_SHOWN],
        "error_count": len(planned.errors),
        "todo": len(planned.of("new")) + len(planned.of("changed")),
        "publish": publish,
        "text": "" if not planned.items else data.decode("utf-8-sig"),
    }


def _page(page: ModelAdmin[Entry], request: HttpRequest, context: dict[str, Any]) -> TemplateResponse:
    return TemplateResponse(
        request,
        "faq/import.html",
        {
            **page.admin_site.each_context(request),
            "title": "Import an FAQ",
            "opts": Entry._meta,
            "list_url": reverse("admin:faq_entry_changelist"),
            **context,
        },
    )
