"""How a question is reduced to the words that decide which entry it asks for.

Two questions are *the same* when their normalised texts are equal: case, accents, punctuation,
contractions, a greeting in front and thanks at the end do not make another question. "can't" and
"cannot" do make another one than "can".
"""

import re
import unicodedata

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'", "`": "'"})
# Letters that NFKD does not take apart.
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"})

_WORD = re.compile(r"[^\W_]+")

# As people type them without the apostrophe. "wont", "cant" are words of their own nowhere in support.
_CONTRACTIONS = {
    "cant": "can not",
    "cannot": "can not",
    "wont": "will not",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "isnt": "is not",
    "arent": "are not",
    "wasnt": "was not",
    "werent": "were not",
    "hasnt": "has not",
    "havent": "have not",
    "hadnt": "had not",
    "couldnt": "could not",
    "wouldnt": "would not",
    "shouldnt": "should not",
    "im": "i am",
    "ive": "i have",
    "whats": "what is",
    "wheres": "where is",
    "hows": "how is",
    "theres": "there is",
    "thats": "that is",
    "u": "you",
    "ur": "your",
    "pls": "please",
    "plz": "please",
    "pw": "password",
    "acct": "account",
    "login": "log in",
    "signin": "sign in",
    "signup": "sign up",
    "logout": "log out",
}
_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|hallo|moin|good (?:morning|afternoon|evening)|guten (?:tag|morgen|abend))"
    r"(?: (?:there|all|team|zusammen))?(?: |$))+"
)
_COURTESY = re.compile(
    r"^(?:please|bitte)\b ?| ?\b(?:please|thanks(?: a lot)?|thank you|thx|cheers|bitte|danke)$"
)

# "turn of reminders" is "off" with a letter short, and without it would read like "turn on reminders".
_SWITCHING = frozenset(verb + end for verb in ("turn", "switch") for end in ("", "s", "es", "ed", "ing"))


def _switched(found: list[str]) -> list[str]:
    """Return the words with "off" for an "of" right after "turn" or "switch", or after it and at the end."""
    last = len(found) - 1

    def slip(place: int) -> bool:
        before = found[:place] if place == last else found[max(0, place - 1) : place]
        return not _SWITCHING.isdisjoint(before)

    return ["off" if word == "of" and slip(place) else word for place, word in enumerate(found)]


def _unfold_contractions(text: str) -> str:
    """Return `text` with "can't" as "can not", "won't" as "will not", "I'm" as "I am"."""
    text = re.sub(r"\bcan't\b", "can not", text)
    text = re.sub(r"\bwon't\b", "will not", text)
    text = re.sub(r"n't\b", " not", text)
    text = re.sub(r"\b(what|where|how|that|there|it|who|when)'s\b", r"\1 is", text)
    text = re.sub(r"'m\b", " am", text)
    text = re.sub(r"'re\b", " are", text)
    text = re.sub(r"'ve\b", " have", text)
    text = re.sub(r"'ll\b", " will", text)
    return re.sub(r"'s\b|'d\b", "", text)


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order, contractions taken apart."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES).translate(_LETTERS)
    text = unicodedata.normalize("NFKD", _unfold_contractions(text))
    text = "".join(char for char in text if not unicodedata.combining(char))
    # "sign-in", "sign in" and "signin" are one thing; so are "e-mail" and "email".
    text = re.sub(r"\b(e)-(mail|mails)\b", r"\1\2", text)
    found: list[str] = []
    for word in _WORD.findall(text):
        found.extend(_CONTRACTIONS.get(word, word).split())
    return _switched(found) if "of" in found else found


def normalize(text: str) -> str:
    """Return the text under which a question is stored and looked up; "" when it holds no word."""
    text = " ".join(words(text))
    while True:
        shorter = _COURTESY.sub("", _GREETING.sub("", text)).strip()
        if shorter in ("", text):
            return text
        text = shorter
