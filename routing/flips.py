"""What a publication changes of the answers: the models of a route, its prompt, or the rule set.

Pure: it reads two snapshots as they are stored. Budgets, deadlines and targets change no answer, and
neither does the name of a rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from common.text import plain_lines
from routing.rule_words import Change, changes

FlipKind = Literal["model", "prompt", "both", "rules"]
Snapshot = Mapping[str, Any]
Row = Mapping[str, Any]

ALL = "all"  # stands for the route where the rule set changed
EVERYWHERE = "All routes"  # names what a setting of the assistant changes
LADDER = "ladder"
# What a route's prompt is made of beside the settings below; what a rollback of one route brings back.
PROMPT_PARTS = ("instructions", "max_prompt_tokens", "max_output_tokens")
PARTS = (LADDER, *PROMPT_PARTS)
# What the prompt's template takes from the assistant's settings: everything else leaves an answer as it is.
TOLD = ("name", "contact", "tone", "house_instructions")
TOLD_WORDS = {
    "name": "the assistant's name",
    "contact": "the contact",
    "tone": "tone",
    "house_instructions": "house instructions",
}


@dataclass(frozen=True)
class Flip:
    """One change of what answers on a route, with its ladder on both sides and all of it in words."""

    route: str
    kind: FlipKind
    old: tuple[str, ...]
    new: tuple[str, ...]
    changes: tuple[Change, ...]

    def stored_changes(self) -> list[dict[str, str]]:
        """Return the words as JSON values."""
        return [asdict(change) for change in self.changes]


def flips(before: Snapshot, after: Snapshot) -> list[Flip]:
    """Return what publishing `after` over `before` changes of the answers, routes in order, rules last."""
    old, new = by_slug(before), by_slug(after)
    settings = tuple(_told_changes(before.get("settings", {}), after.get("settings", {})))
    each = (
        _of_route(slug, before, after, old.get(slug, {}), new.get(slug, {}), settings)
        for slug in sorted(old.keys() | new.keys())
    )
    found = [flip for flip in each if flip is not None]
    if _rules(before) != _rules(after):
        told = tuple(change for change in changes(before, after) if change.part == "rule")
        found.append(Flip(ALL, "rules", (), (), told))
    return found


def by_slug(content: Snapshot) -> dict[str, Mapping[str, Any]]:
    """Return the routes of a snapshot by their slugs."""
    return {route["slug"]: route for route in content.get("routes", ())}


def parts_of(content: Snapshot, slug: str) -> dict[str, Any] | None:
    """Return a route's ladder and its part of the prompt, None where the snapshot has no such route."""
    route = by_slug(content).get(slug)
    return None if route is None else {part: route.get(part) for part in PARTS}


def with_parts(content: Snapshot, slug: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a snapshot in which one route has these parts, and all else is as it was."""
    routes = [{**route, **parts} if route["slug"] == slug else route for route in content["routes"]]
    return {**content, "routes": routes}


def _of_route(
    slug: str, before: Snapshot, after: Snapshot, old: Row, new: Row, settings: tuple[Change, ...]
) -> Flip | None:
    was, becomes = tuple(old.get(LADDER, ())), tuple(new.get(LADDER, ()))
    asks_models = bool(was or becomes) and bool(old and new)
    prompt = asks_models and (_own_prompt(old) != _own_prompt({**old, **new}) or bool(settings))
    if was == becomes and not prompt:
        return None
    kind: FlipKind = "prompt" if was == becomes else "both" if prompt else "model"
    name = new.get("name") or old.get("name") or slug
    sides = [
        {"models": content.get("models", ()), "routes": [_only_parts(route, name)] if route else ()}
        for content, route in ((before, old), (after, new))
    ]
    return Flip(slug, kind, was, becomes, (*changes(*sides), *(settings if prompt else ())))


def _only_parts(route: Row, name: str) -> dict[str, Any]:
    """Return of a route what changes its answers, under one name, so that nothing else is told."""
    return {"slug": route["slug"], "name": name, **{part: route[part] for part in PARTS if part in route}}


def _own_prompt(route: Row) -> list[Any]:
    """Return the parts of a route's prompt; what a browser has only ended otherwise is the same."""
    values = [route.get(part) for part in PROMPT_PARTS]
    return [plain_lines(value) if isinstance(value, str) else value for value in values]


def _told_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in (name for name in TOLD if name in before):  # not what an older release did not keep
        was, becomes = str(before.get(name) or ""), str(after.get(name) or "")
        if was != becomes:
            yield Change("route", "changed", EVERYWHERE, TOLD_WORDS[name], was or "none", becomes or "none")


def _rules(content: Snapshot) -> list[tuple[Any, Any]]:
    """Return what decides: the conditions and the route of each rule that is on, in order."""
    return [(rule["groups"], rule["route"]) for rule in content.get("rules", ())]
