"""What is taken out of a conversation before a provider reads it. Pure.

Each detail gets a placeholder of its own, "[e-mail 1]", the same one wherever it stands, so that an
answer can speak of it. What the company itself publishes (contact, FAQ) stays: it is no secret, and an
answer without it would be useless.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from common.personal import KINDS, Detail, find

# Said to the model only where something was taken out; the placeholders would puzzle it otherwise.
EXPLANATION = (
    "- Placeholders such as [e-mail 1] or [phone 1] stand for details of the customer that were taken out. "
    "Write them as they stand, and never guess or ask what they were.\n"
)


def details_in(texts: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return the details of texts that the company has published, as a Redactor keeps them."""
    return frozenset(_name(detail) for text in texts for detail in find(text))


def _name(detail: Detail) -> tuple[str, str]:
    return detail.kind, detail.key


@dataclass
class Redactor:
    """Replaces details by numbered placeholders, one number a detail over all texts it is given."""

    kept: Collection[tuple[str, str]] = frozenset()
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """Return `text` with the details that are not kept replaced."""
        parts, at = [], 0
        for detail in find(text):
            if _name(detail) not in self.kept:
                parts += [text[at : detail.start], self._placeholder(detail)]
                at = detail.end
        return "".join([*parts, text[at:]])

    def _placeholder(self, detail: Detail) -> str:
        name = _name(detail)
        if name not in self.numbers:
            self.numbers[name] = 1 + sum(kind == detail.kind for kind, _ in self.numbers)
        return f"[{detail.kind} {self.numbers[name]}]"

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many different details of each kind were taken out, none left out of the mapping."""
        kinds = [kind for kind, _ in self.numbers]
        return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}
