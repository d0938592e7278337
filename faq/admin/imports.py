"""The import pages: a file, its columns, the preview, the progress, the result. An upload is its owner's."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from faq import uploads
from faq.admin import import_shown
from faq.admin.base import ModelAdmin
from faq.admin.import_forms import FileForm, MappingForm
from faq.import_models import Upload
from faq.importing.documents import MAX_BYTES, MAX_FILES, MAX_ROWS, MAX_UNPACKED, Unreadable
from faq.importing.headings import guess, restored_mapping
from faq.models import Entry

# So much is done while the page loads; what is larger goes to the worker and shows its progress.
SMALL_FILE = 256 * 1024
FEW_ROWS = 200
AT_ONCE_S = 5.0
STEP_S = 0.5  # of a waiting page that does the work itself because no worker has come
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Page = ModelAdmin[Entry]
View = Callable[..., HttpResponse]


def urls(page: Page) -> list[URLPattern]:
    """Return the addresses of the import pages."""

    def at(route: str, view: View, name: str) -> URLPattern:
        return path(route, page.admin_site.admin_view(partial(_allowed(view), page)), name=name)

    return [
        at("import/", start, "faq_entry_import"),
        at("import/sample.<str:kind>", sample, "faq_entry_import_sample"),
        at("import/<uuid:pk>/", step, "faq_entry_import_step"),
        at("import/<uuid:pk>/columns/", columns, "faq_entry_import_columns"),
        at("import/<uuid:pk>/progress/", progress, "faq_entry_import_progress"),
        at("import/<uuid:pk>/rows.csv", rows, "faq_entry_import_rows"),
    ]


def _allowed(view: View) -> View:
    @wraps(view)
    def checked(page: Page, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        if not (page.has_add_permission(request) and page.has_change_permission(request)):
            raise PermissionDenied
        return view(page, request, *args, **options)

    return checked


def _owner(request: HttpRequest) -> AbstractBaseUser:
    if not isinstance(request.user, AbstractBaseUser):
        raise PermissionDenied
    return request.user


def _upload(request: HttpRequest, pk: UUID) -> Upload:
    """Return an upload of this person; another's is not found, so two who import do not collide."""
    return get_object_or_404(Upload, pk=pk, owner_id=_owner(request).pk)


def _show(page: Page, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
    shared = {
        **page.admin_site.each_context(request),
        "title": "Import an FAQ",
        "opts": Entry._meta,
        "list_url": reverse("admin:faq_entry_changelist"),
        "start_url": reverse("admin:faq_entry_import"),
    }
    return TemplateResponse(request, f"faq/import_{template}.html", {**shared, **context})


def _to(upload: Upload) -> HttpResponse:
    return redirect("admin:faq_entry_import_step", pk=upload.pk)


def start(page: Page, request: HttpRequest) -> HttpResponse:
    """Take a file."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = uploads.create(file.read(), file.name, _owner(request), form.options())
        except Unreadable as error:
            form.add_error("file", str(error))
        else:
            if upload.state == Upload.State.READING:
                _work(upload, file.size <= SMALL_FILE)
            return _to(upload)
    limits = {
        "megabytes": MAX_BYTES // 2**20,
        "rows": MAX_ROWS,
        "files": MAX_FILES,
        "unpacked": MAX_UNPACKED // 2**20,
    }
    mine = Upload.objects.filter(owner_id=_owner(request).pk).defer("content")[:5]
    return _show(page, request, "start", form=form, limits=limits, mine=mine)


def _work(upload: Upload, little: bool) -> None:
    """Do little work at once; leave more to the worker."""
    if not little or uploads.advance(upload.pk, AT_ONCE_S):
        uploads.ask(upload)


def step(page: Page, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show an upload where it is; a POST of the preview decides on it."""
    upload = _upload(request, pk)
    if upload.state == Upload.State.MAPPING:
        return redirect("admin:faq_entry_import_columns", pk=upload.pk)
    if upload.state in Upload.WORKING:
        return _show(page, request, "progress", upload=upload)
    if upload.state == Upload.State.PREVIEW:
        if request.method == "POST":
            return _decided(request, upload)
        return _show(page, request, "preview", upload=upload, **import_shown.preview(upload, request))
    if upload.state == Upload.State.DONE:
        return _show(page, request, "result", upload=upload, **import_shown.result(upload))
    return _show(page, request, "failed", upload=upload)


def _decided(request: HttpRequest, upload: Upload) -> HttpResponse:
    """Keep the ticks of the page, then do what the button says."""
    uploads.approve(upload, _numbers(request, "shown"), _numbers(request, "approve"))
    do = request.POST.get("do", "")
    if do in ("tick_all", "tick_none"):
        uploads.approve_all(upload, do == "tick_all")
    if do.startswith("page:"):
        query = f"?show=live&page={do.removeprefix('page:')}"
        return redirect(reverse("admin:faq_entry_import_step", args=[upload.pk]) + query)
    if do == "store" and uploads.begin(upload):
        upload.refresh_from_db()
        _work(upload, upload.total <= FEW_ROWS)
    return _to(upload)


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [int(each) for each in request.POST.getlist(name) if each.isdecimal()]


def columns(page: Page, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask what each column is; a POST has the file read so."""
    upload = _upload(request, pk)
    if not upload.mapping:
        return _to(upload)
    tables = uploads.tables_of(upload)
    known = restored_mapping(upload.mapping)
    wanted = request.POST.get("sheet") or request.GET.get("sheet") or str(known.sheet)
    number = int(wanted) if wanted.isdecimal() and int(wanted) < len(tables.sheets) else known.sheet
    sheet = tables.sheets[number]
    mapping = known if number == known.sheet else guess(sheet, number)
    form = MappingForm(sheet, number, mapping, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            uploads.confirm_mapping(upload, form.mapping())
        except Unreadable as error:
            form.add_error(None, str(error))
        else:
            _work(upload, len(upload.content) <= SMALL_FILE // 4)  # a table shrinks to about a quarter
            return _to(upload)
    return _show(page, request, "columns", upload=upload, form=form, tables=tables, number=number)


def progress(page: Page, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return how far an upload is, going on with it when no worker does."""
    upload = _upload(request, pk)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    uploads.stand_in(upload.pk, STEP_S)
    upload.refresh_from_db()
    return JsonResponse({"state": upload.state, "done": upload.done, "total": upload.total})


def rows(page: Page, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the rows of an upload as a file."""
    upload = _upload(request, pk)
    only = request.GET.get("only", "")
    text = import_shown.rows_csv(upload, only)
    name = f"import-{only}.csv" if only in (*import_shown.GROUPS, import_shown.REFUSED) else "import.csv"
    return _file(text.encode(), name, "text/csv; charset=utf-8")


def sample(page: Page, request: HttpRequest, kind: str) -> HttpResponse:
    """Return a file that shows how one looks."""
    if kind == "xlsx":
        return _file(import_shown.sample_xlsx(), "sample.xlsx", _XLSX)
    return _file(import_shown.sample_csv().encode(), "sample.csv", "text/csv; charset=utf-8")


def _file(data: bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(
        data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
