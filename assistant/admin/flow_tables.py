"""Flows in the words and units of the page and of its CSV."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from assistant.flow_figures import Priced
from assistant.flows.shown import Shown, View
from common.money import usd
from common.safe_csv import written
from faq.importing.documents import count
from routing import publishing
from routing.admin.cells import duration, percent
from routing.models import Tier

ROWS = 25  # of a table on the page; the CSV has all
MISSING_ROWS = 15  # nobody writes more entries at a sitting


@dataclass(frozen=True)
class Row:
    """One flow as the template reads it."""

    shown: Shown
    monthly: str
    share: str
    coverage: str
    offered: str
    tiers: str
    escalations: str
    cost: str
    heavy: str
    saving: str
    thumbs: str
    p95: str
    p95_why: str
    write: str


def row(shown: Shown, may_write: bool = False) -> Row:
    """Return a flow in words."""
    each = shown.priced
    return Row(
        shown,
        f"{each.monthly:,.0f}" if each.monthly >= 10 else f"{each.monthly:,.1f}",
        percent(shown.share),
        percent(each.coverage),
        percent(each.offered),
        tiers(each),
        percent(each.escalations),
        money(each.cost),
        money(each.heavy),
        money(each.saving),
        f"{each.counts.live.get('up', 0)} up, {each.counts.live.get('down', 0)} down",
        "unknown" if each.first_text_p95 is None else duration(each.first_text_p95),
        f"too few replies yet: {', '.join(map(_route_name, each.p95_lacks))}" if each.p95_lacks else "",
        f"{reverse('admin:faq_entry_add')}?flow={shown.pk}" if may_write else "",
    )


def _route_name(slug: str) -> str:
    route = publishing.current().routes.get(slug)
    return route.name if route is not None else slug


def _writes(slug: str) -> bool:
    """Return whether a route's answers are written by a model."""
    route = publishing.current().routes.get(slug)
    return route is not None and route.kind == "model"


def _escalates(slug: str) -> bool:
    """Return whether a larger model can be asked under a route's answers."""
    routes = publishing.current().routes
    return slug in routes and routes[slug].escalates_to in routes


def tiers(each: Priced) -> str:
    """Return the split of a flow by tier: "62 % FAQ and fixed, 38 % lite"."""
    names = {**dict(Tier.choices), "none": "no model"}
    parts = [
        f"{percent(each.tiers[tier])} {str(names.get(tier, tier)).lower()}"
        for tier in ("none", "lite", "standard", "heavy")
        if each.tiers.get(tier)
    ]
    return ", ".join(parts) or "–"


def money(pico: float | None) -> str:
    """Return USD as people read it, in cents where there are some."""
    if pico is None:
        return "unknown"
    text = usd(round(abs(pico)))
    return f"-{text}" if pico < 0 else text


def tables(found: View, may_write: bool) -> dict[str, Any]:
    """Return what the page's tables hold."""
    total = found.total
    return {
        "pays": [row(each) for each in found.pays[:ROWS]],
        "not_so": [row(each) for each in found.not_so[:ROWS]],
        "unpriced": [row(each) for each in found.unpriced[:ROWS]],
        "missing": [row(each, may_write) for each in found.missing[:MISSING_ROWS]],
        "more": {
            "pays": max(0, len(found.pays) - ROWS),
            "not_so": max(0, len(found.not_so) - ROWS),
            "missing": max(0, len(found.missing) - MISSING_ROWS),
        },
        "rest": row(found.rest) if found.rest else None,
        "tiles": [
            ("Messages a month", f"{total.monthly:,.0f}", count(len(found.flows), "flow")),
            ("Answered by the FAQ", percent(total.coverage), f"and {percent(total.offered)} “did you mean”"),
            ("By tier", percent(total.tiers.get("none", 0.0)), f"without a model · {tiers(total)}"),
            ("Cost a month", money(total.cost), "FAQ, first answers and escalations"),
            ("On the heavy model alone", money(total.heavy), found.heavy or "no heavy model"),
            ("Saved by tiers", money(total.saving), _saved(total)),
        ],
        "routes": [
            {
                "name": _route_name(slug),
                "replies": f"{basis.replies:,}" if basis.replies else "too few",
                "output": f"{basis.output_tokens:,.0f}" if _writes(slug) else "–",
                "output_known": basis.output_known or not _writes(slug),
                "escalation": percent(basis.escalation) if _escalates(slug) else "–",
                "escalation_known": basis.escalation_known or not _escalates(slug),
            }
            for slug, basis in found.bases.items()
        ],
    }


def _saved(total: Priced) -> str:
    if total.saving is None or not total.heavy:
        return "a price is missing"
    share = total.saving / total.heavy
    return f"{percent(abs(share))} {'less' if share >= 0 else 'more'} than that"


def as_csv(found: View) -> str:
    """Return all flows as CSV, safe to open in a spreadsheet; money in USD."""
    head = (
        "flow", "question", "messages", "messages a month", "share", "answered by FAQ", "did you mean",
        "tiers", "escalations", "cost a month", "heavy model alone", "saving a month", "first text p95",
    )  # fmt: skip
    rows = [row(each) for each in (*found.flows, *([found.rest] if found.rest else []))]
    return written(
        [
            head,
            *(
                (
                    str(each.shown.priced.number), each.shown.name, str(each.shown.priced.counts.volume),
                    each.monthly, each.share, each.coverage, each.offered, each.tiers, each.escalations,
                    each.cost, each.heavy, each.saving, each.p95,
                )
                for each in rows
            ),
        ]
    )  # fmt: skip
