"""How well visitors are understood: columns of the list, a form's panel, the page of the whole FAQ."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from common.clock import now
from faq import calibrating, health_shown
from faq.admin.base import ModelAdmin, badge
from faq.expected import coverage
from faq.health import Outcome
from faq.health_models import EntryHealth
from faq.health_shown import USAGE_DAYS, grade
from faq.models import AskedQuestion, Entry, Phrasing

LOOKS = {"well": "good", "partly": "info", "poorly": "warn"}
OUTCOMES = {
    Outcome.RECOGNISED: ("good", "Answered by this entry"),
    Outcome.OFFERED: ("info", "Offered as a button"),
    Outcome.LOST: ("bad", "Lost to another entry"),
    Outcome.MISSED: ("plain", "A model answers"),
}


@dataclass(frozen=True)
class WayToAsk:
    """One way to ask with what becomes of it."""

    text: str
    look: str
    told: str
    rival: str
    url: str


@dataclass(frozen=True)
class Flag:
    """One thing to look at, with the list that shows it."""

    title: str
    figure: str
    text: str
    url: str
    kind: str = "plain"


class MeasuredList(ModelAdmin[Entry]):
    """Adds to the list of entries how well each is recognised and how visitors judged it."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        since = now() - timedelta(days=USAGE_DAYS)
        asked = AskedQuestion.objects.filter(created_at__gte=since, shown_entry=OuterRef("as_text"))
        rows: QuerySet[Entry] = super().get_queryset(request)
        return (
            rows.select_related("health")
            .annotate(as_text=Cast("pk", CharField(max_length=40)))
            .annotate(
                phrasing_count=_count(Phrasing.objects.filter(entry=OuterRef("pk")), "entry"),
                times=_count(asked, "shown_entry"),
                ups=_count(asked.filter(thumb=1), "shown_entry"),
                downs=_count(asked.filter(thumb=-1), "shown_entry"),
            )
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        """Find among the entries alone: telling rows apart by their counts would count for each of them."""
        if not search_term.strip():
            return queryset, False
        found, _ = super().get_search_results(request, Entry.objects.all(), search_term)
        return queryset.filter(pk__in=found.order_by().values("pk")), False

    @admin.display(description="Recognised", ordering="health__expected")
    def recognised(self, entry: Entry) -> SafeString | str:
        if entry.kind != Entry.Kind.ANSWER or entry.status != Entry.Status.PUBLISHED:
            return "–"
        held = _health(entry)
        if held is None:
            return badge("not measured yet", "plain", "The worker measures it within a minute or two.")
        word = grade(held.expected)
        title = (
            f"Of {held.texts} ways to ask, each asked by itself, {held.recognised} lead here, {held.offered} "
            f"would be offered as a button, {held.lost} lead to another entry."
        )
        shown = f"{held.recognised} of {held.texts}, {word}" if held.texts > 1 else f"one way to ask, {word}"
        small = (
            format_html('<span class="desk-sub">{} lost to another</span>', held.lost) if held.lost else ""
        )
        return format_html("{}{}", badge(shown, LOOKS[word], title), small)

    @admin.display(description="Shown lately", ordering="times")
    def shown_times(self, entry: Entry) -> SafeString | str:
        ups, downs = int(getattr(entry, "ups", 0)), int(getattr(entry, "downs", 0))
        times = int(getattr(entry, "times", 0))
        if not ups and not downs:
            return str(times)
        title = f"Visitors' thumbs in {USAGE_DAYS} days"
        thumbs = f"{ups} up, {downs} down"
        shown = badge(thumbs, "warn", title) if downs > ups else thumbs
        return format_html('{}<span class="desk-sub" title="{}">{}</span>', times, title, shown)


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    """Return how many rows an entry has; a join would make the list's count read all of them."""
    times = rows.order_by().values(by).annotate(times=Count("*")).values("times")
    return Coalesce(Subquery(times, output_field=IntegerField()), 0)


def _health(entry: Entry) -> EntryHealth | None:
    return getattr(entry, "health", None)


# --- the panel on a form ----------------------------------------------------------------------------


def panel(entry: Entry) -> dict[str, Any]:
    """Return what the panel on an entry's form shows; nothing for an article, which nobody is shown."""
    if entry.kind != Entry.Kind.ANSWER or entry.status == Entry.Status.ARCHIVED:
        return {}
    held = EntryHealth.objects.filter(entry=entry).first()
    use = health_shown.use(entry)
    exact_only = _exact_only(entry, held)
    ways = entry.phrasings.count() + 1
    return {
        "health": {
            "held": held,
            "ways": _ways(held) if held else [],
            "counts": _counts(held) if held else [],
            "percent": round(100 * held.expected) if held else None,
            "grade": grade(held.expected) if held else "",
            "look": LOOKS[grade(held.expected)] if held else "",
            "edited": bool(held and held.texts != min(ways, 60)),
            "use": use,
            "lately": health_shown.lately(entry),
            "exact_only": exact_only,
            "next": health_shown.next_step(held, ways, use[-1], exact_only),
        }
    }


def _exact_only(entry: Entry, held: EntryHealth | None) -> bool:
    """Return whether its language is answered by exact wordings alone, for want of a calibration."""
    language = calibrating.main_language(entry.language)
    return language not in calibrating.calibrations(held.semantic if held else False)


def _ways(held: EntryHealth) -> list[WayToAsk]:
    keys = {int(row["rival"]) for row in held.rows if row["rival"]}
    rivals = Entry.objects.in_bulk(keys)
    found = []
    for row in held.rows:
        look, told = OUTCOMES[Outcome(row["outcome"])]
        rival = rivals.get(int(row["rival"])) if row["rival"] else None
        if row["outcome"] == Outcome.LOST:
            told = "Answered by" if row["shown"] else "Offered instead"
            look = "bad" if row["shown"] else "warn"
        url = reverse("admin:faq_entry_change", args=[rival.pk]) if rival else ""
        found.append(WayToAsk(row["text"], look, told, rival.question if rival else "", url))
    return found


def _counts(held: EntryHealth) -> list[tuple[int, str]]:
    missed = held.texts - held.recognised - held.offered - held.lost
    rows = (
        (held.recognised, "lead to this answer"),
        (held.offered, "would be offered as a button"),
        (held.lost, "lead to another entry"),
        (missed, "go to a model"),
    )
    return [(count, told) for count, told in rows if count]


# --- the page of the whole FAQ ----------------------------------------------------------------------


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the page."""

    def allowed(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("faq.view_entry"):
            raise PermissionDenied
        return page(request)

    return [path("faq-health/", site.admin_view(allowed), name="faq_health")]


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show how well the whole FAQ is recognised, and what is to be looked at."""
    seen = health_shown.overview()
    return TemplateResponse(
        request,
        "faq/health.html",
        {
            **admin.site.each_context(request),
            "title": "FAQ health",
            "seen": seen,
            "percent": round(100 * seen.expected) if seen.expected is not None else None,
            "waiting": seen.answers - seen.measured,
            "grades": _grades(seen),
            "flags": _flags(seen),
            "pairs": health_shown.confused_pairs(),
            "worst": health_shown.worst_asked(),
            "table": coverage(seen.semantic),
            "days": USAGE_DAYS,
        },
    )


def _list_url(name: str = "faq_entry", **query: str) -> str:
    address = reverse(f"admin:{name}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def _grades(seen: health_shown.Overview) -> list[Flag]:
    rows = (
        (
            "Well recognised",
            seen.well,
            "At least half of the questions about it are answered.",
            "well",
            "good",
        ),
        ("Partly", seen.partly, "Between a fifth and a half.", "partly", "plain"),
        ("Poorly", seen.poorly, "Fewer than a fifth: a model answers most of them.", "poorly", "warn"),
    )
    return [
        Flag(title, str(count), text, _list_url(recognised=which), kind if count else "good")
        for title, count, text, which, kind in rows
    ]


def _flags(seen: health_shown.Overview) -> list[Flag]:
    published, draft = Entry.Status.PUBLISHED.value, Entry.Status.DRAFT.value
    rows: tuple[tuple[str, int, str, dict[str, str], str], ...] = (
        (
            "Under three phrasings",
            seen.few,
            "With so few an answer is rarely recognised.",
            {"phrasings": "few", "status__exact": published},
            "warn",
        ),
        (
            "Confused with another",
            seen.confused,
            "A way to ask leads to another entry when it is left out.",
            {"recognised": "confused"},
            "bad",
        ),
        (
            "Past their review date",
            seen.overdue,
            "Visitors read when each was reviewed last.",
            {"review": "overdue"},
            "bad",
        ),
        (
            "To be reviewed soon",
            seen.soon,
            f"Within {health_shown.DUE_DAYS} days.",
            {"review": "soon"},
            "plain",
        ),
        (
            "Never shown",
            seen.never,
            f"No visitor was shown it in {USAGE_DAYS} days.",
            {"use": "never"},
            "plain",
        ),
        ("Drafts", seen.drafts, "Nobody is shown them yet.", {"status__exact": draft}, "plain"),
    )
    return [
        Flag(title, str(count), text, _list_url(**query), kind if count else "good")
        for title, count, text, query, kind in rows
    ]
