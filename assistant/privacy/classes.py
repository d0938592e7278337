"""The classes of data that have an age at which they go: how long, and why that long. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

LEAST_DAYS, MOST_DAYS = 1, 3650


@dataclass(frozen=True)
class DataClass:
    """A class of data: its name in the policy, what people call it, its age in days and the reason."""

    name: str
    label: str
    days: int
    counts_from: str
    reason: str


CLASSES = (
    DataClass(
        "conversations",
        "Conversations with their answers",
        365,
        "the last message",
        "A year shows what is asked in every season. One that waits for a person stays.",
    ),
    DataClass(
        "requests",
        "Requests for a person",
        730,
        "the answer, or when it was closed",
        "Two years: complaints and warranty questions come back. One without an answer stays.",
    ),
    DataClass(
        "asked_questions",
        "Asked questions (redacted)",
        365,
        "the question",
        "What is missing in the FAQ is found by comparing seasons.",
    ),
    DataClass(
        "stored_answers",
        "Stored answers with their questions",
        30,
        "the answer",
        "The longest that one is kept, whatever hours its route says; it goes with its conversation, too.",
    ),
    DataClass(
        "partial_outputs",
        "Texts of broken answers and words of provider errors",
        30,
        "the call",
        "Needed to look into a failure, which happens within days.",
    ),
    DataClass(
        "ledger",
        "Model calls and outcomes, without texts",
        400,
        "the call",
        "A year and a month, so that a month can be compared with the same one a year before. The figures "
        "of the metrics page are kept for good; they name nobody.",
    ),
    DataClass(
        "staff_log", "What staff changed in the admin", 365, "the change", "Who did what, for a year's audit."
    ),
    DataClass(
        "sign_in_log",
        "Sign-ins of staff with their addresses",
        90,
        "the attempt",
        "Attacks are looked into within weeks.",
    ),
    DataClass(
        "uploads",
        "Uploaded FAQ files, and questions from before the desk",
        30,
        "the upload",
        "The import keeps what it needs in the entries; a file is only kept to be looked at again. Of old "
        "questions the figures stay, without a text.",
    ),
    DataClass(
        "drafts",
        "Decided proposals, answer drafts and backtests",
        180,
        "the draft",
        "Whether proposals are any good is judged over months.",
    ),
)
BY_NAME: Mapping[str, DataClass] = {each.name: each for each in CLASSES}

# Counted in the log of deletions although no number of days is set for them.
VISITORS, SESSIONS = "visitors", "sessions"
LABELS = {
    **{each.name: each.label for each in CLASSES},
    VISITORS: "Visitors without conversations and requests",
    SESSIONS: "Expired sessions",
}


def flaws(days: Mapping[str, int | None]) -> dict[str, str]:
    """Return what is wrong with a policy, by field; fields that are None were refused already."""
    found = {
        name: f"Between {LEAST_DAYS} and {MOST_DAYS:,} days."
        for name, value in days.items()
        if value is not None and not LEAST_DAYS <= value <= MOST_DAYS
    }
    for name, other, words in (
        (
            "partial_outputs",
            "conversations",
            "Not longer than conversations, of which these texts are parts.",
        ),
        ("conversations", "ledger", "Not longer than model calls, which a conversation's page shows."),
    ):
        shorter, longer = days.get(name), days.get(other)
        if shorter is not None and longer is not None and shorter > longer:
            found.setdefault(name, words)
    return found
