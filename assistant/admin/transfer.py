"""Transfer tests: order one, watch it, stop it, read what passed, and hold it beside another run."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.sites import UnfoldAdminSite
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from assistant.admin.transfer_view import by_route, run_line, run_view
from assistant.trials import transfer_plans, transferring
from assistant.trials.transfer_plans import DESK, MODEL, MOST_TIMES, ROUTE, CannotTest
from common.clock import now
from common.money import to_pico, usd
from routing import publishing, transfer_runs
from routing.admin.base import one_by_one
from routing.config import Config, ConfigError
from routing.models import TransferCase, TransferRun
from routing.providers import registry
from routing.transfer_runs import Order

LOOK, START = "routing.view_transferrun", "routing.start_transferrun"
SHOWN = 30  # runs in the list, newest first
DRAFT = "draft"
UNDER_WAY = "You have ordered exactly this test already; it is under way."
NO_BROKER = "Redis does not answer just now. The test is stored and begins when it is back."


class StartForm(forms.Form):
    """What is tested, under which configuration, how often, for how much."""

    target = forms.ChoiceField(label="Test", widget=UnfoldAdminSelectWidget())
    on = forms.ChoiceField(
        label="A model on the route",
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text="With that route's cases, prompt and limits. A route that asks for a passing test wants "
        "one of the model on it.",
    )
    configuration = forms.ChoiceField(
        label="Rules and routes",
        choices=[("", "As published"), (DRAFT, "The draft")],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    n = forms.IntegerField(
        label="Times each",
        min_value=1,
        max_value=MOST_TIMES,
        initial=3,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    cap = forms.DecimalField(
        label="Costs at most, USD",
        min_value=Decimal(0),
        max_value=Decimal(1000),
        max_digits=8,
        decimal_places=4,
        initial=Decimal("0.50"),
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text="Held before each call. The day's budget for tests holds as well.",
    )
    judge = forms.ChoiceField(
        label="Judge",
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text="Answers the judge questions of cases that have one; without it these do not pass.",
    )

    def __init__(self, config: Config, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        routes = [(each.slug, each.name) for each in config.routes.values() if each.kind == "model"]
        usable = [each for each in config.models.values() if registry.configured(each) is None]
        usable = [each for each in usable if each.retires_on is None or each.retires_on > now().date()]
        models = sorted(((each.id, each.label or each.id) for each in usable), key=lambda pair: pair[1])
        _choose(self, "target", [
            (DESK, "Everything, as visitors are answered"),
            ("A route's ladder", [(f"{ROUTE}:{slug}", name) for slug, name in routes]),
            ("One model", [(f"{MODEL}:{key}", label) for key, label in models]),
        ])  # fmt: skip
        _choose(self, "on", [("", "All, each case on its own"), *routes])
        _choose(self, "judge", [("", "Nobody"), *models])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("on") and not str(cleaned.get("target", "")).startswith(f"{MODEL}:"):
            self.add_error("on", "Only for a test of one model.")
        return cleaned

    def order(self) -> Order:
        """Return the order that the form makes. Raises CannotTest and ConfigError."""
        data = self.cleaned_data
        kind, _, name = data["target"].partition(":")
        return transfer_plans.build(
            kind,
            n=data["n"],
            cap_pico=to_pico(data["cap"]),
            model=name if kind == MODEL else "",
            route=name if kind == ROUTE else data["on"],
            judge=data["judge"],
            draft=data["configuration"] == DRAFT,
        )


def _choose(form: forms.Form, name: str, choices: Iterable[Any]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = list(choices)


def overview(request: HttpRequest) -> HttpResponse:
    """Show the runs and the form; a sent one is priced, or begun."""
    if not request.user.has_perm(LOOK):
        raise PermissionDenied
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Transfer tests",
        "cases": TransferCase.objects.filter(active=True).count(),
        "runs": [run_line(run) for run in TransferRun.objects.defer("draft")[:SHOWN]],
        "sandbox": registry.sandbox_active(),
    }
    if request.user.has_perm(START):
        begun = _start(request, context)
        if begun is not None:
            return begun
    elif request.method == "POST":
        raise PermissionDenied
    return TemplateResponse(request, "admin/desk/transfer.html", context)


def _start(request: HttpRequest, context: dict[str, Any]) -> HttpResponse | None:
    """Put form and estimate into the page; begin the run when that is sent."""
    try:
        publishing.refresh()
        config = publishing.current()
    except ConfigError as error:
        context["problem"] = str(error)
        return None
    asked = request.POST if request.method == "POST" else None
    form = StartForm(
        config, asked, initial={"target": request.GET.get("target"), "on": request.GET.get("on")}
    )
    context["form"] = form
    if asked is None or not form.is_valid():
        return None
    try:
        order = form.order()
    except (CannotTest, ConfigError) as error:
        context["problem"] = str(error)
        return None
    context["estimate"] = _estimate(order)
    if "start" not in request.POST:
        return None
    by = request.user.get_username()
    with one_by_one(request):
        open_run = transfer_runs.under_way(order, by)
        run = open_run or transfer_runs.order(order, by)
    if open_run is not None:
        messages.info(request, UNDER_WAY)
    elif not transferring.hand_over(run):
        messages.warning(request, NO_BROKER)
    return redirect(reverse("admin:transfer_run", args=[run.pk]))


def _estimate(order: Order) -> str:
    cases = "1 case" if len(order.cases) == 1 else f"{len(order.cases)} cases"
    most = order.estimate_pico or 0
    short = "" if most <= order.cap_pico else " It may stop at the cap before its end."
    return f"{cases}, {order.n} times each: at most {usd(most)} when no call is repeated.{short}"


def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a run, case by case, and beside it the run that `with` names."""
    if not request.user.has_perm(LOOK):
        raise PermissionDenied
    run = get_object_or_404(TransferRun.objects.defer("draft"), pk=pk)
    chosen = request.GET.get("with", "")
    others = TransferRun.objects.exclude(pk=run.pk).defer("draft", "cases")
    other = others.filter(pk=int(chosen)).first() if chosen.isdecimal() else None
    context = {
        **admin.site.each_context(request),
        "title": f"Transfer test {run.pk}",
        "run": run_view(run, other, now()),
        "routes": by_route(run),
        "other": other,
        "others": [run_line(each) for each in others[:SHOWN]],
        "may_stop": request.user.has_perm(START),
        "kept": _kept(request, run),
    }
    return TemplateResponse(request, "admin/desk/transfer_run.html", context)


def _kept(request: HttpRequest, run: TransferRun) -> set[int]:
    """Return the numbers of the run's cases that still are and that the user may look at."""
    if not request.user.has_perm("routing.view_transfercase"):
        return set()
    asked = [case.id for case in transfer_runs.cases_of(run)]
    return set(TransferCase.objects.filter(pk__in=asked).values_list("pk", flat=True))


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End an open run."""
    if not request.user.has_perm(START):
        raise PermissionDenied
    run = get_object_or_404(TransferRun, pk=pk)
    if transfer_runs.stop(run, request.user.get_username(), now()):
        messages.success(request, "Stopped. What was answered so far stays.")
    else:
        messages.info(request, "It had ended already.")
    return redirect(reverse("admin:transfer_run", args=[pk]))


def urls(site: UnfoldAdminSite) -> list[URLPattern]:
    """Return the addresses of these pages."""
    from assistant.admin.transfer_cases import case_from_try

    return [
        path("transfer/", site.admin_view(overview), name="transfer"),
        path("transfer/<int:pk>/", site.admin_view(show), name="transfer_run"),
        path("transfer/<int:pk>/stop/", site.admin_view(stop), name="transfer_stop"),
        path("transfer/case/", site.admin_view(case_from_try), name="transfer_case_from_try"),
    ]
