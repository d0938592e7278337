"""The page "FAQ confidence": how sure the FAQ is in each language, who may make it surer, and shadow mode."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from common.clock import now
from faq import calibrating, calibration_runs, calibration_state, notices, switches
from faq.calibration_state import LanguageState
from faq.calibration_words import ROWS, advice, columns, percent, traffic_told
from faq.engine_models import Calibration as Stored
from faq.engine_models import CalibrationRun, FaqSettings
from faq.refitting import LEAST_REVIEWED

SEE = "faq.view_calibration"
CALIBRATE = "faq.change_calibration"
SWITCH = "faq.change_faqsettings"

SHADOW_SHOWN = 20
SWITCHES_SHOWN = 12
KEPT_SHOWN = 8
RELOAD_S = 3  # while a calibration runs; it takes seconds to minutes

View = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Table:
    """Figures of the calibrations that were compared, a row a figure."""

    titles: list[str]
    rows: list[tuple[str, list[str]]]
    traffic: str
    advice: str


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the page and of its buttons."""
    at = partial(_guarded, site)
    return [
        at("faq-confidence/", confidence, "faq_confidence", SEE),
        at("faq-confidence/calibrate/", calibrate, "faq_confidence_calibrate", CALIBRATE),
        at("faq-confidence/use/", use, "faq_confidence_use", CALIBRATE),
        at("faq-confidence/use-none/", use_none, "faq_confidence_use_none", CALIBRATE),
        at("faq-confidence/settings/", change_settings, "faq_confidence_settings", SWITCH),
    ]


def _guarded(site: AdminSite, route: str, view: View, name: str, permission: str) -> URLPattern:
    def allowed(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return view(request)

    return path(route, site.admin_view(allowed), name=name)


# --- the page ---------------------------------------------------------------------------------------


@require_GET
def confidence(request: HttpRequest) -> HttpResponse:
    """Show everything; while a calibration runs, the page loads itself again."""
    states = calibration_state.languages()
    settings = calibrating.settings()
    shadow = settings.mode == FaqSettings.Mode.SHADOW
    return TemplateResponse(
        request,
        "faq/confidence.html",
        {
            **admin.site.each_context(request),
            "title": "FAQ confidence",
            "languages": [_language(state) for state in states],
            "needed": LEAST_REVIEWED,
            "days": calibration_state.DAYS,
            "settings": settings,
            "shadow": calibration_state.shadow(SHADOW_SHOWN) if shadow else None,
            "modes": FaqSettings.Mode,
            "wanted_percent": round(100 * settings.wanted_precision, 1),
            "least_percent": 100 * calibrating.LEAST_WANTED,
            "most_percent": 100 * calibrating.MOST_WANTED,
            "why_lexical": notices.why_lexical(),
            "switches": switches.switches(SWITCHES_SHOWN),
            "may_calibrate": request.user.has_perm(CALIBRATE),
            "may_switch": request.user.has_perm(SWITCH),
            "reload_s": RELOAD_S if any(_active(state.run) for state in states) else 0,
            "review_url": _review_url(request),
            "may_read": request.user.has_perm("faq.view_askedquestion"),
        },
    )


def _language(state: LanguageState) -> dict[str, Any]:
    run = state.run
    shown = state.active if state.kind == calibration_state.OWN else None
    return {
        "state": state,
        "left_out": [(count, reason) for reason, count in state.reviewed.left_out.items() if count],
        "table": _table(shown) if shown else None,
        "run": run,
        "run_active": _active(run),
        "run_silent": bool(run and _active(run) and run.moved_at < now() - calibration_runs.SILENT_FOR),
        "run_table": _table(run.calibration) if run and run.calibration else None,
        "kept": [
            (row, calibrating.unfit(row, calibration_state.semantic())) for row in state.kept[:KEPT_SHOWN]
        ],
    }


def _table(calibration: Stored) -> Table:
    report = calibration.report
    compared = columns(report["figures"])
    return Table(
        titles=[title for title, _ in compared],
        rows=[(name, [cells[place] for _, cells in compared]) for place, name in enumerate(ROWS)],
        traffic=traffic_told(report["traffic"]),
        advice=advice(report["figures"], calibration.wanted_precision),
    )


def _active(run: CalibrationRun | None) -> bool:
    return run is not None and run.state in CalibrationRun.OPEN


def _review_url(request: HttpRequest) -> str:
    """Return where questions are judged, "" for those who may not."""
    return (
        reverse("admin:faq_askedquestion_changelist")
        if request.user.has_perm("faq.view_askedquestion")
        else ""
    )


# --- its buttons ------------------------------------------------------------------------------------


def _back(request: HttpRequest, problem: str = "", done: str = "") -> HttpResponse:
    if problem:
        messages.error(request, problem)
    if done:
        messages.success(request, done)
    return redirect("admin:faq_confidence")


@require_POST
def calibrate(request: HttpRequest) -> HttpResponse:
    """Order a calibration of one language; it is put into use by another press."""
    language = calibrating.main_language(request.POST.get("language", ""))
    wanted = calibrating.settings().wanted_precision
    try:
        calibration_runs.order(language, wanted, activate=False, by=request.user.get_username())
    except calibration_runs.Refused as problem:
        return _back(request, str(problem))
    return _back(request)


@require_POST
def use(request: HttpRequest) -> HttpResponse:
    """Put a stored calibration into use: a new one, or an older one again."""
    key = request.POST.get("calibration", "")
    row = get_object_or_404(Stored, pk=int(key) if key.isdecimal() else 0)
    problem = calibrating.unfit(row, calibration_state.semantic())
    if problem:
        return _back(request, f"Calibration {row.pk} cannot be used: {problem}.")
    calibrating.use(row, request.user.get_username())
    return _back(request, done=f"Calibration {row.pk} is in use: every process follows within a second.")


@require_POST
def use_none(request: HttpRequest) -> HttpResponse:
    """Go back to what is shipped."""
    language = calibrating.main_language(request.POST.get("language", ""))
    if not calibrating.use_none(language, request.user.get_username()):
        return _back(request, "Nothing was changed: no calibration was in use.")
    english = language == calibrating.SHIPPED_FOR
    then = "The shipped coefficients are in use again." if english else "Only exact hits are answered now."
    return _back(request, done=then)


@require_POST
def change_settings(request: HttpRequest) -> HttpResponse:
    """Switch shadow mode, or change the wanted precision, whichever was sent."""
    values: dict[str, Any] = {}
    if "mode" in request.POST:
        values["mode"] = request.POST["mode"]
    if "wanted" in request.POST:
        try:
            values["wanted_precision"] = round(float(request.POST["wanted"].replace(",", ".")) / 100, 4)
        except ValueError:
            return _back(request, "Give the wanted precision as a number of per cent, such as 95.")
    try:
        row = calibrating.change_settings(**values)
    except ValidationError as problem:
        return _back(request, " ".join(problem.messages))
    if "mode" not in values:
        return _back(
            request, done=f"{percent(row.wanted_precision)} is wanted: the next calibration aims at it."
        )
    if row.mode == FaqSettings.Mode.SHADOW:
        return _back(request, done="The FAQ only watches now: every process follows within a second.")
    return _back(request, done="The FAQ answers again: every process follows within a second.")
