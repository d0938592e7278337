"""Folding a message into plain words, its length in tokens, and how alike two messages are."""

import unicodedata
from dataclasses import dataclass

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
_EDGE = ".&"  # c# and c++ keep their ends


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

    @property
    def words(self) -> tuple[str, ...]:
        """Return all words in order."""
        return tuple(word for sentence in self.sentences for word in sentence.split())


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a model would count; within a quarter on prose, high on data."""
    raw = text.encode("utf-8", "surrogatepass")
    beyond = raw.translate(None, _ASCII + _CONTINUATION)
    letters = len(raw) - len(raw.translate(None, _LETTERS))
    ascii_rest = len(raw.translate(None, bytes(range(128, 256)))) - letters
    wide = len(beyond.translate(None, _TWO_BYTES))
    return -(-(letters + 2 * ascii_rest + 2 * (len(beyond) - wide) + 4 * wide) // 4)


def fold(text: str) -> str:
    """Return `text` in lower case without accents and apostrophes (`Können’s` is `konnens`), capped."""
    spread = unicodedata.normalize("NFKD", text.translate(_DROPPED))[:FOLDED_CHARS].casefold()
    return "".join(char for char in spread if not unicodedata.combining(char))


def read(text: str) -> Reading:
    """Return the message as folded sentences; looks at its first and last words only."""
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    sentences: list[str] = []
    asked: list[bool] = []
    for part in _parts(fold(text)):
        words = [word for word in (token.strip(_EDGE + _ENDS) for token in part.split()) if word]
        if words:
            sentences.append(" ".join(words))
            asked.append("?" in part or "？" in part)
    return Reading(tuple(sentences), tuple(asked), f"| {' | '.join(sentences)} |")


def _parts(folded: str) -> list[str]:
    parts: list[str] = []
    for line in folded.translate({ord(char): "\n" for char in _BREAKS}).split("\n"):
        current: list[str] = []
        for token in line.translate(_SPACED).split():
            current.append(token)
            if token[-1] in _ENDS:
                parts.append(" ".join(current))
                current = []
        parts.append(" ".join(current))
    return parts


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
