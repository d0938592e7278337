"""A counting as people see it: its flows priced by the team's own figures, with the words for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from assistant.flow_figures import (
    ENOUGH,
    Assumed,
    Basis,
    Counts,
    Ground,
    Priced,
    factor,
    priced,
    ranked,
)
from assistant.flow_models import Flow, FlowExample, FlowRun
from common.clock import now
from faq.models import AskedQuestion, Entry
from routing import publishing, stored
from routing.heavy import heavy_model
from routing.metrics import MANAGED
from routing.tally import Tally

BASIS_DAYS = 30  # of the team's own figures
NAMED = 3  # messages behind a question before it is shown to those who may not read conversations


@dataclass(frozen=True)
class Shown:
    """One flow with its name and examples; both empty when their texts were deleted or may not be read."""

    priced: Priced
    name: str
    examples: tuple[str, ...]
    near: str  # the entry that is offered, or answers, most often
    near_pk: str
    share: float
    pk: int


@dataclass(frozen=True)
class View:
    """A counting with everything a page or a terminal shows of it."""

    run: FlowRun
    flows: tuple[Shown, ...]
    rest: Shown | None
    total: Priced
    pays: tuple[Shown, ...]
    not_so: tuple[Shown, ...]
    unpriced: tuple[Shown, ...]
    missing: tuple[Shown, ...]
    scale: float | None
    assumed: Assumed
    bases: Mapping[str, Basis]
    heavy: str
    covered_days: int


def bases(days: int = BASIS_DAYS) -> dict[str, Basis]:
    """Return what the routes did in the last days, without those that had fewer than ENOUGH replies."""
    at = now().replace(second=0, microsecond=0)
    rows = stored.read(at - timedelta(days=days), at, MANAGED, ())
    return {slug: basis_of(tally) for slug, tally in rows.by_route.items() if tally["requests"] >= ENOUGH}


def basis_of(tally: Tally) -> Basis:
    """Return what a route with these figures is expected to do."""
    requests = tally["requests"]
    return Basis(
        replies=requests,
        output_tokens=tally["output_tokens"] / requests,
        escalation=tally["escalated_after"] / requests,
        output_known=tally["output_tokens"] > 0,
        escalation_known=True,
        first_text=tally.histogram("first_text"),
    )


def view(run: FlowRun, assumed: Assumed, texts: bool = True) -> View:
    """Return a finished counting, priced with today's configuration; `texts` lets all questions be read."""
    config = publishing.current()
    ground = Ground(config, bases(), assumed, now().date())
    flows = list(run.flows.prefetch_related("examples"))
    counts = {flow.number: Counts.load(flow.figures) for flow in flows}
    volume = sum(each.volume for each in counts.values())
    first, last = period_of(run)
    scale = factor(volume, assumed, first, last)
    names = _texts(flows)
    entries = _entries(counts.values())
    shown = {
        flow.number: _shown(flow, counts[flow.number], ground, scale or 1.0, volume, names, entries, texts)
        for flow in flows
    }
    real = tuple(each for number, each in shown.items() if number)
    pays, not_so, unpriced = ranked([each.priced for each in real])
    return View(
        run,
        real,
        shown.get(0),
        _total([each.priced for each in shown.values()]),
        tuple(shown[each.number] for each in pays),
        tuple(shown[each.number] for each in not_so),
        tuple(shown[each.number] for each in unpriced),
        tuple(each for each in real if each.priced.lacks_entry),
        scale,
        assumed,
        {slug: ground.basis(slug) for slug in _routes(counts.values(), ground)},
        model.label if (model := heavy_model(config)) else "",
        (last - first).days + 1 if first and last else 0,
    )


def _routes(counts: Any, ground: Ground) -> list[str]:
    """Return the routes that flows take and those above them, as far as they ask a model or may escalate."""
    taken = {slug for each in counts for slug in each.routes}
    above = {route.escalates_to for slug in taken if (route := ground.config.routes.get(slug))}
    wanted = (slug for slug, route in ground.config.routes.items() if route.kind in ("model", "faq"))
    return [slug for slug in wanted if slug in taken | above]


def period_of(run: FlowRun) -> tuple[date | None, date | None]:
    """Return the first and last day that a counting speaks of, None where nothing says so."""
    if run.file is not None:
        return run.file.first_day, run.file.last_day
    first = run.figures.get("first", "")
    if not first or run.as_of is None:
        return None, None
    return date.fromisoformat(first), run.as_of.date()


def _total(flows: list[Priced]) -> Priced:
    counts = Counts()
    for each in flows:
        counts = counts.merged(each.counts)
    month = sum(each.monthly for each in flows)
    tiers: dict[str, float] = {}
    for each in flows:
        for tier, share in each.tiers.items():
            tiers[tier] = tiers.get(tier, 0.0) + share * each.monthly / (month or 1.0)
    whole = [each.cost for each in flows], [each.heavy for each in flows]
    cost, heavy = (None if None in part else sum(x or 0.0 for x in part) for part in whole)
    escalations = sum(each.escalations * each.monthly for each in flows) / (month or 1.0)
    return Priced(0, counts, month, tiers, cost, heavy, escalations, None, ())


def _shown(
    flow: Flow,
    counts: Counts,
    ground: Ground,
    scale: float,
    volume: int,
    names: Mapping[int, list[str]],
    entries: Mapping[str, str],
    texts: bool,
) -> Shown:
    known = names.get(flow.pk, [])
    named = known[:1] if texts or counts.volume >= NAMED else []
    held = {
        key: counts.entries.get(key, 0) + counts.near.get(key, 0) for key in {**counts.entries, **counts.near}
    }
    best = max((key for key in held if key in entries), key=lambda key: (held[key], key), default="")
    return Shown(
        priced(flow.number, counts, ground, scale),
        "Everything else" if not flow.number else (named[0] if named else f"Flow {flow.number}"),
        tuple(known[1:]) if texts else (),
        entries.get(best, ""),
        best,
        counts.volume / volume if volume else 0.0,
        flow.pk,
    )


def _texts(flows: list[Flow]) -> dict[int, list[str]]:
    """Return the questions of each flow that are still there, the most central one first."""
    examples = [each for flow in flows for each in flow.examples.all()]
    live = asked_texts(examples)
    found: dict[int, list[str]] = {}
    for each in examples:
        text = live.get(each.asked, "") if each.asked else each.text
        if text:
            found.setdefault(each.flow_id, []).append(text)
    return found


def asked_texts(examples: list[FlowExample]) -> dict[Any, str]:
    """Return the texts of asked questions that examples point at, as far as they were not deleted."""
    ids = [each.asked for each in examples if each.asked]
    found: dict[Any, str] = {}
    for start in range(0, len(ids), 500):
        rows = AskedQuestion.objects.filter(pk__in=ids[start : start + 500])
        found.update(rows.values_list("pk", "text"))
    return found


def _entries(counts: Any) -> dict[str, str]:
    ids = {int(entry) for each in counts for entry in (*each.entries, *each.near) if entry.isdecimal()}
    rows = Entry.objects.filter(pk__in=sorted(ids)[:1000]).values_list("pk", "question")
    return {str(pk): question for pk, question in rows}


def assumed_from(values: Mapping[str, Any]) -> tuple[Assumed, list[str]]:
    """Return what a reader assumes, from texts, and what was wrong with it in words."""
    given, wrong = dict[str, float](), list[str]()
    for name, (label, low, high) in ASKED_OF_READERS.items():
        text = str(values.get(name) or "").strip().replace(",", "")
        if not text:
            continue
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if low <= number <= high:
            given[name] = number
        else:
            wrong.append(f"{label}: a number from {low:g} to {high:,.0f}.")
    usual = Assumed()
    monthly = given.get("monthly")
    assumed = Assumed(
        given["escalation"] / 100 if "escalation" in given else usual.escalation,
        round(given.get("output_tokens", usual.output_tokens)),
        None if monthly is None else round(monthly),
    )
    return assumed, wrong


# What it is called, and from where to where it makes sense.
ASKED_OF_READERS = {
    "escalation": ("Escalations in percent", 0.0, 100.0),
    "output_tokens": ("Tokens of an answer", 1.0, 100_000.0),
    "monthly": ("Messages a month", 1.0, 100_000_000.0),
}
