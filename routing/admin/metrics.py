"""The managers' page: what each route costs, how fast it is, and whether it keeps its targets."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from common import clock
from common import example as example_choice
from routing import chosen, example
from routing.admin import kept, replies
from routing.admin.metrics_context import context
from routing.admin.replies import allowed
from routing.figures_json import plain, take


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the figures of the period asked for."""
    allowed(request)
    shown = {**site.each_context(request), "title": "Metrics", **context(request)}
    return TemplateResponse(request, "admin/metrics.html", shown)


def figures_json(request: HttpRequest) -> HttpResponse:
    """Answer the figures of the period asked for as JSON."""
    allowed(request)
    now = clock.now()
    taken = take(chosen.at(request.GET, now), now)
    answer = JsonResponse(plain(taken), json_dumps_params={"indent": 2})
    day = f"{taken.seen.period.start.astimezone(taken.seen.tz):%Y-%m-%d}"
    answer["Content-Disposition"] = f'attachment; filename="figures-{day}.json"'
    return answer


def progress(request: HttpRequest) -> HttpResponse:
    """Answer how far the example traffic is, for the page's script."""
    allowed(request)
    run = example.state()
    return JsonResponse(
        {
            "running": example.running(run, clock.now()),
            "played": run.played,
            "wanted": run.wanted,
            "note": run.note,
        }
    )


def play(request: HttpRequest) -> HttpResponse:
    """Have the worker play the example traffic."""
    allowed(request)
    if not example_choice.wanted():
        raise PermissionDenied
    try:
        begun = example.ask(example.DEFAULT_N, clock.now())
    except OperationalError:
        example.end(clock.now())
        messages.error(request, "The worker's queue cannot be reached, so nothing was played. Is Redis up?")
    else:
        if not begun:
            messages.info(request, "Example traffic is already being played.")
    return HttpResponseRedirect(reverse("admin:metrics"))


def remove(request: HttpRequest) -> HttpResponse:
    """Take the example traffic out of the figures again."""
    allowed(request)
    removed = example.remove()
    messages.success(request, f"Removed the figures of {removed:,} example replies.")
    try:
        example.remove_conversations()
    except OperationalError:
        messages.warning(
            request,
            "The worker's queue cannot be reached, so the example's conversations are still there: remove "
            "them with `manage.py demo_traffic --remove`.",
        )
    return HttpResponseRedirect(reverse("admin:metrics"))


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the page, for the admin site's own list."""
    return [
        path("metrics/", site.admin_view(require_GET(lambda request: page(site, request))), name="metrics"),
        path("metrics/figures.json", site.admin_view(require_GET(figures_json)), name="metrics_json"),
        path(
            "metrics/replies/",
            site.admin_view(require_GET(lambda request: replies.listed(site, request))),
            name="metrics_replies",
        ),
        path("metrics/replies.csv", site.admin_view(require_GET(replies.exported)), name="metrics_csv"),
        path(
            "metrics/replies/<uuid:reply_id>/",
            site.admin_view(require_GET(lambda request, reply_id: replies.receipt(site, request, reply_id))),
            name="metrics_reply",
        ),
        path("metrics/views/", site.admin_view(require_POST(kept.save)), name="metrics_view_save"),
        path(
            "metrics/views/<int:pk>/delete/",
            site.admin_view(require_POST(kept.delete)),
            name="metrics_view_delete",
        ),
        path("metrics/reports/", site.admin_view(require_POST(kept.order)), name="metrics_report_order"),
        path(
            "metrics/reports/<int:pk>/stop/",
            site.admin_view(require_POST(kept.cancel)),
            name="metrics_report_stop",
        ),
        path("metrics/example/", site.admin_view(require_GET(progress)), name="metrics_example"),
        path("metrics/example/play/", site.admin_view(require_POST(play)), name="metrics_play"),
        path("metrics/example/remove/", site.admin_view(require_POST(remove)), name="metrics_remove"),
    ]
