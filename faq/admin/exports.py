"""The export page: which entries, in which format."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminSelectWidget

from common.clock import now
from faq import exporting
from faq.admin.base import ModelAdmin
from faq.models import Entry

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
_FORMATS = [("csv", "CSV"), ("xlsx", "Excel (.xlsx)"), ("json", "JSON")]


class ExportForm(forms.Form):
    """What is to be written."""

    field_order = ("status", "language", "format")

    status = forms.ChoiceField(
        required=False,
        choices=[("", "All"), *Entry.Status.choices],
        widget=UnfoldAdminSelectWidget(),
    )
    format = forms.ChoiceField(choices=_FORMATS, widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        # Asked for at each visit: the languages change with the entries.
        held = Entry.objects.order_by("language").values_list("language", flat=True).distinct()
        self.fields["language"] = forms.ChoiceField(
            required=False,
            choices=[("", "All"), *((each, each) for each in held)],
            widget=UnfoldAdminSelectWidget(),
        )
        self.order_fields(self.field_order)


def urls(page: ModelAdmin[Entry]) -> list[URLPattern]:
    """Return the address of the export page."""

    def view(request: HttpRequest) -> HttpResponse:
        if not page.has_view_permission(request):
            raise PermissionDenied
        return _export(page, request)

    return [path("export/", page.admin_site.admin_view(view), name="faq_entry_export")]


def _export(page: ModelAdmin[Entry], request: HttpRequest) -> HttpResponse:
    form = ExportForm(request.GET) if "format" in request.GET else ExportForm()
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        choice = exporting.Choice(given["status"], given["language"])
        try:
            return file(exporting.export(choice.entries(), given["format"]), given["format"])
        except exporting.TooLong as error:
            form.add_error("format", str(error))
    context = {
        **page.admin_site.each_context(request),
        "title": "Export the FAQ",
        "opts": Entry._meta,
        "form": form,
        "headings": exporting.HEADINGS,
        "list_url": reverse("admin:faq_entry_changelist"),
    }
    return TemplateResponse(request, "faq/export.html", context)


def file(data: bytes, form: str) -> HttpResponse:
    """Return a file of the export to be saved."""
    name = f"faq-{now():%Y-%m-%d}.{form}"
    return HttpResponse(
        data, content_type=_TYPES[form], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
