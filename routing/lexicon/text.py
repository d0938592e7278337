"""Folding a message into plain words, its length in tokens, and how alike two messages are."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

# What a signal may look at. A message may have 8,000 characters (CONTRACTS), of which a paste is
# the greater part; the visitor's own words stand at its beginning or its end.
SCAN_CHARS = 12_000
HEAD_CHARS = 1_500
TAIL_CHARS = 500
FOLDED_CHARS = 2 * (HEAD_CHARS + TAIL_CHARS)  # one ligature may unfold into eighteen letters

_ENDS = ".?!…。？！"
_BREAKS = ";\n"
_DROPPED = dict.fromkeys(map(ord, "'’‘`´ʼ"))
_SPACED = {ord(char): " " for char in '\t\r\f\v\u00a0-–—/\\|_*~="“”„«»<>()[]{},:¿¡'}
_BROKEN_AND_SPACED = _SPACED | {ord(char): "\n" for char in _BREAKS}
_EDGE = ".&"  # c# and c++ keep their ends
_STRIPPED = f"{_EDGE}{_ENDS} "
_EDGES = re.compile(rf"[{re.escape(_EDGE + _ENDS)}]")
_RUNS = re.compile(r"\w+")


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as one text."""
    return frozenset(text.split())


# Words that carry no topic, in the languages the word lists know.
_STOPWORDS = word_set(
    """
    a an and any are as at be but by can could cant did do does dont for from get got had has have hello
    hey hi how i id if im in into is isnt it its just like me my need of or our please so some tell than
    thank thanks that the their them then there they this to us want was we were what whats when where
    which who why will with would you your again already still asked ask said aber als auch auf bei
    bitte das dem den der des die ein eine einen es fur hallo ich ihr im in ist kann kein konnen man
    mein meine mich mir mit nicht oder sie sind und von was welche wenn wer wie wir wo zu zum zur au aux
    avec bonjour ce ces cest comment dans de des du elle en est et il je la le les ma mais me mes mon
    nous ou par pas plus pour puis quand que quel quelle qui se ses si sont sur un une vous al como con
    cual cuando del donde el ella es esta este hay hola la las lo los mi mis no o para pero por puedo
    que quiero se si sin su sus un una y yo
    """
) - {"no", "not", "nicht", "pas", "kein", "sin"}

KEY_CHARS = 4  # of a word; separates `script` from `subscription`, and is shorter than most words

STEM_CHARS = 5  # enough to join booking, bookings and booked; plan and planning stay apart

# ASCII letters and spaces make about four characters a token in the tokenizers of all three wires;
# digits and punctuation about two; other alphabets of Europe two, CJK and emoji one.
_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123)) + b" "
_ASCII = bytes(range(128))
_CONTINUATION = bytes(range(0x80, 0xC0))
_TWO_BYTES = bytes(range(0xC0, 0xE0))


@dataclass(frozen=True)
class Reading:
    """A message as the word lists see it.

    `line` has the words of all sentences with ` | ` between sentences and at both ends, so that a
    pattern can anchor at a sentence and never runs across one. `asked` says which sentences ended
    with a question mark.
    """

    sentences: tuple[str, ...]
    asked: tuple[bool, ...]
    line: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return all words in order."""
        return tuple(" ".join(self.sentences).split())

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Return each sentence as a line of its own, led by a space."""
        return tuple([f" | {sentence} |" for sentence in self.sentences])

    @cached_property
    def places(self) -> dict[str, int]:
        """Return in which sentences a key stands: a number with a bit for each sentence."""
        places: dict[str, int] = {}
        bit = 1
        for sentence in self.sentences:
            for key in key_set(sentence):
                places[key] = places.get(key, 0) | bit
            bit <<= 1
        return places

    @cached_property
    def everywhere(self) -> int:
        """Return the number with a bit for each sentence."""
        return (1 << len(self.sentences)) - 1

    @cached_property
    def keys(self) -> frozenset[str]:
        """Return the keys of all words, by which a finder knows what cannot be there."""
        return frozenset(self.places)

    @cached_property
    def topic(self) -> frozenset[str]:
        """Return the stems that say what the message is about."""
        return topic(self.words)


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a model would count; within a quarter on prose, high on data."""
    raw = text.encode("utf-8", "surrogatepass")
    beyond = raw.translate(None, _ASCII + _CONTINUATION)
    letters = len(raw) - len(raw.translate(None, _LETTERS))
    ascii_rest = len(raw.translate(None, bytes(range(128, 256)))) - letters
    wide = len(beyond.translate(None, _TWO_BYTES))
    return -(-(letters + 2 * ascii_rest + 2 * (len(beyond) - wide) + 4 * wide) // 4)


def key_set(sentence: str) -> set[str]:
    """Return the first letters of each word, as a pattern's `\\b` and `\\w` see words."""
    plain = sentence.replace(" ", "").isalnum()
    runs = sentence.split() if plain else _RUNS.findall(sentence)
    return {run[:KEY_CHARS] for run in runs}


def fold(text: str) -> str:
    """Return `text` in lower case without accents and apostrophes (`Können’s` is `konnens`), capped."""
    text = text.translate(_DROPPED)
    if text.isascii():
        return text[:FOLDED_CHARS].lower()
    spread = unicodedata.normalize("NFKD", text)[:FOLDED_CHARS].casefold()
    return "".join([char for char in spread if not unicodedata.combining(char)])


def read(text: str) -> Reading:
    """Return the message as folded sentences; looks at its first and last words only."""
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    sentences: list[str] = []
    asked: list[bool] = []
    for part in _parts(fold(text)):
        sentence = part.strip(_STRIPPED)
        if _EDGES.search(sentence):
            sentence = " ".join([word for token in sentence.split() if (word := token.strip(_EDGE + _ENDS))])
        if sentence:
            sentences.append(sentence)
            asked.append("?" in part or "？" in part)
    return Reading(tuple(sentences), tuple(asked), f"| {' | '.join(sentences)} |")


def _parts(folded: str) -> list[str]:
    lines = [" ".join(line.split()) for line in folded.translate(_BROKEN_AND_SPACED).split("\n")]
    joined = "\n".join(lines)
    for end in _ENDS:
        joined = joined.replace(f"{end} ", f"{end}\n")
    return joined.split("\n")


def normal(text: str) -> str:
    """Return the folded words of `text` with single spaces: the form in which phrases are compared."""
    return " ".join(read(text).words)


def phrase_in(phrase: str, words: str) -> bool:
    """Return whether whole words of `phrase` stand in `words`; both as `normal` returns them."""
    return f" {phrase} " in f" {words} "


def topic(words: tuple[str, ...]) -> frozenset[str]:
    """Return the stems that say what a message is about."""
    return frozenset(word[:STEM_CHARS] for word in words if word not in _STOPWORDS)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard index of two topics, 0 when either is empty."""
    return len(one & other) / len(one | other) if one and other else 0.0
