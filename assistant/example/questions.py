"""What the example's visitors ask: a list of questions, the FAQ in sloppy words, and visits of both.

Pure and repeatable: the same seed gives the same visits, so that a run can be gone on with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

FILE = Path(__file__).with_name("questions.txt")

# How often a first message is of which kind; "faq" is an FAQ phrasing in the visitor's own spelling.
MIX = {
    "faq": 42,
    "everyday": 24,
    "complex": 9,
    "code": 7,
    "free plan": 8,
    "person": 4,
    "small talk": 5,
    "long": 1,
}
FOLLOW_UPS = "follow-ups"
FOLLOWS = 0.25  # share of messages after which the same visitor writes again
GREETINGS = ("Hi, ", "Hello! ", "hey ", "Good morning, ", "quick question: ")
ENDINGS = (" please", " thanks", "??", " pls", " :)")


@dataclass(frozen=True)
class Question:
    """One message, and the plan of the visitor who writes it ("" is a guest)."""

    text: str
    plan: str = ""


@dataclass(frozen=True)
class Visit:
    """One visitor's messages in one conversation, in order."""

    plan: str
    texts: tuple[str, ...]


def read(path: Path = FILE) -> dict[str, tuple[Question, ...]]:
    """Return the questions of the file by kind. Raises ValueError for a line before the first kind."""
    kinds: dict[str, list[Question]] = {}
    kind = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("== "):
            kind = line.strip("= ")
            kinds[kind] = []
        elif not kind:
            raise ValueError(f"{path.name}: {line!r} stands before the first kind")
        else:
            kinds[kind].append(_question(line))
    return {name: tuple(questions) for name, questions in kinds.items()}


def _question(line: str) -> Question:
    plan, text = "", line
    if line.startswith("@"):
        plan, _, text = line[1:].partition(" ")
    return Question(text.replace("\\n", "\n"), plan)


def sloppy(text: str, random: Random) -> str:
    """Return `text` as somebody in a hurry types it: never equal to it, mostly still understood."""
    words = text.rstrip("?.! ").split(" ")
    if random.random() < 0.6:
        words = [word.lower() if not word.isupper() else word for word in words]
    long = [index for index, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if long and random.random() < 0.45:
        index = random.choice(long)
        words[index] = _typo(words[index], random)
    changed = " ".join(words)
    if random.random() < 0.35:
        changed = random.choice(GREETINGS) + changed
    if random.random() < 0.35 or changed == text:
        changed += random.choice(ENDINGS)
    return changed


def _typo(word: str, random: Random) -> str:
    """Return `word` with two inner letters swapped or one left out."""
    at = random.randrange(1, len(word) - 2)
    if random.random() < 0.5:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]


def visits(
    seed: int, questions: Mapping[str, Sequence[Question]], phrasings: Sequence[str]
) -> Iterator[Visit]:
    """Yield visits without end; `phrasings` are the FAQ's, and without any the mix goes without them."""
    random = Random(seed)
    kinds = [kind for kind in MIX if (kind == "faq" and phrasings) or questions.get(kind)]
    weights = [MIX[kind] for kind in kinds]
    while True:
        kind = random.choices(kinds, weights)[0]
        if kind == "faq":
            plan = random.choice(("", "", "free", "pro", "pro", "studio"))
            first = Question(sloppy(random.choice(phrasings), random), plan)
        else:
            first = random.choice(questions[kind])
        texts = [first.text]
        while kind not in ("small talk", "person") and random.random() < FOLLOWS and len(texts) < 4:
            texts.append(random.choice(questions[FOLLOW_UPS]).text)
        yield Visit(first.plan, tuple(texts))
