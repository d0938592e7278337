"""A decision record as people read it: the receipt of a reply and "Try a question" show the same one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.urls import reverse

from assistant.frames import TAKEOVERS
from assistant.offering import offer_of
from common.money import usd
from faq.matching.features import in_words
from faq.models import Entry
from routing.models import Route, Tier
from routing.signals import spec_of


@dataclass(frozen=True)
class CandidateView:
    """An FAQ entry that came near; confidence and threshold are shares of 1."""

    entry_id: str
    question: str
    phrasing: str
    confidence: float
    score: float
    exact: bool
    answers: bool
    percent: int
    disputed: str  # why it may not be sure, in plain words
    url: str


@dataclass(frozen=True)
class EvidenceView:
    """One thing that the confidence of the best candidate was read from."""

    label: str
    value: str


@dataclass(frozen=True)
class SignalView:
    label: str
    value: str
    quiet: bool  # says nothing about this message: no, none, 0


@dataclass(frozen=True)
class StepView:
    model: str
    label: str
    tier: str
    status: str
    chosen: bool


@dataclass(frozen=True)
class PassageView:
    title: str
    entry_id: str
    url: str


@dataclass(frozen=True)
class DecisionView:
    """Everything a decision was made from, ready for a template."""

    route: str
    route_name: str
    reason: str
    rule_name: str
    tried: tuple[Mapping[str, Any], ...]
    signals: tuple[SignalView, ...]
    candidates: tuple[CandidateView, ...]
    threshold: float
    suggest_threshold: float | None
    exact_only: bool
    shadowed: bool
    margin: float | None
    evidence: tuple[EvidenceView, ...]
    ladder: tuple[StepView, ...]
    offered: tuple[PassageView, ...]
    passages: tuple[PassageView, ...]
    estimate: str
    prompt_tokens: int | None
    taken_out: str
    budget: str
    moved: str
    support: str
    found: str
    versions: tuple[tuple[str, str], ...]


def entry_ids(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of all FAQ entries that decision records name, for one query over all of them."""
    found: set[str] = set()
    for record in records:
        found |= {str(item["entry_id"]) for item in record.get("faq", {}).get("candidates", ())}
        found |= {str(item["entry_id"]) for item in (*record.get("passages", ()), *offer_of(record))}
    return found


def entry_titles(ids: Iterable[str]) -> dict[str, str]:
    """Return the question of each entry that still exists."""
    rows = Entry.objects.filter(pk__in=[int(pk) for pk in ids if pk.isdecimal()])
    return {str(pk): question for pk, question in rows.values_list("pk", "question")}


def route_names() -> dict[str, str]:
    """Return the name of each route by its slug, as rules and metrics call it."""
    return dict(Route.objects.values_list("slug", "name"))


def decision_view(
    record: Mapping[str, Any],
    titles: Mapping[str, str],
    link_entries: bool = True,
    names: Mapping[str, str] = MappingProxyType({}),
) -> DecisionView:
    """Return a stored or fresh decision record as a view; parts that an old record lacks are empty."""
    faq = record.get("faq", {})
    threshold = float(faq.get("threshold", 0))
    candidates = tuple(
        _candidate(item, threshold, titles, link_entries) for item in faq.get("candidates", ())
    )
    confidences = [item.confidence for item in candidates[:2]]
    estimate = record.get("estimate_pico")
    route = str(record.get("route", ""))
    return DecisionView(
        route=route,
        route_name=names.get(route, route),
        reason=str(record.get("reason", "")),
        rule_name=str(record.get("rule_name", "")),
        tried=tuple(
            {**rule, "route_name": names.get(str(rule.get("route", "")), rule.get("route", ""))}
            for rule in record.get("rules", ())
        ),
        signals=_signals(record.get("signals", {})),
        candidates=candidates,
        threshold=threshold,
        suggest_threshold=faq.get("suggest_threshold"),
        exact_only=bool(faq.get("exact_only")),
        shadowed=bool(faq.get("shadowed")),
        evidence=_evidence(faq.get("candidates", ())),
        margin=confidences[0] - confidences[1] if len(confidences) == 2 else None,
        ladder=_ladder(record.get("ladder", ())),
        offered=_entries(offer_of(record), "question", titles, link_entries),
        passages=_entries(record.get("passages", ()), "title", titles, link_entries),
        estimate=usd(estimate) if estimate is not None else "",
        prompt_tokens=record.get("prompt_tokens"),
        taken_out=_taken_out(record),
        budget=_budget(record.get("budget") or {}, names),
        moved=_moved(record.get(TAKEOVERS, ())),
        support=_support(record.get("verdict", {})),
        found=FOUND.get(str(record.get("verdict", {}).get("kind", "")), ""),
        versions=_versions(record),
    )


def _candidate(
    item: Mapping[str, Any], threshold: float, titles: Mapping[str, str], link: bool
) -> CandidateView:
    entry_id, confidence = str(item.get("entry_id", "")), float(item.get("confidence", 0))
    return CandidateView(
        entry_id=entry_id,
        question=titles.get(entry_id, f"Entry {entry_id}, deleted since"),
        phrasing=str(item.get("phrasing", "")),
        confidence=confidence,
        score=float(item.get("score", 0)),
        exact=bool(item.get("exact")),
        answers=confidence >= threshold,
        percent=round(max(0.0, min(1.0, confidence)) * 100),
        disputed=str(item.get("disputed") or ""),
        url=_entry_url(entry_id, titles) if link else "",
    )


def _evidence(candidates: Sequence[Mapping[str, Any]]) -> tuple[EvidenceView, ...]:
    """Return what the matcher saw in the best candidate; nothing of a record from before it told."""
    features = (candidates[0].get("features") or {}) if candidates else {}
    return tuple(EvidenceView(in_words(name), f"{value:.2f}") for name, value in sorted(features.items()))


def _entries(
    items: Iterable[Mapping[str, Any]], name: str, titles: Mapping[str, str], link: bool
) -> tuple[PassageView, ...]:
    """Return parts of the FAQ that a record names; `name` is the field that says what they are called."""
    return tuple(
        PassageView(
            str(item.get(name, "")),
            str(item.get("entry_id", "")),
            _entry_url(str(item.get("entry_id", "")), titles) if link else "",
        )
        for item in items
    )


def _entry_url(entry_id: str, titles: Mapping[str, str]) -> str:
    return reverse("admin:faq_entry_change", args=[entry_id]) if entry_id in titles else ""


def _signals(values: Mapping[str, Any]) -> tuple[SignalView, ...]:
    """Return the signals in plain words, those that say something first."""
    views = [
        SignalView(spec.label, _shown(value), value in (False, None, "", "none", 0))
        for name, value in values.items()
        if (spec := spec_of(name)) is not None
    ]
    return tuple(sorted(views, key=lambda view: view.quiet))


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value)


def _ladder(steps: Iterable[Mapping[str, Any]]) -> tuple[StepView, ...]:
    views: list[StepView] = []
    asked = False
    for step in steps:
        status = str(step.get("status", ""))
        tier = str(step.get("tier", ""))
        views.append(
            StepView(
                model=str(step.get("model", "")),
                label=str(step.get("label", "") or step.get("model", "")),
                tier=Tier(tier).label if tier in Tier.values else tier,
                status=status,
                chosen=not status and not asked,
            )
        )
        asked = asked or not status
    return tuple(views)


def _taken_out(record: Mapping[str, Any]) -> str:
    """Return how many details of what kind no provider has read; "" where no model was planned for."""
    if "redacted" not in record or not record.get("ladder"):
        return ""
    counts = record["redacted"]
    if counts is None:
        return "Personal details are not taken out on this route."
    if not counts:
        return "No personal details had to be taken out."
    return f"Taken out before a provider: {', '.join(f'{count} {kind}' for kind, count in counts.items())}."


MOVED = {"lost": "Its process was lost", "released": "Its process was restarted"}


def _moved(takeovers: Iterable[Mapping[str, Any]]) -> str:
    """Return when a reply went from one process to another; "" for one that did not."""
    said = [
        f"{MOVED.get(str(note.get('why')), 'It was claimed')}: {note.get('kept', 0)} characters stood then."
        for note in takeovers
    ]
    return " ".join([*said, "Its times are by the wall clock."]) if said else ""


INSTEAD = {
    "faq": "The desk answered from the FAQ only.",
    "message": "The visitor was told so and offered a person.",
    "kept": "The text that was there by then stayed; no further attempt was paid.",
}


def _budget(spent: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return which budget was spent and what was done instead; "" where none was."""
    if not spent:
        return ""
    if spent.get("model"):
        payer = names.get(str(spent.get("paid_by")), spent.get("paid_by"))
        instead = f"A cheaper model was asked instead: {spent['model']}, paid by the budgets of “{payer}”."
    else:
        instead = INSTEAD.get(str(spent.get("instead")), "")
    return f"{spent.get('why', '')} {instead}"


FOUND: Mapping[str, str] = {
    "cannot_help": "This answer says that it cannot help.",
    "unsupported": "This answer has too little support in its passages.",
}


JUDGED_BY: Mapping[str, str] = {
    "words": " (by its words)",
    "meaning": " (by meaning)",
    "model": " (by a model)",
}


def _support(verdict: Mapping[str, Any]) -> str:
    """Return how much of an answer stands in its passages, and how much its route asks for."""
    score = verdict.get("support")
    if score is None:
        return ""
    needs = f", needs {verdict['needs']:.2f}" if verdict.get("needs") else ""
    by = JUDGED_BY.get(str(verdict.get("judged_by", "")), "")
    return f"Support in its passages: {score:.2f}{by}{needs}"


def _versions(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    faq = record.get("faq", {})
    named = (
        ("Configuration", record.get("config_number")),
        ("Prompt", record.get("prompt_version")),
        ("Matcher", faq.get("matcher_version")),
        ("FAQ index", faq.get("index_version")),
    )
    return tuple((name, str(value)) for name, value in named if value not in (None, "", 0))
