"""The difference between two rule sets in plain words: rules added, removed, moved, changed; ladders.

Pure: it reads snapshots as they are stored. What the earlier one does not know, since an older release
made it, is no difference.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from common.text import plain_lines, shorten
from routing.config import ConditionSpec
from routing.policy import in_words
from routing.snapshot import KEPT

Kind = Literal["added", "removed", "moved", "changed"]
Snapshot = Mapping[str, Any]
Row = Mapping[str, Any]


class Words(NamedTuple):
    """How a field of a route is told: its label, what its numbers count, its choices, and how it is unset."""

    label: str
    unit: str = ""
    choices: Mapping[str, str] = {}
    empty: str = "none"


SPENT = {
    "cheaper": "ask a cheaper tier",
    "faq": "answer from the FAQ only",
    "message": "say so and offer a person",
}
STORED = {"off": "off", "exact": "the same question", "near": "the same question in other words, too"}
TIERS = {"none": "No model", "lite": "Lite", "standard": "Standard", "heavy": "Heavy"}
KINDS = {"faq": "Approved answer", "fixed": "Fixed reply", "person": "A person", "model": "Language model"}

# The labels, units and choices of the route's form; a test holds the choices beside those of the table.
FIELDS = {
    "name": Words("name"),
    "kind": Words("kind", choices=KINDS),
    "tier": Words("tier", choices=TIERS),
    "instructions": Words("instructions"),
    "max_message_tokens": Words("message, up to", "tokens"),
    "max_prompt_tokens": Words("prompt, up to", "tokens"),
    "max_output_tokens": Words("answer, up to", "tokens"),
    "daily_budget_usd": Words("daily budget", "USD"),
    "monthly_budget_usd": Words("monthly budget", "USD"),
    "when_spent": Words("when a budget is spent", choices=SPENT),
    "connect_s": Words("connect deadline", "s"),
    "first_text_s": Words("first-text deadline", "s"),
    "stall_s": Words("stall limit", "s"),
    "total_s": Words("total deadline", "s"),
    "first_text_p95_ms": Words("target for the first text", "ms"),
    "total_p95_ms": Words("target for the whole answer", "ms"),
    "error_rate": Words("target for errors"),
    "truncation_rate": Words("target for cut answers"),
    "total_p99_ms": Words("target for the slowest answers", "ms"),
    "escalation_rate": Words("target for escalations"),
    "availability": Words("target for availability"),
    "period_days": Words("targets count over the last", "days"),
    "escalates_to": Words("escalates to"),
    "redact": Words("take personal details out"),
    "allowed_providers": Words("allowed providers", empty="all"),
    "hedge": Words("ask a second model when the first is late"),
    "promises_fallback": Words("promises a second provider"),
    "sticky_turns": Words("stay for", "messages"),
    "cache": Words("stored answers", choices=STORED),
    "cache_hours": Words("keep stored answers", "hours"),
    "escalate_on_evidence": Words("ask the next tier when an answer did not do"),
    "min_support": Words("support an answer needs"),
    "demotes_itself": Words("set the first model aside when a budget is spent"),
    "needs_transfer_test": Words("needs a passing transfer test"),
}
LONG = 80  # characters of a value in one line of the list of versions
AROUND = 60  # characters that a long line shows before the place where it differs
MOST = 600  # characters of each side


@dataclass(frozen=True)
class Change:
    """One difference: the part it concerns, what happened to it, and how it was and is, where that helps."""

    part: Literal["rule", "route"]
    kind: Kind
    name: str
    text: str
    before: str = ""
    after: str = ""

    @property
    def sentence(self) -> str:
        """Return the change in one line, long values cut."""
        before, after = (shorten(" ".join(side.split()), LONG) for side in (self.before, self.after))
        values = f"{before} → {after}" if before and after else before or after
        return f"{self.name} {self.text}{': ' if values else ''}{values}"


def changes(before: Snapshot, after: Snapshot) -> list[Change]:
    """Return what publishing `after` would change for those who know `before`, rules first."""
    return [*_rule_changes(before, after), *_route_changes(before, after)]


def groups_in_words(groups: Sequence[Sequence[Row]]) -> str:
    """Return a rule's conditions as one sentence: `and` within a group, `or` between groups."""
    sentences = [" and ".join(in_words(ConditionSpec(**row)) for row in group) for group in groups]
    return "; or ".join(sentences) or "always"


# ---- rules ---------------------------------------------------------------------------------------


def all_rules(content: Snapshot) -> list[dict[str, Any]]:
    """Return the rules of a snapshot in order, those that are off among them, each with `enabled`."""
    off = content.get(KEPT, {}).get("rules", ())
    rules = [*({**rule, "enabled": True} for rule in content.get("rules", ())), *map(dict, off)]
    return sorted(rules, key=lambda rule: (rule["position"], rule["id"]))


def _rule_changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    old, new = all_rules(before), all_rules(after)
    names = {**_route_names(before), **_route_names(after)}
    known = {rule["id"]: rule for rule in old}
    staying = {rule["id"] for rule in new}
    places = {rule["id"]: place for place, rule in enumerate(old, start=1)}
    moved = _moved([rule["id"] for rule in old if rule["id"] in staying], [rule["id"] for rule in new])
    for rule in (rule for rule in old if rule["id"] not in staying):
        yield Change("rule", "removed", rule["name"], "is removed", before=_sentence(rule, names))
    for place, rule in enumerate(new, start=1):
        name = rule["name"]
        if rule["id"] not in known:
            if rule["enabled"] or KEPT in before:
                yield Change("rule", "added", name, f"is new, in place {place}", after=_sentence(rule, names))
            continue
        if rule["id"] in moved:
            yield Change("rule", "moved", name, f"moves from place {places[rule['id']]} to {place}")
        yield from _changed_rule(known[rule["id"]], rule, names)


def _sentence(rule: Row, names: Mapping[str, str]) -> str:
    off = "" if rule["enabled"] else "; switched off"
    return f"{groups_in_words(rule['groups'])} → {names.get(rule['route'], rule['route'])}{off}"


def _changed_rule(old: Row, new: Row, names: Mapping[str, str]) -> Iterator[Change]:
    def change(text: str, before: str = "", after: str = "") -> Change:
        return Change("rule", "changed", new["name"], text, before, after)

    if old["name"] != new["name"]:
        yield change("has another name", old["name"], new["name"])
    if old["enabled"] != new["enabled"]:
        yield change("is switched on" if new["enabled"] else "is switched off")
    if old["route"] != new["route"]:
        both = (names.get(old["route"], old["route"]), names.get(new["route"], new["route"]))
        yield change("goes somewhere else", *both)
    if old["groups"] != new["groups"]:
        yield change("has other conditions", groups_in_words(old["groups"]), groups_in_words(new["groups"]))
    if old["reason"] != new["reason"]:
        yield change("gives another reason", old["reason"], new["reason"])


def _moved(old: Sequence[int], new: Sequence[int]) -> set[int]:
    """Return the fewest ids that have to change their place for `old` to stand in the order of `new`.

    All others are a longest increasing subsequence of the old places (patience sorting).
    """
    place = {rule: at for at, rule in enumerate(old)}
    order = [rule for rule in new if rule in place]
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for rule in order:
        at = bisect_left(tails, place[rule])
        tails[at : at + 1], ends[at : at + 1] = [place[rule]], [rule]
        before[rule] = ends[at - 1] if at else None
    stays: set[int] = set()
    step = ends[-1] if ends else None
    while step is not None:
        stays.add(step)
        step = before[step]
    return set(order) - stays


# ---- routes --------------------------------------------------------------------------------------


def _route_names(content: Snapshot) -> dict[str, str]:
    return {route["slug"]: route["name"] for route in content.get("routes", ())}


def _model_names(content: Snapshot) -> dict[str, str]:
    return {model["id"]: model["label"] or model["id"] for model in content.get("models", ())}


def _route_changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    old = {route["slug"]: route for route in before.get("routes", ())}
    new = {route["slug"]: route for route in after.get("routes", ())}
    models = {**_model_names(before), **_model_names(after)}
    names = {**_route_names(before), **_route_names(after)}
    meanings = [content.get(KEPT, {}).get("routes", {}) for content in (before, after)]
    for slug, route in old.items():
        if slug not in new:
            yield Change("route", "removed", route["name"], "is removed")
    for slug, route in new.items():
        if slug not in old:
            ladder = _ladder(route["ladder"], models)
            yield Change("route", "added", route["name"], "is new", after=f"asks {ladder}")
            continue
        yield from _changed_route(old[slug], route, models, names)
        seen, becomes = (meaning.get(slug, {}) for meaning in meanings)
        for field in seen.keys() & becomes.keys():
            if seen[field] != becomes[field]:
                text = "has another place in the list" if field == "position" else "has another meaning"
                yield Change("route", "changed", route["name"], text, str(seen[field]), str(becomes[field]))


def _changed_route(
    old: Row, new: Row, models: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[Change]:
    for field, is_now in _flat(new).items():
        known = _flat(old)
        if field not in known or _same(known[field], is_now):
            continue
        was = known[field]
        if field == "ladder":
            both = (_ladder(was, models), _ladder(is_now, models))
            yield Change("route", "changed", new["name"], "asks other models, or in another order", *both)
        elif field == "enabled":
            text = "is switched on" if is_now else "is switched off"
            yield Change("route", "changed", new["name"], text)
        else:
            words = FIELDS.get(field, Words(field.replace("_", " ")))
            yield Change("route", "changed", new["name"], words.label, *_both(words, was, is_now, names))


def _same(was: Any, is_now: Any) -> bool:
    """Return whether two values are one; texts that a browser has only ended otherwise are."""
    if isinstance(was, str) and isinstance(is_now, str):
        return plain_lines(was) == plain_lines(is_now)
    return bool(was == is_now)


def _flat(route: Row) -> dict[str, Any]:
    """Return a route's values, its deadlines and targets beside the others."""
    parts = {name: value for name, value in route.items() if not isinstance(value, Mapping)}
    return {**parts, **route.get("deadlines", {}), **route.get("sla", {})}


def _ladder(models: Sequence[str], names: Mapping[str, str]) -> str:
    return ", then ".join(names.get(model, model) for model in models) or "no model"


def _both(words: Words, was: Any, is_now: Any, names: Mapping[str, str]) -> tuple[str, str]:
    """Return how a field was and is; of a text with several lines, and of a long one, what differs."""
    before, after = _shown(was, words, names), _shown(is_now, words, names)
    if max(len(before), len(after)) <= LONG and "\n" not in before + after:
        return before, after
    old, new = plain_lines(before).splitlines(), plain_lines(after).splitlines()
    differs = [
        code[1:] for code in SequenceMatcher(None, old, new, False).get_opcodes() if code[0] != "equal"
    ]
    gone = "\n".join(line for start, end, _, _ in differs for line in old[start:end])
    come = "\n".join(line for _, _, start, end in differs for line in new[start:end])
    alike = next((at for at, (one, other) in enumerate(zip(gone, come, strict=False)) if one != other), 0)
    skipped = max(0, alike - AROUND)
    return _from(gone, skipped), _from(come, skipped)


def _from(text: str, start: int) -> str:
    shown = text[start : start + MOST].rstrip()
    return f"{'… ' if start and text else ''}{shown}{' …' if len(text) > start + MOST else ''}"


def _shown(value: Any, words: Words, names: Mapping[str, str]) -> str:
    if value is None or value in ("", []):
        return words.empty
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    if isinstance(value, str):
        text = names.get(value, value) if words.label == "escalates to" else words.choices.get(value, value)
    else:
        text = f"{value:,}" if isinstance(value, int) else f"{value:g}"
    return f"{text} {words.unit}".strip()
