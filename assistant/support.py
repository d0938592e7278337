"""How much of an answer stands in the passages that it was given. Pure.

Sentence by sentence, by words and numbers; where the words differ, by meaning, if the caller can compare
meanings. Nobody's opinion is asked, least of all the model's own.
"""

import re
from collections.abc import Callable, Sequence

from assistant.languages import certain_language
from assistant.prompts import PassageLike

# For each of some sentences the greatest likeness, in [-1, 1], to any of other sentences.
Nearest = Callable[[Sequence[str], Sequence[str]], Sequence[float]]

# Share of a sentence's words that the passages hold. On the example desk seven of eight rewordings had .57 to
# .83 of them, nine of ten inventions on the same subjects .50 at most.
WORDS = 0.55
# Cosine of MiniLM vectors from which a sentence says what one of a passage says: six of the eight rewordings
# had .67 to .88, all ten inventions .63 at most.
ALIKE = 0.65
LEAST_TERMS = 3  # a sentence of fewer says nothing that could be right or wrong
MOST_SENTENCES = 40  # of an answer that are looked at, and of passages when meanings are compared: 100 ms

_WORD = re.compile(r"[^\W\d_]{4,}")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]{2,}")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.S)
_LIST_NUMBER = re.compile(r"^\s*\d+[.)]\s+", re.M)
_SPLIT = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_CONTACT = re.compile(r"\S+@\S+|https?://\S+")
_MARKS = re.compile(r"[*_`>#|]+")
# What sentences are built with; it stands in every text and supports none.
_BUILDING = """
    about also already always another because been before being both cannot could does done each either
    else every from have here into just like make many more most much must need never only other over please
    same should some such than that their them then there these they thing this those under until upon very
    want were what when where which while will with within without would your yours yourself
    aber alle auch dann dass denn dies diese diesem diesen dieser doch eine einem einen einer haben hier ihre
    ihrem ihren ihrer kann können nach nicht noch oder sein sich sind über unter wenn werden wird zwischen
    avec cela cette dans elle elles leur mais même nous pour quand sans sont tous tout vous votre
    como cuando desde donde ellos esta este esto para pero porque puede sobre tiene todo usted
    você isso mais pode quando seus também
"""
_COMMON = frozenset(_BUILDING.split())
_ROOT = 6  # letters of a word that are compared: "booking" and "bookings", "cancel" and "cancelled" agree


def support(answer: str, passages: Sequence[PassageLike], nearest: Nearest | None = None) -> float | None:
    """Return the share of an answer's sentences that its passages hold, None where nothing can be said.

    A sentence counts when WORDS of its words, and all of its numbers, stand in the passages; else, with
    `nearest`, when it is ALIKE to one of their sentences and has no number of its own. Nothing is said of
    an answer without a sentence to judge, without passages, or in another language than they are.
    """
    sentences = [each for each in _sentences(answer) if _judged(each)][:MOST_SENTENCES]
    if not sentences or not passages or _other_language(answer, passages):
        return None
    told = " ".join(f"{passage.title} {passage.text}" for passage in passages)
    terms, numbers = _terms(told), frozenset(_NUMBER.findall(told))
    open_ones = [each for each in sentences if not _stands(each, terms, numbers)]
    meant = _meant(open_ones, passages, numbers, nearest) if nearest is not None else 0
    return (len(sentences) - len(open_ones) + meant) / len(sentences)


def _sentences(text: str) -> list[str]:
    plain = _MARKS.sub(" ", _CONTACT.sub(" ", _LIST_NUMBER.sub("", _FENCE.sub("\n", text))))
    return [part.strip() for part in _SPLIT.split(plain) if part.strip()]


def _judged(sentence: str) -> bool:
    """Return whether a sentence states something: no question, no heading of two words."""
    return not sentence.endswith(("?", "？", ":")) and len(_terms(sentence)) >= LEAST_TERMS


def _terms(text: str) -> frozenset[str]:
    """Return what a text speaks of: the roots of its longer words, and pairs of Japanese letters."""
    words = (word[:_ROOT] for word in _WORD.findall(text.lower()) if word not in _COMMON)
    pairs = (run[at : at + 2] for run in _JAPANESE.findall(text) for at in range(len(run) - 1))
    return frozenset((*words, *pairs))


def _stands(sentence: str, terms: frozenset[str], numbers: frozenset[str]) -> bool:
    said = _terms(sentence)
    return len(said & terms) >= WORDS * len(said) and numbers.issuperset(_NUMBER.findall(sentence))


def _meant(
    sentences: Sequence[str], passages: Sequence[PassageLike], numbers: frozenset[str], nearest: Nearest
) -> int:
    """Return how many sentences say in other words what a passage says, and no number that none says."""
    said = [each for each in sentences if numbers.issuperset(_NUMBER.findall(each))]
    told = [each for passage in passages for each in _sentences(passage.text)][:MOST_SENTENCES]
    if not said or not told:
        return 0
    return sum(likeness >= ALIKE for likeness in nearest(said, told))


def _other_language(answer: str, passages: Sequence[PassageLike]) -> bool:
    mine, theirs = certain_language(answer), certain_language(" ".join(each.text for each in passages))
    return bool(mine and theirs) and mine != theirs
