"""Which sentences of the help texts speak of a question: word overlap, weighted by rarity."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from routing.sandbox.asking import Passage

_KANA = "\u3040-\u30ff\u4e00-\u9fff"  # and kanji, which stand between Latin words without a blank
_WORD = re.compile(rf"[{_KANA}]+|[^\W_{_KANA}]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])\s*(?=[^\s」』）])")
_LIST_ITEM = re.compile(r"\s*(?:[-*|>]|\d+[.)])\s")
_DELIMITER = re.compile(r"\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?$")
_BLANK = re.compile(r"\n\s*\n")
_FENCE = re.compile(r"```.*?```", re.S)
_STOP = frozenset(
    {
        "a",
        "aber",
        "about",
        "als",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "auch",
        "auf",
        "be",
        "bei",
        "by",
        "can",
        "cant",
        "could",
        "das",
        "dass",
        "dem",
        "den",
        "der",
        "des",
        "die",
        "do",
        "does",
        "doesnt",
        "dont",
        "ein",
        "eine",
        "einem",
        "einen",
        "er",
        "es",
        "for",
        "from",
        "fur",
        "für",
        "get",
        "give",
        "go",
        "hat",
        "have",
        "hello",
        "help",
        "hi",
        "how",
        "i",
        "ich",
        "if",
        "ihr",
        "im",
        "in",
        "is",
        "ist",
        "it",
        "its",
        "kann",
        "kein",
        "me",
        "mein",
        "meine",
        "mich",
        "mir",
        "mit",
        "my",
        "need",
        "nicht",
        "oder",
        "of",
        "on",
        "or",
        "our",
        "please",
        "sie",
        "sind",
        "so",
        "that",
        "the",
        "then",
        "there",
        "these",
        "this",
        "to",
        "too",
        "und",
        "uns",
        "up",
        "us",
        "von",
        "wann",
        "want",
        "warum",
        "was",
        "we",
        "welche",
        "wenn",
        "wer",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "wie",
        "will",
        "wir",
        "with",
        "wo",
        "would",
        "you",
        "your",
        "zu",
        "zum",
        "zur",
    }
)
# Words that mean the same to somebody who asks for help, by their stems.
_SAME = {"text": "sms", "mail": "email", "pric": "cost", "charg": "cost", "appointment": "book"}
_ENDINGS = ("ing", "ed", "es", "s", "en", "e")
# A passage must share at least this much of the question's weight to be called an answer.
FOUND_SHARE = 0.12
# A further passage is worth quoting when it does nearly as well as the best one.
NEAR_SHARE = 0.7


def stem(word: str) -> str:
    """Return `word` in lower case without a common ending, so that `bookings` meets `book`."""
    word = word.lower()
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _joined(text: str) -> str:
    return text.replace("'", "").replace("’", "").replace("e-mail", "email").replace("E-mail", "email")


def stems(text: str) -> set[str]:
    """Return the stems of the words that carry meaning."""
    words = (match.group().lower() for match in _WORD.finditer(_joined(text)))
    found = {stem(word) for word in words if word not in _STOP and len(word) > 1}
    return {_SAME.get(word, word) for word in found}


def sentences(text: str) -> list[str]:
    """Return the sentences, list items, tables and code blocks of `text`, in order."""
    found: list[str] = []
    at = 0
    for fence in _FENCE.finditer(text):
        found += _prose(text[at : fence.start()])
        found.append(fence.group())
        at = fence.end()
    return found + _prose(text[at:])


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of `text`; a code block with blank lines in it is one."""
    found: list[str] = []
    at = 0
    for fence in _FENCE.finditer(text):
        found += [*_BLANK.split(text[at : fence.start()]), fence.group()]
        at = fence.end()
    return [part.strip() for part in [*found, *_BLANK.split(text[at:])] if part.strip()]


def _prose(text: str) -> list[str]:
    found: list[str] = []
    for rows, group in groupby(text.splitlines(), lambda line: line.lstrip().startswith("|")):
        lines = [line.strip() for line in group if line.strip()]
        if rows:
            found += _table(lines)
            continue
        for line in lines:
            found += [line] if _LIST_ITEM.match(line) else _SENTENCE.split(line)
    return found


def _table(rows: list[str]) -> list[str]:
    """Return a table as one piece; without its delimiter row it would show as raw text, so it is left out."""
    return ["\n".join(rows)] if len(rows) > 1 and _DELIMITER.match(rows[1]) else []


def is_block(piece: str) -> bool:
    """Return whether a piece is a table or a code block, which stands in no sentence and no list."""
    return piece.startswith(("|", "```"))


def stacked(pieces: Sequence[str]) -> str:
    """Return pieces line by line, with a blank line around each table and code block."""
    text = ""
    for before, piece in zip(("", *pieces), pieces, strict=False):
        gap = "\n\n" if is_block(before) or is_block(piece) else "\n"
        text += f"{gap if text else ''}{piece}"
    return text


def joined(pieces: Sequence[str]) -> str:
    """Return sentences as one line, with a blank after each that its language puts one after."""
    return "".join(f"{piece}{'' if re.search('[。！？：]$', piece) else ' '}" for piece in pieces).rstrip()


@dataclass(frozen=True)
class Scored:
    """A passage with the share of the question's weight that it covers."""

    passage: Passage
    share: float


def rank(question: str, passages: Sequence[Passage], read: Callable[[str], set[str]] = stems) -> list[Scored]:
    """Return the passages, best first; the prompt's own order decides between equals.

    `read` says which words, or what else, a text has in common with another one.
    """
    asked = read(question)
    have = [read(f"{passage.title} {passage.text}") for passage in passages]
    seen = Counter(word for words in have for word in words)
    weight = {word: 1.0 + math.log((1 + len(passages)) / (1 + seen[word])) for word in asked}
    whole = sum(weight.values()) or 1.0
    scored = []
    for place, (passage, words) in enumerate(zip(passages, have, strict=True)):
        in_title = asked & read(passage.title)
        share = (sum(weight[word] for word in asked & words) + sum(weight[word] for word in in_title)) / (
            2 * whole
        )
        scored.append(Scored(passage, share - 0.001 * place if share else 0.0))
    return sorted(scored, key=lambda item: -item.share)


def best_sentences(question: str, text: str, limit: int, *, blocks: bool = True) -> list[str]:
    """Return the `limit` sentences of `text` that share most with `question`, in their own order.

    Tables and code blocks count as sentences unless `blocks` is off.
    """
    pieces = [piece for piece in sentences(text) if blocks or not is_block(piece)]
    asked = stems(question)
    order = sorted(range(len(pieces)), key=lambda at: (-len(asked & stems(pieces[at])), at))
    return [pieces[at] for at in sorted(order[:limit])]
