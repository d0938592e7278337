"""The pages "What people ask" and "Old questions": flows, what they cost, and which lack an entry."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from assistant.admin import flow_tables
from assistant.admin.flow_forms import ColumnsForm, QuestionFileForm
from assistant.example.old_questions import FILE as EXAMPLE
from assistant.flow_models import FlowRun, QuestionFile
from assistant.flows import counting, question_files
from assistant.flows.shown import View as FlowView
from assistant.flows.shown import assumed_from, view
from common import example as example_choice
from common.clock import now
from faq import claims
from faq.importing.asking import MOST_ROWS
from faq.importing.documents import MAX_BYTES, Unreadable
from faq.models import Work

FIGURES = "assistant.view_flow_figures"
TEXTS = "assistant.work_on_flows"

View = Callable[..., HttpResponse]


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of both pages, for the admin site's own list."""

    def at(route: str, name: str, page: View, right: str) -> URLPattern:
        return path(route, site.admin_view(_allowed(right, lambda *a, **k: page(site, *a, **k))), name=name)

    return [
        at("what-people-ask/", "flows", people, FIGURES),
        at("what-people-ask/count/", "flows_count", count_people, TEXTS),
        at("old-questions/", "old_questions", files, FIGURES),
        at("old-questions/example/", "old_questions_example", take_example, TEXTS),
        at("old-questions/sample.csv", "old_questions_sample", sample, TEXTS),
        at("old-questions/<uuid:pk>/", "old_questions_file", file, FIGURES),
        at("old-questions/<uuid:pk>/columns/", "old_questions_columns", columns, TEXTS),
        at("old-questions/<uuid:pk>/count/", "old_questions_count", count_file, TEXTS),
        at("old-questions/<uuid:pk>/delete/", "old_questions_delete", delete, TEXTS),
    ]


def _allowed(right: str, page: View) -> View:
    @wraps(page)
    def checked(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        if not request.user.has_perm(right):
            raise PermissionDenied
        return page(request, *args, **options)

    return checked


def _show(site: AdminSite, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
    shared = {**site.each_context(request), "may_work": request.user.has_perm(TEXTS)}
    return TemplateResponse(request, f"admin/desk/{template}.html", {**shared, **context})


def _counted(request: HttpRequest, run: FlowRun | None) -> dict[str, Any]:
    """Return what a finished counting shows, nothing for none."""
    if run is None:
        return {}
    assumed, wrong = assumed_from(request.GET)
    found = view(run, assumed, texts=request.user.has_perm(TEXTS))
    return {
        "found": found,
        "wrong": wrong,
        **flow_tables.tables(found, request.user.has_perm("faq.add_entry")),
    }


def _open(run: FlowRun | None) -> dict[str, Any]:
    return {"open": run, "silent": run is not None and claims.silent(run, now())}


def _csv(found: FlowView) -> HttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="flows.csv"'}
    text = flow_tables.as_csv(found)
    return HttpResponse(text.encode(), content_type="text/csv; charset=utf-8", headers=headers)


# --- live traffic ----------------------------------------------------------------------------------


def people(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show what visitors have asked in the last days, as it was counted last."""
    days = _days(request.GET.get("days", ""))
    runs = FlowRun.objects.filter(file=None, days=days)
    done = runs.filter(state=Work.State.DONE).first()
    context = _counted(request, done)
    if context and request.GET.get("format") == "csv":
        return _csv(context["found"])
    return _show(
        site,
        request,
        "flows",
        title="What people ask",
        windows=counting.WINDOWS,
        days=days,
        run=done,
        failed=_failed(runs),
        **_open(runs.filter(state__in=Work.OPEN).first()),
        **context,
    )


def _failed(runs: Any) -> str:
    """Return why the newest counting failed; "" when it did not."""
    newest = runs.first()
    return str(newest.error) if newest is not None and newest.state == Work.State.FAILED else ""


def _days(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) in counting.WINDOWS else counting.WINDOWS[1]


def count_people(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Have a window of live traffic counted now."""
    return _post(request, lambda: _count_people(request))


def _count_people(request: HttpRequest) -> HttpResponse:
    days = _days(request.POST.get("days", ""))
    counting.order(request.user.get_username(), days=days)
    return redirect(f"{reverse('admin:flows')}?days={days}")


def _post(request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    return require_POST(lambda _: act())(request)


# --- old questions ---------------------------------------------------------------------------------


def files(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """List the files of old questions, and take another one."""
    may = request.user.has_perm(TEXTS)
    form = QuestionFileForm(request.POST, request.FILES) if request.method == "POST" else QuestionFileForm()
    if form.is_bound and not may:
        raise PermissionDenied
    if form.is_bound and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            taken = question_files.take(upload.read(), upload.name, request.user.get_username())
        except Unreadable as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:old_questions_columns", pk=taken.pk)
    listed = [
        _listed(each) for each in QuestionFile.objects.defer("table", "rows")[:50] if may or each.confirmed
    ]
    return _show(
        site,
        request,
        "old_questions",
        title="Old questions",
        form=form,
        files=listed,
        example=example_choice.wanted(),
        most_rows=f"{MOST_ROWS:,}",
        most_megabytes=MAX_BYTES // 2**20,
    )


def _listed(each: QuestionFile) -> dict[str, Any]:
    run = each.runs.first()
    state = (
        "columns to be confirmed" if not each.confirmed else run.get_state_display().lower() if run else ""
    )
    return {"file": each, "state": state}


def take_example(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Take the example's file and count it: one click to see what comes out."""
    return _post(request, lambda: _take_example(request))


def _take_example(request: HttpRequest) -> HttpResponse:
    by = request.user.get_username()
    taken = question_files.take(EXAMPLE.read_bytes(), EXAMPLE.name, by)
    question_files.confirm(taken, question_files.guessed(taken))
    counting.order(by, taken)
    return redirect("admin:old_questions_file", pk=taken.pk)


def sample(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Return the example's file, to see how one looks."""
    headers = {"Content-Disposition": f'attachment; filename="{EXAMPLE.name}"'}
    return HttpResponse(EXAMPLE.read_bytes(), content_type="text/csv; charset=utf-8", headers=headers)


def file(site: AdminSite, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a file where it is: its columns, its progress, its flows."""
    return require_GET(lambda _: _file(site, request, pk))(request)


def _file(site: AdminSite, request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(QuestionFile, pk=pk)
    if not found.confirmed and found.table is not None:
        return redirect("admin:old_questions_columns", pk=pk)
    done = found.runs.filter(state=Work.State.DONE).first()
    context = _counted(request, done)
    if context and request.GET.get("format") == "csv":
        return _csv(context["found"])
    return _show(
        site,
        request,
        "old_questions_file",
        title=found.name,
        file=found,
        told=question_files.told(found),
        run=done,
        failed=_failed(found.runs),
        **_open(found.runs.filter(state__in=Work.OPEN).first()),
        **context,
    )


def columns(site: AdminSite, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask what each column is; a POST reads the questions and has them counted."""
    found = get_object_or_404(QuestionFile, pk=pk)
    if found.table is None:
        return redirect("admin:old_questions_file", pk=pk)
    sheet = question_files.sheet_of(found)
    form = ColumnsForm(
        sheet, question_files.guessed(found), request.POST if request.method == "POST" else None
    )
    if form.is_bound and form.is_valid():
        try:
            question_files.confirm(found, form.chosen())
        except Unreadable as error:
            form.add_error(None, str(error))
        else:
            counting.order(request.user.get_username(), found)
            return redirect("admin:old_questions_file", pk=pk)
    rows = len(sheet.rows)
    return _show(site, request, "old_questions_columns", title=found.name, file=found, form=form, rows=rows)


def count_file(site: AdminSite, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have a file counted again, by the FAQ and the rules as they are now."""
    return _post(request, lambda: _count_file(request, get_object_or_404(QuestionFile, pk=pk)))


def _count_file(request: HttpRequest, found: QuestionFile) -> HttpResponse:
    if found.rows is None:
        messages.warning(request, "Its questions were deleted, so they cannot be counted again.")
    else:
        counting.order(request.user.get_username(), found)
    return redirect("admin:old_questions_file", pk=found.pk)


def delete(site: AdminSite, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a file: its questions, or with them all that was counted of it."""
    return _post(request, lambda: _delete(request, get_object_or_404(QuestionFile, pk=pk)))


def _delete(request: HttpRequest, found: QuestionFile) -> HttpResponse:
    if request.POST.get("what") == "texts" and found.confirmed:
        question_files.forget_texts([found.pk])
        messages.success(request, f"The questions of “{found.name}” are deleted. The figures stay.")
        return redirect("admin:old_questions_file", pk=found.pk)
    found.delete()
    messages.success(request, f"“{found.name}” is deleted with all that was counted of it.")
    return redirect("admin:old_questions")
