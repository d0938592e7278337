"""What similarity rides over: a negation, an opposite, a plan or number of another kind.

`dispute` speaks against an entry however alike it sounds; its confidence is capped. `doubt` finds a part
of the question that the entry's phrasings do not account for: often harmless, so that only a careful desk
heeds it.
"""

from collections.abc import Mapping

from faq.matching.reading import Profile, Reading
from faq.terms import stem

# The share of its confidence that a disputed candidate keeps: enough to be offered, never to be shown.
CAP = 0.5


def final(probability: float, disputed: str) -> float:
    """Return the confidence of a candidate: that of a disputed one stays in order but below CAP."""
    return probability * CAP if disputed else probability


# Pairs of which one turns the meaning of a question round.
_OPPOSITES = """
on off|add remove|create delete|upgrade downgrade|enable disable|import export|with without
before after|increase decrease|raise lower|start stop|activate deactivate|connect disconnect|open close
lock unlock|minimum maximum|buy sell|send receive|add delete|link unlink|subscribe unsubscribe
block unblock|public private|incoming outgoing|freeze unfreeze|install uninstall
monthly yearly|free paid|deposit withdraw|push pull|accept decline|accept reject|approve reject
allow forbid|visible hidden|show hide|pause resume|online offline|domestic international
credit debit|physical virtual|merge split|sender recipient|buyer seller|include exclude
einschalten ausschalten|aktivieren deaktivieren|mit ohne|vor nach|hinzufugen entfernen|anlegen loschen|an aus
"""


def _opposites() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITES.replace("\n", "|").split("|"):
        if pair.strip():
            left, right = map(stem, pair.split())
            found.setdefault(left, set()).add(right)
            found.setdefault(right, set()).add(left)
    return {word: frozenset(others) for word, others in found.items()}


OPPOSITES = _opposites()


# A phrasing is ridden on when this share of its content stands in the question.
RIDDEN = 0.6


def dispute(
    asked: Reading, terms: Mapping[str, float], entry: Profile, near: Reading, rival: Reading | None
) -> str:
    """Return in plain words why `entry` is not what is asked, "" when nothing speaks against it.

    `terms` are the question's content stems, misspellings repaired; `near` is the entry's nearest phrasing,
    `rival` that of the next entry. What differs only counts where the rest of the phrasing agrees.
    """
    if not terms and not asked.numbers:
        return "no word says what it is about"
    if pair := opposite(asked, entry, near):
        return f"the question says “{pair[0]}” and the entry “{pair[1]}”"
    said = frozenset(terms)
    common = [term for term in near.terms if term in said]
    ridden = len(near.terms) > 1 and (len(common) >= RIDDEN * len(near.terms) or len(common) == len(said))
    if ridden and (reason := _turned(asked, said, entry, near)):
        return reason
    return exchanged(said, entry, near, rival) if rival is not None else ""


def _turned(asked: Reading, said: frozenset[str], entry: Profile, near: Reading) -> str:
    """Return what turns a phrasing round that the question otherwise agrees with."""
    if negated := asked.negated & (frozenset(near.terms) - near.negated) - entry.negated:
        return f"the question negates “{asked.terms[min(negated)]}” and the entry does not"
    # A question without any negation that asks for what the entry speaks of only in the negative.
    if not asked.negated and (held := said & near.negated - entry.plain):
        return f"the entry negates “{near.terms[min(held)]}” and the question does not"
    if asked.numbers and near.numbers and not asked.numbers & entry.numbers:
        return f"the question says {min(asked.numbers)} and the entry {min(near.numbers)}"
    return ""


def opposite(asked: Reading, entry: Profile, near: Reading) -> tuple[str, str] | None:
    """Return a word of the question and its opposite in the nearest phrasing, None when there is none."""
    for word in asked.words:
        root = stem(word)
        against = OPPOSITES.get(root, frozenset()) & near.stems - asked.stems
        if against and root not in entry.stems:
            return word, min(against)
    return None


def exchanged(said: frozenset[str], entry: Profile, near: Reading, rival: Reading) -> str:
    """Return the word of the question by which a rival's phrasing differs from the entry's, else alike."""
    own, other = (
        frozenset(near.terms) - frozenset(rival.terms),
        frozenset(rival.terms) - frozenset(near.terms),
    )
    shared = frozenset(near.terms) & frozenset(rival.terms)
    if len(own) <= 1 and len(other) == 1 and shared and other <= said - entry.terms and not own & said:
        return f"“{rival.terms[min(other)]}” belongs to another entry"
    return ""


# --- for careful desks -------------------------------------------------------------------------------

LEAST_COVERED = 0.85


def doubt(asked: Reading, features: Mapping[str, float], entry: Profile) -> str:
    """Return what a careful desk holds against showing an entry unasked, "" when all is accounted for."""
    if after := asked.after - entry.after:
        return f"no phrasing of the entry asks {' and '.join(sorted(after))}"
    if entry.denies and not asked.negated:
        return "each phrasing of the entry says that something is not so, and the question does not"
    if asked.speaker and not entry.speaker:
        return "it asks for something to be done"
    if asked.numbers - entry.numbers:
        return f"no phrasing of the entry says {min(asked.numbers - entry.numbers)}"
    if features["covered"] < LEAST_COVERED:
        return "a part of the question stands in no phrasing of the entry"
    return ""
