"""What is asked of a measured desk, how often, what becomes of it, and the figures that follow from that.

Importable, so that every way to read the figures (page, file, scrape, database) can be held against it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

RESET, TEXTS = "How do I reset my password?", "Does it send texts too?"
COMPARE = "Compare Pro and Studio for 3 locations; what happens if we downgrade?"
DRAFT = "Draft a message to my clients about new opening hours"
LITE = "gemini-3.5-flash-lite"
QUICK, SLOW = {"first_text_ms": 200, "gap_ms": 2}, {"first_text_ms": 900, "gap_ms": 2}


@dataclass(frozen=True)
class Step:
    """One message, asked `times` times by new visitors, and what its reply is to be.

    `fault` is set on the sandbox for it. `tokens` is the length of each answer, of words that mean nothing;
    with 0 it is made of the passages. `then` is what the visitor does: `up`, `solved`, `unsolved`,
    `handoff`, `escalate`, or the next message.
    """

    text: str
    times: int
    route: str
    plan: str = ""
    tokens: int = 30
    pace: tuple[tuple[str, int], ...] = tuple(QUICK.items())
    state: str = "completed"
    fault: tuple[tuple[str, Any], ...] = ()
    then: str = ""
    then_route: str = ""
    left: str = "assumed"
    counts: tuple[str, ...] = ()  # figures that each reply counts in, besides those of its state


SLOWLY = tuple(SLOW.items())
DOWN = (("fault", "status"), ("model", LITE), ("status", 503), ("after_tokens", -1), ("times", 2))
BAD = (("fault", "status"), ("status", 400), ("after_tokens", -1), ("times", 8))
CUT = (("fault", "length"), ("times", 8), ("after_tokens", 10))

SCHEDULE = (
    Step("thanks", 4, "small_talk"),
    Step("I want to talk to a person", 2, "person"),
    Step(RESET, 8, "faq"),
    Step(RESET, 3, "faq", then="solved", left="confirmed", counts=("resolved",)),
    Step(RESET, 1, "faq", then="unsolved", left="unsolved"),
    Step(RESET, 2, "faq", then="handoff", left="handed_off"),
    Step(TEXTS, 2, "common", then="up", counts=("thumbs_up",)),
    Step(TEXTS, 8, "common"),
    Step(TEXTS, 3, "common", tokens=0, counts=("support_judged", "grounded")),
    Step(TEXTS, 3, "common", pace=SLOWLY),
    Step(TEXTS, 2, "common", then="escalate", then_route="complex", left="escalated",
         counts=("escalated_after",)),
    Step(TEXTS, 2, "common", then="That did not help.", then_route="complex", left="re_asked"),
    Step(COMPARE, 6, "complex", tokens=80, counts=("escalated_before",)),
    Step(DRAFT, 4, "draft", plan="free", tokens=40),
    Step(TEXTS, 5, "common", fault=DOWN, counts=("fallbacks",)),
    Step(TEXTS, 4, "common", fault=BAD, state="failed", left="no_answer", counts=("fallbacks",)),
    Step(TEXTS, 3, "common", fault=CUT, state="truncated", counts=("truncations",)),
)  # fmt: skip

_STATES = {"completed": ("completed",), "failed": ("errors",), "truncated": ()}


def expected() -> dict[tuple[str, str], int]:
    """Return what each route's counts are when all of it was played and two silent hours have passed."""
    counted: Counter[tuple[str, str]] = Counter()
    for step in SCHEDULE:
        names = ("requests", *_STATES[step.state], *step.counts, f"left_{step.left}")
        for name in names:
            counted[step.route, name] += step.times
        if step.then_route:
            # Its own reply: asked at once of the heavy tier where it is a message of its own.
            own = () if step.then == "escalate" else ("escalated_before",)
            for name in ("requests", "completed", "left_assumed", *own):
                counted[step.then_route, name] += step.times
    for (_, name), count in list(counted.items()):
        counted["all", name] += count
    return dict(counted)
