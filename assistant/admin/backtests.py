"""Backtests and shadow runs: order one, see what a draft would do to real questions, stop it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from assistant.admin import backtest_shown
from assistant.admin.backtest_forms import AnswerForm, BacktestForm, ShadowForm, TryForm
from assistant.backtest_models import BacktestRun
from assistant.backtested import KINDS, Counts
from assistant.predicting import expected
from assistant.trials import backtests, draft_answers, outlook, shadowing
from assistant.trials.backtest_words import percent
from assistant.trials.drafted import CannotTry, Wish, compared_with, put_together
from common.clock import now
from common.money import to_pico, usd
from faq import claims
from faq.drafter import hand_over
from faq.models import Work
from routing import snapshot
from routing.admin.base import one_by_one
from routing.config import ConfigError

VIEW, START = "assistant.view_backtestrun", "assistant.add_backtestrun"
LISTED, ROWS_A_PAGE = 30, 20
STATES = {
    Work.State.QUEUED: "info",
    Work.State.RUNNING: "info",
    Work.State.DONE: "good",
    Work.State.FAILED: "bad",
    Work.State.STOPPED: "plain",
}


def _may(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _to(run: BacktestRun) -> HttpResponse:
    return redirect(reverse("admin:backtest", args=[run.pk]))


def show_list(request: HttpRequest) -> HttpResponse:
    """Show the runs, the shadow run that is on, and the form for another one."""
    _may(request, VIEW)
    return _list(request, TryForm(), BacktestForm(), ShadowForm())


def _list(
    request: HttpRequest, what: TryForm, backtest: BacktestForm, shadow: ShadowForm, problem: str = ""
) -> HttpResponse:
    runs = list(BacktestRun.objects.defer("content", "edit")[:LISTED])
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Backtests",
        "runs": [_line(run) for run in runs],
        "shadowed": shadowing.active(),
        "may_start": request.user.has_perm(START),
        "what": what,
        "backtest": backtest,
        "shadow": shadow,
        "problem": problem,
    }
    return TemplateResponse(request, "admin/desk/backtests.html", context)


def _line(run: BacktestRun) -> dict[str, Any]:
    counts = Counts.load(run.counts)
    changed = f"{counts.changed:,} of {counts.n:,} change" if counts.n else ""
    return {"run": run, "look": STATES[Work.State(run.state)], "changed": changed}


def start(request: HttpRequest) -> HttpResponse:
    """Order a backtest, or begin a shadow run; what is wrong is told on the same page."""
    _may(request, START)
    wants_shadow = "shadow" in request.POST
    what = TryForm(request.POST)
    backtest = BacktestForm(None if wants_shadow else request.POST)
    shadow = ShadowForm(request.POST if wants_shadow else None)
    how: forms.Form = shadow if wants_shadow else backtest
    if not (what.is_valid() and how.is_valid()):
        return _list(request, what, backtest, shadow)
    by = request.user.get_username()
    try:
        if wants_shadow:
            run = _begin_shadow(what.wish(), shadow, by)
        else:
            run = _order(request, what.wish(), backtest.cleaned_data["n"])
    except CannotTry as refusal:
        return _list(request, what, backtest, shadow, str(refusal))
    return _to(run)


def start_draft(request: HttpRequest) -> HttpResponse:
    """Order a backtest of the draft of rules and routes, from the page that publishes it."""
    _may(request, START)
    try:
        return _to(_order(request, Wish(), backtests.DEFAULT))
    except CannotTry as refusal:
        messages.error(request, str(refusal))
        return redirect(reverse("admin:rule_set"))


def _order(request: HttpRequest, wish: Wish, wanted: int) -> BacktestRun:
    draft, by = put_together(wish), request.user.get_username()
    with one_by_one(request):
        open_run = backtests.under_way(draft, wanted, by)
        run = open_run or backtests.order(draft, wanted, by)
    if open_run is None:
        _hand_over(run)
    else:
        messages.info(request, "You have ordered exactly this backtest already; it is under way.")
    return run


def _begin_shadow(wish: Wish, form: ShadowForm, by: str) -> BacktestRun:
    data = form.cleaned_data
    return shadowing.start(put_together(wish), data["share"], form.until(), by, answers=data["answers"])


def _hand_over(run: BacktestRun) -> None:
    def told() -> None:
        try:
            hand_over(backtests.TASK, str(run.uuid))
        except OperationalError:
            return  # beat finds the row

    transaction.on_commit(told)


def show_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a draft does to questions, and the questions themselves."""
    _may(request, VIEW)
    run = get_object_or_404(BacktestRun, pk=pk)
    return _run_page(request, run, AnswerForm())


def _run_page(request: HttpRequest, run: BacktestRun, form: AnswerForm) -> HttpResponse:
    wanted = {name: request.GET.get(name, "")[:40] for name in ("change", "from", "to")}
    page = Paginator(_chosen(run, wanted), ROWS_A_PAGE).get_page(request.GET.get("page"))
    is_open = run.state in Work.OPEN
    pending = draft_answers.pending(run).count() if not is_open and run.kind == "backtest" else 0
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": run.get_kind_display(),
        "run": run,
        "look": STATES[Work.State(run.state)],
        "open": is_open,
        "silent": is_open and run.kind == "backtest" and claims.silent(run, now()),
        "share": percent(run.share / 100),
        "spent": usd(run.cost_pico or 0),
        "may_start": request.user.has_perm(START),
        "may_read": request.user.has_perm(backtest_shown.TEXTS),
        "rows": backtest_shown.rows(request, list(page)),
        "page": page,
        "filtered": any(wanted.values()),
        "filter": urlencode({name: value for name, value in wanted.items() if value}),
        "change": wanted["change"],
        "answer_form": form,
        "pending": pending,
        "about": _about(run) if pending else "",
        **backtest_shown.figures(run),
    }
    return TemplateResponse(request, "admin/desk/backtest.html", context)


def _chosen(run: BacktestRun, wanted: dict[str, str]) -> Any:
    rows = run.rows.exclude(change="")
    if wanted["change"] in KINDS:
        rows = rows.filter(change=wanted["change"])
    if wanted["from"] and wanted["to"]:
        rows = rows.filter(before_route=wanted["from"], after_route=wanted["to"])
    return rows


def _about(run: BacktestRun) -> str:
    """Return what one answer is expected to cost on the routes that the rows go to, in words."""
    ways = draft_answers.pending(run).order_by().values_list("after_route", "after_model").distinct()
    try:
        after = snapshot.load(0, run.content_sha, run.content)
        known = outlook.known(compared_with(run.config_number))
    except (CannotTry, ConfigError):
        return ""
    found = [expected(f"{route}|{model}", known, after) for route, model in ways]
    costs = [each.cost for each in found if each.cost is not None]
    if not costs or len(costs) < len(found):
        return "What an answer costs is not known for every model."
    low, high = usd(round(min(costs))), usd(round(max(costs)))
    return f"One answer is expected to cost {low if low == high else f'{low} to {high}'}."


def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a run that is open."""
    _may(request, START)
    run = get_object_or_404(BacktestRun, pk=pk)
    if backtests.stop(run, shadowing.BY_HAND.format(request.user.get_username())):
        messages.success(request, "Stopped. What it has counted stays.")
    return _to(run)


def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Have some of the changed questions answered by the draft's models."""
    _may(request, START)
    run = get_object_or_404(BacktestRun, pk=pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _run_page(request, run, form)
    if draft_answers.order(run, form.cleaned_data["count"], to_pico(form.cleaned_data["cap"])):
        _hand_over(run)
    else:
        messages.error(request, "There is nothing to be answered, or the run goes on still.")
    return _to(run)


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of these pages."""

    def at(route: str, view: Any, name: str) -> URLPattern:
        found: URLPattern = path(f"backtests/{route}", site.admin_view(view), name=name)
        return found

    return [
        at("", require_GET(show_list), "backtests"),
        at("start/", require_POST(start), "backtest_start"),
        at("start-draft/", require_POST(start_draft), "backtest_draft"),
        at("<int:pk>/", require_GET(show_run), "backtest"),
        at("<int:pk>/stop/", require_POST(stop), "backtest_stop"),
        at("<int:pk>/answer/", require_POST(answer), "backtest_answer"),
    ]
