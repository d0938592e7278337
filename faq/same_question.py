"""Whether two questions are the same but for their small words: a stored answer may serve both, or neither.

Pure. Stricter than the matcher by far: an approved answer that was shown for the wrong question is read
beside the entry's own title, a stored one claims to answer this question. So both must speak of the same
things in the same order, and where there are sentence vectors these must agree as well.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b

from faq.likeness import Question, likeness
from faq.matching.guards import opposite
from faq.matching.reading import Reading, profile, read
from faq.matching.sparse import Floats
from faq.normalize import normalize
from faq.terms import is_content, polarity

Embed = Callable[[Sequence[str]], Floats]

# Cosine of two sentence vectors from which two questions that have passed every other guard are one. Of the
# 10,003 training questions of BANKING77, 439 pairs pass the guards and reach it; 11 of them carry two
# different labels, and each of these was read and asks the same ("How can I get a new card?").
NEAR = 0.9
MOST_EMBEDDED = 4  # stored questions whose vectors are made for one message: 5 ms each, so 20 ms at most

# Small words of which one question may have others than the other. What is not here (get and use, must and
# can, yet, only) makes another question: "Where can I use the card?", "Where can I get the card?". Nor is
# what in capitals is a name: us, it, may.
_FREE_WORDS = """
    a an the my our your this that these those i we you me is are be do does did can could will would
    to of for in on at with please tell show explain know want like help let s if so and there here just
    ein eine einen einem einer der die das den dem des mein meine meinen meinem unser unsere ich wir sie man
    es ist sind kann konnen konnte wird werden wurde zu zum zur im am bitte mir uns
"""
_FREE = frozenset(_FREE_WORDS.split())

# Signs that normalisation drops and that mean something: C# and C++, $1 and €1, 5 % and 5, -5 and 5.
_SIGNS = frozenset("+#<>=%$€£¥*/\\^~&@|°")


def signs_of(text: str) -> str:
    """Return the signs of a text that its normalised form lacks and that may make another question."""
    return "".join(char for char in text if char in _SIGNS)


def gist_of(text: str) -> str:
    """Return a short digest of what a question is about: two with other ones are never the same question."""
    about = "\0".join([signs_of(text), *read(text).terms])
    return blake2b(about.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class SameQuestion:
    """One question, to be compared with stored ones; `embed` gives unit vectors, where there are any."""

    def __init__(self, text: str, embed: Embed | None = None) -> None:
        self._text = text
        self._embed = embed
        self._signs = signs_of(text)
        self._normal = normalize(text)
        self._reading = read(text)
        self._embedded = 0

    def __call__(self, other: str) -> bool:
        """Return whether a stored question is this one in other small words."""
        if signs_of(other) != self._signs:
            return False
        if normalize(other) == self._normal:
            return True
        return self._guarded(other) and self._means(other)

    def _guarded(self, other: str) -> bool:
        mine, theirs = self._reading, read(other)
        if not mine.terms or list(mine.terms) != list(theirs.terms):
            return False
        if not _asks_alike(mine, theirs) or not _small(self._text) ^ _small(other) <= _FREE:
            return False
        if opposite(mine, profile([other]), theirs) or opposite(theirs, profile([self._text]), mine):
            return False
        own, its = Question.of(self._text), Question.of(other)
        like = likeness(own, its)
        return own.turning == its.turning and like is not None and like.kind == "same"

    def _means(self, other: str) -> bool:
        if self._embed is None:
            return True
        if self._embedded >= MOST_EMBEDDED:
            return False
        self._embedded += 1
        # One by one: single texts are remembered, and this one's was just made by the matcher.
        mine, theirs = self._embed([self._text])[0], self._embed([other])[0]
        return float(mine @ theirs) >= NEAR


def _asks_alike(mine: Reading, theirs: Reading) -> bool:
    """Return whether both negate the same, name the same figures, and ask for the same kind of answer."""
    return (
        mine.negated == theirs.negated
        and polarity(mine.words) == polarity(theirs.words)
        and _figures(mine) == _figures(theirs)
        and mine.after == theirs.after
        and mine.speaker == theirs.speaker
        and mine.opening == theirs.opening
    )


def _figures(reading: Reading) -> list[str]:
    return [word for word in reading.words if any(char.isdigit() for char in word)]


def _small(text: str) -> frozenset[str]:
    return frozenset(word for word in normalize(text).split() if not is_content(word))
