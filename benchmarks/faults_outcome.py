"""What a caller sees of one answer, in words that are the same for every client. Standard library only."""

from dataclasses import dataclass
from typing import Any, Literal

# ended: the stream was over without an error and without a reason why.
# writing, hang: it was not over when the time was; in the first case text still came.
Told = Literal["completed", "ended", "length", "refused", "truncated", "error", "writing", "hang"]

CUT = "CUT, no error"
FRESH_S = 0.5  # text that came this shortly before the end of the time still comes

# Asked of every client with every fault; the sandbox answers from the help texts.
SYSTEM = """You are Ada. If they do not hold the answer, say so and name the contact: help@example.com
<help_texts>
<passage id="e1" title="How do I reset my password?">Open **Sign in** and choose *Forgot password*. \
We send you a link that works for an hour. Look into the spam folder if it does not arrive.</passage>
</help_texts>"""
QUESTION = "How can I reset my password?"
MAX_TOKENS = 1024


@dataclass(frozen=True)
class Outcome:
    """How one call with one fault ended for its caller."""

    fault: str
    told: Told
    text: str
    error: str = ""
    seconds: float = 0.0

    def as_row(self) -> dict[str, Any]:
        """Return the outcome for JSON, with the length of a text that is too long to keep."""
        return {
            "fault": self.fault,
            "told": self.told,
            "text": self.text[:2000],
            "characters": len(self.text),
            "error": self.error,
            "seconds": round(self.seconds, 3),
        }


def in_words(outcome: Outcome, whole: str) -> str:
    """Return what the caller sees; `whole` is the answer that the same model gives without a fault."""
    if outcome.told in {"completed", "ended"}:
        if outcome.text == whole:
            return "completed"
        return CUT if whole.startswith(outcome.text) else "completed, other text"
    if outcome.told == "error":
        return f"error{', after text' if outcome.text else ''}: {outcome.error}"
    return {
        "length": "length, said so",
        "refused": "refused",
        "truncated": "truncated, said so",
        "writing": "still writing",
        "hang": "hang",
    }[outcome.told]
