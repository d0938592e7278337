"""The public pages: the chat, the two buttons on it that are forms, and the health checks."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST, require_safe

from assistant import page_language, visitors
from assistant.callers import from_this_machine
from assistant.models import AssistantSettings, Visitor
from assistant.readiness import all_checks, own_checks
from assistant.settings_snapshot import as_snapshot
from common import example
from routing.providers.registry import sandbox_active

# The example's plans as its visitors read them; "" is somebody who has not signed in.
EXAMPLE_PLANS = (
    ("", _("Guest")),
    ("free", _("Free plan")),
    ("pro", _("Pro plan (paid)")),
    ("studio", _("Studio plan (paid)")),
)


def _is_example() -> bool:
    return bool(settings.ENV.debug) and example.wanted()


def _plan_of(visitor: visitors.VisitorCookie) -> str:
    """Return the plan of the visitor's row, or of the cookie while there is no row."""
    stored = Visitor.objects.filter(pk=visitor.id).values_list("plan", flat=True).first()
    return visitor.plan if stored is None else stored


@never_cache
@ensure_csrf_cookie
@require_safe
def chat(request: HttpRequest) -> HttpResponse:
    """Show the chat page and let the browser remember who it is."""
    known = visitors.visitor_of(request)
    visitor = known or visitors.new_visitor()
    desk = AssistantSettings.objects.first() or AssistantSettings()
    context = {
        "desk": desk,
        "first_visit": known is None,
        **page_language.words_of(page_language.known_language(request), as_snapshot(desk)),
        "plans": EXAMPLE_PLANS if _is_example() else (),
        "plan": _plan_of(visitor),
        "sandbox": sandbox_active(),
        "ended": "ended" in request.GET,
        "deleted": "deleted" in request.GET,
    }
    response = render(request, "chat.html", context)
    visitors.remember(response, visitor)
    return response


@require_POST
def end_chat(request: HttpRequest) -> HttpResponse:
    """Forget the visitor on this browser, as somebody on a shared computer wants it."""
    response = HttpResponseRedirect(f"{reverse('chat')}?ended")
    visitors.forget(response)
    return response


@require_POST
def example_plan(request: HttpRequest) -> HttpResponse:
    """Let the example's visitor come back on another plan; exists in the example only."""
    plan = request.POST.get("plan", "")
    if not _is_example() or plan not in dict(EXAMPLE_PLANS):
        raise Http404("no such plan")
    visitor = visitors.visitor_of(request) or visitors.new_visitor()
    Visitor.objects.filter(pk=visitor.id).update(plan=plan)
    response = HttpResponseRedirect(reverse("chat"))
    visitors.remember(response, visitors.VisitorCookie(visitor.id, plan))
    return response


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as this process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when a visitor would be served well here, else 503, with every check.

    With `?of=process` only what this process can do better or worse than its neighbours counts: for a
    balancer. What is wrong in detail is for programs on this machine; a stranger reads only which part.
    """
    checks = own_checks() if request.GET.get("of") == "process" else all_checks()
    ready, here = all(check.ok for check in checks), from_this_machine(request)
    body = {
        "ready": ready,
        "checks": {
            check.name: {"ok": check.ok, "detail": check.detail} if here else {"ok": check.ok}
            for check in checks
        },
    }
    return JsonResponse(body, status=200 if ready else 503)
