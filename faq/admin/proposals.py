"""Proposed phrasings in the admin: the panel on an entry's form, the page for all, and their keystrokes."""

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from common.clock import now
from common.money import usd
from faq import claims, proposals
from faq.admin.base import ModelAdmin, editors_url
from faq.drafter import PROPOSE_TASK, Offer, drafter, hand_over
from faq.models import Entry, Proposal, ProposalRun, Work

GROUPS_SHOWN = 25  # entries on the page at once; those decided make room for the next
NO_WORKER = "The worker has not taken this up: is it running? It goes on as soon as it is back."
NO_BROKER = "Redis does not answer just now. The order is stored and begins when it is back."


@dataclass(frozen=True)
class Group:
    """One entry with the proposals that wait for a decision."""

    entry: Entry
    url: str
    rows: list[Proposal]


def urls(page: ModelAdmin[Entry]) -> list[URLPattern]:
    """Return the addresses of the page and of what its script asks for."""
    at = partial(editors_url, page)
    return [
        at("proposals/", partial(overview, page), "faq_proposals"),
        at("proposals/state/", _state, "faq_proposals_state"),
        at("proposals/start/", _start, "faq_proposals_start"),
        at("proposals/stop/", _stop, "faq_proposals_stop"),
        at("proposals/decide/", _decide, "faq_proposals_decide"),
        at("proposals/accept-all/", _accept_all, "faq_proposals_accept_all"),
    ]


# --- what is shown ----------------------------------------------------------------------------------


def overview(page: ModelAdmin[Entry], request: HttpRequest) -> HttpResponse:
    """Show all entries with too few phrasings: what asking about them costs, and what was proposed."""
    asked = list(proposals.to_ask().prefetch_related("phrasings"))
    thin = proposals.thin_entries().count()
    return TemplateResponse(
        request,
        "faq/proposals.html",
        {
            **page.admin_site.each_context(request),
            "title": "Proposed phrasings",
            "opts": Entry._meta,
            "thin": thin,
            "asked": len(asked),
            "held_back": thin - len(asked),
            "few": proposals.FEW,
            "list_url": reverse("admin:faq_entry_changelist"),
            **_panel(None, asked),
        },
    )


def panel(entry: Entry) -> dict[str, Any]:
    """Return what the panel on an entry's form shows; nothing for an article, which needs no phrasing."""
    if entry.kind != Entry.Kind.ANSWER or entry.status == Entry.Status.ARCHIVED:
        return {}
    return {"proposals": _panel(entry, [entry])}


def _panel(entry: Entry | None, asked: list[Entry]) -> dict[str, Any]:
    offer = drafter().offer("light", [proposals.call_for(each) for each in asked])
    run = proposals.newest(entry)
    return {
        "entry_pk": entry.pk if entry else "",
        "offer": offer,
        "price": _price(offer, len(asked)),
        "run": run_view(run) if run else None,
        **_listed(entry),
        "urls": {
            name: reverse(f"admin:faq_proposals_{name}")
            for name in ("state", "start", "stop", "decide", "accept_all")
        },
    }


def _price(offer: Offer, entries: int) -> str:
    """Return what asking costs, in words; of several entries for one and for all."""
    if offer.problem or not entries:
        return ""
    if offer.about_pico is None or offer.most_pico is None:
        return f"{offer.model}: no price known, so the cost cannot be said."
    whole = f"about {usd(offer.about_pico)}, at most {usd(offer.most_pico)}"
    if entries == 1:
        return f"{offer.model}: {whole}."
    each = usd(offer.about_pico // entries)
    return f"{offer.model}: about {each} an entry; {whole} for all {entries}."


def _listed(entry: Entry | None) -> dict[str, Any]:
    """Return the waiting proposals by entry, the first GROUPS_SHOWN of them, with their counts.

    `clear` counts what is shown without a conflict, `waiting` all. Read every second while a run is on.
    """
    waiting = proposals.waiting(entry)
    figures = waiting.order_by().aggregate(
        rows=Count("pk"), last=Max("pk"), groups=Count("entry", distinct=True)
    )
    shown = proposals.first_waiting(entry, GROUPS_SHOWN)
    rows = list(waiting.filter(entry__in=shown))
    groups = [
        Group(owner, reverse("admin:faq_entry_change", args=[owner.pk]), list(found))
        for owner, found in groupby(rows, lambda row: row.entry)
    ]
    return {
        "groups": groups,
        "more": figures["groups"] - len(groups),
        "waiting": figures["rows"],
        "clear": sum(row.state == Proposal.State.OPEN for row in rows),
        "version": f"{figures['rows']}.{figures['last'] or 0}",
    }


def run_view(run: ProposalRun) -> dict[str, Any]:
    """Return a run as the page tells it."""
    active = run.state in Work.OPEN
    return {
        "uuid": str(run.uuid),
        "state": run.state,
        "active": active,
        "done": run.done,
        "wanted": run.wanted,
        "label": _label(run),
        "error": run.error,
        "note": NO_WORKER if claims.silent(run, now()) else "",
        "cost": _cost(run, active) if run.done or run.cost_pico else "",
    }


def _cost(run: ProposalRun, active: bool) -> str:
    said = "Cost so far" if active else "Cost"
    estimate = "no price known" if run.estimate_pico is None else usd(run.estimate_pico)
    return f"{said}: {usd(run.cost_pico)}. Estimated before: {estimate}."


def _label(run: ProposalRun) -> str:
    entries = f"{run.done} of {run.wanted} {'entry' if run.wanted == 1 else 'entries'} asked about"
    found = f"{run.proposed} {'phrasing' if run.proposed == 1 else 'phrasings'} proposed"
    none = f", nothing usable for {run.skipped}" if run.skipped else ""
    return {
        Work.State.QUEUED.value: "Waiting for the worker.",
        Work.State.RUNNING.value: f"Asking: {entries}, {found}{none}.",
        Work.State.DONE.value: f"Done: {found}{none}.",
        Work.State.STOPPED.value: f"Stopped: {entries}, {found}{none}.",
        Work.State.FAILED.value: f"Not finished: {entries}, {found}{none}.",
    }[run.state]


# --- what the script asks for -----------------------------------------------------------------------


def _entry_of(values: Any) -> Entry | None:
    """Return the entry that a request is about, None for all; 404 for one that is gone."""
    key = str(values.get("entry") or "")
    return get_object_or_404(Entry, pk=key) if key.isdecimal() else None


@require_GET
def _state(request: HttpRequest) -> HttpResponse:
    return JsonResponse(_state_of(request, _entry_of(request.GET), request.GET.get("have", "")))


def _state_of(request: HttpRequest, entry: Entry | None, have: str = "") -> dict[str, Any]:
    run, listed = proposals.newest(entry), _listed(entry)
    told: dict[str, Any] = {
        "run": run_view(run) if run else None,
        "version": listed["version"],
        "waiting": listed["waiting"],
        "clear": listed["clear"],
    }
    if entry is None and not (told["run"] and told["run"]["active"]):
        told.update(_next_order())
    if have != listed["version"]:
        told["html"] = render_to_string("faq/_proposals.html", {**listed, "entry_pk": entry}, request)
    return told


def _next_order() -> dict[str, Any]:
    """Return how many entries a further run would ask about, and what that costs."""
    asked = list(proposals.to_ask().prefetch_related("phrasings"))
    offer = drafter().offer("light", [proposals.call_for(each) for each in asked])
    return {"asked": len(asked), "price": _price(offer, len(asked))}


@require_POST
def _start(request: HttpRequest) -> HttpResponse:
    entry = _entry_of(request.POST)
    asked = [entry] if entry else list(proposals.to_ask().prefetch_related("phrasings"))
    scope = ProposalRun.Scope.ENTRY if entry else ProposalRun.Scope.FEW
    offer = drafter().offer("light", [proposals.call_for(each) for each in asked])
    try:
        run = proposals.order(asked, scope, request.user.get_username(), offer)
    except proposals.Refused as problem:
        return JsonResponse({"problem": str(problem)}, status=409)
    try:
        hand_over(PROPOSE_TASK, str(run.uuid))
    except OperationalError:
        return JsonResponse({**_state_of(request, entry), "problem": NO_BROKER})
    return JsonResponse(_state_of(request, entry))


@require_POST
def _stop(request: HttpRequest) -> HttpResponse:
    entry = _entry_of(request.POST)
    run = proposals.newest(entry)
    if run is not None:
        claims.stop(run, now())
    return JsonResponse(_state_of(request, entry))


@require_POST
def _decide(request: HttpRequest) -> HttpResponse:
    key = str(request.POST.get("proposal") or "")
    found = Proposal.objects.select_related("entry").filter(pk=int(key) if key.isdecimal() else 0).first()
    if found is None:
        return JsonResponse({"problem": "This proposal is gone: its entry was deleted."}, status=404)
    who = request.user.get_username()
    try:
        if request.POST.get("verb") == "accept":
            proposals.accept(found, who, anyway=request.POST.get("anyway") == "1")
        else:
            proposals.reject(found, who)
    except proposals.Refused as problem:
        forced = isinstance(problem, proposals.Nearer)
        return JsonResponse({"problem": str(problem), "anyway": forced}, status=409)
    return JsonResponse({"done": True})


@require_POST
def _accept_all(request: HttpRequest) -> HttpResponse:
    """Accept the proposals without a conflict, of one entry or of those that the page shows."""
    entry = _entry_of(request.POST)
    rows = [row for group in _listed(entry)["groups"] for row in group.rows]
    clear = [row for row in rows if row.state == Proposal.State.OPEN]
    done, problems = proposals.accept_all(clear, request.user.get_username())
    told = f"{done} accepted." + (f" {len(problems)} left: {problems[0]}" if problems else "")
    return JsonResponse({**_state_of(request, entry), "said": told})
