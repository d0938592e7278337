"""A small FAQ and messages of it that people have judged: enough of them for a calibration."""

import random
from uuid import UUID, uuid4

from faq import index, services
from faq.models import AskedQuestion, Entry
from faq.normalize import normalize

THINGS = ("invoice", "calendar", "password", "account", "booking", "reminder", "colleague", "voucher")
DEEDS = {
    "delete": ("How do I delete my {}?", "Where can I delete the {}?", "I want my {} deleted for good"),
    "share": ("How do I share my {} with others?", "Can I share one {} with my team?", "sharing a {}"),
    "print": ("How do I print the {}?", "Where is the button that prints my {}?", "printing of a {}"),
    "rename": ("How do I rename my {}?", "Can the {} get another name?", "change how my {} is called"),
}
ASKED = {
    "delete": ("please delete the {} today", "my {} must be deleted", "how can a {} be deleted again"),
    "share": ("could I share the {} with somebody", "is sharing my {} possible", "share {} with a friend"),
    "print": ("I would like to print this {}", "does it print a {} on paper", "print out my {} now"),
    "rename": ("may I rename a {} later", "give the {} a new name", "rename {} please"),
}
VAGUE = ("something is wrong with my {}", "tell me more about the {}", "the {} does not work")
ELSEWHERE = ("what is the weather in {} like", "do you have an office in {}", "who won the match against {}")
TOWNS = ("Rome", "Oslo", "Lima", "Cairo", "Delhi", "Quito", "Seoul", "Turin", "Perth", "Malmo")
SMALL = ("", " hello", " thanks", " urgent", " today", " again", " quickly", " as always", " on my phone")


def store_faq() -> dict[tuple[str, str], str]:
    """Publish an answer for each deed and thing; return their ids."""
    found = {}
    for deed, ways in DEEDS.items():
        for thing in THINGS:
            first, *others = (way.format(thing) for way in ways)
            entry = Entry(
                question=first, answer=f"To {deed} it, open it and choose {deed}.", status="published"
            )
            found[deed, thing] = str(services.save_entry(entry, others).pk)
    index.refresh()
    return found


def store_judged(entries: dict[tuple[str, str], str], count: int, seed: int = 1, **fields: str) -> list[UUID]:
    """Store `count` different questions as production would have, judged as they are meant."""
    draw, seen, stored = random.Random(seed), set[str](), list[UUID]()
    while len(stored) < count:
        text, right = _one(draw, entries)
        if normalize(text) in seen or _exact(text):
            continue
        seen.add(normalize(text))
        stored.append(store_one(text, right, **fields))
    return stored


def _one(draw: random.Random, entries: dict[tuple[str, str], str]) -> tuple[str, str]:
    """Return a question and the entry that answers it, "" for none."""
    thing, end, kind = draw.choice(THINGS), draw.choice(SMALL), draw.random()
    if kind < 0.7:
        deed = draw.choice(sorted(ASKED))
        return draw.choice(ASKED[deed]).format(thing) + end, entries[deed, thing]
    if kind < 0.85:
        return draw.choice(VAGUE).format(thing) + end, ""
    return draw.choice(ELSEWHERE).format(draw.choice(TOWNS)) + end, ""


def _exact(text: str) -> bool:
    best = index.match(text).best
    return best is not None and best.exact


def store_one(text: str, right: str, **fields: str) -> UUID:
    """Store a message with what the matcher finds now, judged by what is `right`."""
    uuid, match = uuid4(), index.match(text)
    services.record_asked(uuid, text, match, "faq" if match.answered else "common")
    best = match.best.entry_id if match.best else ""
    label = "right" if best and best == right else "wrong" if right else "not_faq"
    judged = {"label": label, "labelled_by": "staff", "right_entry": right, **fields}
    AskedQuestion.objects.filter(pk=uuid).update(**judged)
    return uuid
