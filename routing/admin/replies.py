"""The replies behind a figure: their list, one reply's receipt in figures, and the list as CSV.

Nothing of it holds a word of a visitor; who may read conversations gets a link to them.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from common import clock
from common.money import usd
from routing import desk
from routing.admin.calls import milliseconds, tokens
from routing.asked_replies import SLOW_WORDS, Asked, asked, kind_labels, span_words
from routing.definitions import RESOLUTIONS
from routing.level_words import duration
from routing.models import CatalogueModel, ModelCall, Route, RouteOutcome
from routing.reply_list import STATES, Key, page
from routing.reply_rows import csv_parts
from routing.tally import resolution

PERMISSION = "routing.view_metrics"
READ = "assistant.view_conversation"
BADGES = {"completed": "good", "truncated": "warn", "failed": "bad", "refused": "warn"}


@dataclass(frozen=True)
class ReplyLine:
    """One reply of the list."""

    reply: RouteOutcome
    at: str
    route: str
    badge: str
    stands: str
    first_text: str
    total: str
    cost: str
    notes: tuple[str, ...]
    url: str


def allowed(request: HttpRequest) -> None:
    """Refuse who may not see the metrics. Raises PermissionDenied."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _notes(reply: RouteOutcome) -> tuple[str, ...]:
    said = {
        "stored answer": reply.cached,
        "fallback": reply.fallbacks > 0,
        "cut short": reply.truncated,
        "continued": reply.continued,
        "heavy at once": reply.escalated_before,
        "escalated": reply.escalated_after,
        "thumbs up": reply.feedback == 1,
        "thumbs down": reply.feedback == -1,
        "example": reply.purpose == "demo",
    }
    return tuple(words for words, holds in said.items() if holds)


def _line(reply: RouteOutcome, names: dict[str, str], tz: Any, reads: bool) -> ReplyLine:
    return ReplyLine(
        reply,
        f"{reply.ended_at.astimezone(tz):%d %b %Y, %H:%M:%S}",
        names.get(reply.route, reply.route),
        BADGES.get(reply.state, "plain"),
        RESOLUTIONS[resolution(reply)].label,
        milliseconds(reply.first_text_ms),
        milliseconds(reply.total_ms),
        usd(reply.cost_pico),
        _notes(reply),
        reverse("admin:reply" if reads else "admin:metrics_reply", args=[reply.reply_id]),
    )


def listed(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show a page of the replies asked for, the newest first."""
    allowed(request)
    found = asked(request.GET, clock.now())
    key = Key.read(request.GET.get("after", ""))
    rows, following = page(found.wanted, key)
    names = dict(Route.objects.values_list("slug", "name"))
    reads = request.user.has_perm(READ)
    shown = {
        **site.each_context(request),
        "title": "Replies",
        **_filters(found, names),
        "lines": [_line(reply, names, found.seen.tz, reads) for reply in rows],
        "reads": reads,
        "first_page": key is None,
        "query": found.query,
        "newest": f"?{found.query}",
        "older": f"?{found.query}&after={following}".replace("+", "%2B") if following else "",
        "back": f"{reverse('admin:metrics')}?{found.seen.choice.query()}",
    }
    return TemplateResponse(request, "admin/metrics_replies.html", shown)


def _filters(found: Asked, names: dict[str, str]) -> dict[str, Any]:
    choice, models = found.seen.choice, dict(CatalogueModel.objects.values_list("id", "label"))
    wanted, labels = found.wanted, kind_labels()
    said = [
        names.get(choice.route, choice.route),
        models.get(choice.model, choice.model),
        labels.get(wanted.kind, ""),
        wanted.state,
        f"plan {wanted.plan}" if wanted.plan else "",
        f"{SLOW_WORDS[wanted.slow]} {duration(wanted.over_ms)}" if wanted.slow else "",
        "" if choice.example else "without example traffic",
    ]
    return {
        "choice": choice,
        "wanted": wanted,
        "further": found.further,
        "span": span_words(wanted, found.seen),
        "tz": found.seen.tz.key,
        "date_error": found.seen.wrong,
        "said": [words for words in said if words],
        "route_options": _with(names, choice.route),
        "model_options": _with(models, choice.model),
        "state_options": [(state, state.capitalize()) for state in STATES],
        "kind_options": list(labels.items()),
        "slow_options": list(SLOW_WORDS.items()),
    }


def _with(known: dict[str, str], one: str) -> list[tuple[str, str]]:
    return list({**known, **({one: known.get(one, one)} if one else {})}.items())


def receipt(site: AdminSite, request: HttpRequest, reply_id: UUID) -> HttpResponse:
    """Show one reply in figures: its route, its times, and what was asked of which model."""
    allowed(request)
    reply = RouteOutcome.objects.filter(reply_id=reply_id).first()
    if reply is None:
        raise Http404("The figures of this reply are gone.")
    calls = ModelCall.objects.filter(reply_id=reply_id).order_by("attempt", "started_at")
    names = dict(Route.objects.values_list("slug", "name"))
    tz = desk.zone(desk.settings())
    reads = request.user.has_perm(READ)
    shown = {
        **site.each_context(request),
        "title": "A reply in figures",
        "line": _line(reply, names, tz, reads),
        "facts": _facts(reply, tz),
        "attempts": [_attempt(call) for call in calls.defer("partial_output", "error_detail", "finish_raw")],
        "conversation": reverse("admin:reply", args=[reply_id]) if reads else "",
    }
    return TemplateResponse(request, "admin/metrics_reply.html", shown)


def _facts(reply: RouteOutcome, tz: Any) -> list[tuple[str, str]]:
    support = "not known" if reply.support is None else f"{reply.support * 100:.0f} %"
    return [
        ("Ended", f"{reply.ended_at.astimezone(tz):%d %b %Y, %H:%M:%S} ({tz.key})"),
        ("Tier", reply.get_tier_display()),
        ("Model", reply.answering_model or "none"),
        ("Queueing", milliseconds(reply.queue_ms)),
        ("FAQ matching", milliseconds(reply.match_ms)),
        ("First text", milliseconds(reply.first_text_ms)),
        ("Total", milliseconds(reply.total_ms)),
        ("Input tokens", tokens(reply.input_tokens)),
        ("Output tokens", tokens(reply.output_tokens)),
        ("Cost", usd(reply.cost_pico)),
        ("On the heavy model alone", usd(reply.heavy_cost_pico)),
        ("Stands in its passages", support),
        ("Plan", reply.plan or "none"),
        ("Rules version", str(reply.config_number or "–")),
        ("Instructions", reply.prompt_version or "–"),
    ]


def _attempt(call: ModelCall) -> dict[str, str]:
    """Return one request to a model; what the provider wrote about it may quote the visitor and stays out."""
    ended = "Running" if call.ended_at is None else call.error_class or call.finish_reason or "Ended"
    return {
        "number": str(call.attempt),
        "model": call.answering_model or call.asked_model,
        "cause": call.get_cause_display(),
        "ended": ended.replace("_", " "),
        "mark": "bad" if call.error_class else "warn" if call.truncated else "plain",
        "first_text": milliseconds(call.first_text_ms),
        "took": milliseconds(call.duration_ms),
        "tokens": f"{tokens(call.input_tokens)} / {tokens(call.output_tokens)}",
        "cost": usd(call.cost_pico),
    }


def exported(request: HttpRequest) -> StreamingHttpResponse:
    """Send the replies asked for as CSV, a part at a time."""
    allowed(request)
    found = asked(request.GET, clock.now())
    parts = csv_parts(found.wanted)
    # A plain iterator would be read whole before its first byte leaves an asynchronous server.
    content = _later(parts) if isinstance(request, ASGIRequest) else parts
    answer = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    day = f"{found.wanted.start.astimezone(found.seen.tz):%Y-%m-%d}"
    answer["Content-Disposition"] = f'attachment; filename="replies-{day}.csv"'
    return answer


async def _later(parts: Iterator[str]) -> AsyncIterator[str]:
    step = sync_to_async(partial(next, parts, None))
    while (part := await step()) is not None:
        yield part
