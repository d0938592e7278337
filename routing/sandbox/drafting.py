"""What the sandbox writes for staff: paraphrases out of a question's own words, and edits of a text.

It knows no entry and makes up no fact: a paraphrase puts the words of the question into another
frame, a shorter text is the beginning of the long one, a draft is sentences of the help texts.
"""

import html
import re
from collections.abc import Callable, Iterator

from routing.sandbox import extracts
from routing.sandbox.asking import Ask

_TASK = re.compile(r"^Task: (paraphrase|draft|shorten|friendlier|final)$", re.M)
_LANGUAGE = re.compile(r'language with the code "([a-z]{2})')
_TAG = {name: re.compile(rf"<{name}>(.*?)</{name}>", re.S) for name in ("question", "answer", "known")}

MOST = 8
DRAFT_SENTENCES = 4
SHORT_SHARE = 0.55  # of a text's characters that its shorter form keeps

# What a question asks after, by how it begins: the rest is what it is about.
_HEADS = {
    "en": re.compile(
        r"^(?:please\s+)?(?:(?P<how>how (?:do|can|could|should|would) (?:i|we|you)"
        r"|what do i (?:have|need) to do to)"
        r"|(?P<may>(?:can|could|may) (?:i|we|you)|is it possible to|am i able to)"
        r"|(?P<do>(?:do|does|will) (?:you|i|we|it))|(?P<where>where (?:do|can|is|are)(?: (?:i|we))?)"
        r"|(?P<what>what (?:is|are|does|do|happens)|which))\s+(?P<rest>.+?)[?.!\s]*$",
        re.I,
    ),
    "de": re.compile(
        r"^(?P<how>wie (?:kann|muss|soll) (?:ich|man))\s+(?P<rest>.+?)[?.!\s]*$"
        r"|^(?P<may>(?:kann|darf) (?:ich|man))\s+(?P<rest2>.+?)[?.!\s]*$",
        re.I,
    ),
}
_FRAMES = {
    ("en", "how"): (
        "I want to {0}", "how to {0}", "Where can I {0}?", "Can you help me {0}?", "I need to {0}",
        "steps to {0}", "What is the way to {0}?",
    ),
    ("en", "may"): (
        "Am I able to {0}?", "Is it possible to {0}?", "I would like to {0}", "Am I allowed to {0}?",
        "want to {0}", "Is there a way to {0}?",
    ),
    ("en", "do"): (
        "Is it true that you {0}?", "I would like to know if you {0}", "{0}, yes or no?",
        "Tell me whether you {0}",
    ),
    ("en", "where"): ("I am looking for {0}", "Can't find {0}", "Which page has {0}?", "How do I find {0}?"),
    ("en", "what"): ("Tell me about {0}", "Explain {0}", "I have a question about {0}", "info on {0}"),
    ("en", ""): ("{0}, what can I do?", "{0}, please help", "Quick question: {0}?"),
    ("de", "how"): (
        "Ich möchte {0}", "Wo kann ich {0}?", "Ich will {0}, wie geht das?", "Anleitung: {0}",
    ),
    ("de", "may"): ("Ist es möglich, {0}?", "Ich möchte {0}", "Geht das: {0}?"),
    ("de", ""): ("{0}, was kann ich tun?", "{0}, bitte um Hilfe", "Kurze Frage: {0}?"),
    ("fr", ""): ("{0}, que faire ?", "{0}, aidez-moi s'il vous plaît", "Une question : {0} ?"),
    ("es", ""): ("{0}, ¿qué puedo hacer?", "{0}, ayuda por favor", "Una pregunta: ¿{0}?"),
    ("it", ""): ("{0}, cosa posso fare?", "{0}, aiuto per favore", "Una domanda: {0}?"),
    ("pt", ""): ("{0}, o que posso fazer?", "{0}, ajuda por favor", "Uma pergunta: {0}?"),
    ("nl", ""): ("{0}, wat kan ik doen?", "{0}, graag hulp", "Korte vraag: {0}?"),
}  # fmt: skip
_OPENINGS = {"en": "Happy to help!", "de": "Gern helfen wir Ihnen weiter!"}
_CLOSINGS = {
    "en": "If anything is unclear, just ask us.",
    "de": "Wenn etwas unklar ist, fragen Sie uns einfach.",
}
_NOTHING = {
    "en": "[The help texts do not answer this yet: write the answer here.]",
    "de": "[Die Hilfetexte beantworten das noch nicht: schreiben Sie die Antwort hier.]",
}
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def task_of(ask: Ask) -> str:
    """Return what staff want written, empty for a visitor's question."""
    found = _TASK.search(ask.system)
    return found[1] if found else ""


def compose(ask: Ask) -> str:
    """Return the whole text for a request that `task_of` knows."""
    language = _language(ask)
    if task_of(ask) == "paraphrase":
        return "\n".join(paraphrases(_part(ask, "question"), _part(ask, "known"), language))
    if task_of(ask) == "draft":
        return _draft(ask, language)
    edits: dict[str, Callable[[str, str], str]] = {
        "shorten": _shorter,
        "friendlier": _warmer,
        "final": _tidied,
    }
    return edits[task_of(ask)](_part(ask, "answer"), language)


def _language(ask: Ask) -> str:
    found = _LANGUAGE.search(ask.system)
    return found[1] if found else "en"


def _part(ask: Ask, name: str) -> str:
    found = _TAG[name].search(ask.question)
    return html.unescape(found[1]).strip() if found else ""


def paraphrases(question: str, known: str, language: str) -> list[str]:
    """Return up to MOST other ways to ask, made of the question's words, none of them known."""
    have = {_key(line) for line in [question, *known.splitlines()]}
    found: list[str] = []
    for text in _ways(question, language):
        if _key(text) not in have:
            have.add(_key(text))
            found.append(text)
    return found[:MOST]


def _ways(question: str, language: str) -> Iterator[str]:
    form, rest = _parsed(question, language)
    for frame in _FRAMES.get((language, form), ()):
        text = frame.format(rest)
        yield text[:1].upper() + text[1:] if frame[:1].isupper() else text
    keys = [word for word in _WORD.findall(question) if extracts.stems(word)]
    if len(keys) > 1:
        yield " ".join(keys).lower()
        yield f"{' '.join(keys[1:] + keys[:1]).lower()}?"
    yield f"{rest}?"


def _parsed(question: str, language: str) -> tuple[str, str]:
    """Return how a question asks and what it is about."""
    head = _HEADS.get(language)
    found = head.match(question.strip()) if head else None
    if found is None:
        return "", question.strip(" ?.!")
    groups = found.groupdict()
    form = next(name for name, value in groups.items() if value and not name.startswith("rest"))
    return form, groups["rest"] or groups.get("rest2") or ""


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _draft(ask: Ask, language: str) -> str:
    question = _part(ask, "question")
    ranked = extracts.rank(question, ask.passages)
    if not ranked or ranked[0].share < extracts.FOUND_SHARE:
        return _NOTHING.get(language, _NOTHING["en"])
    return extracts.stacked(extracts.best_sentences(question, ranked[0].passage.text, DRAFT_SENTENCES))


def _shorter(text: str, language: str) -> str:
    """Return the leading sentences of a text, at least one and about SHORT_SHARE of it."""
    end = 0
    for piece in extracts.sentences(text):
        after = text.find(piece, end) + len(piece)
        if end and after > SHORT_SHARE * len(text):
            break
        end = after
    return text[:end]


def _warmer(text: str, language: str) -> str:
    opening = _OPENINGS.get(language, "")
    closing = _CLOSINGS.get(language, "")
    return "\n\n".join(part for part in (opening, text, closing) if part)


def _tidied(text: str, language: str) -> str:
    """Return a text with each sentence begun and ended properly, said once, and no stray space."""
    paragraphs: list[str] = []
    said: set[str] = set()
    for paragraph in extracts.paragraphs(text):
        pieces = [piece for piece in extracts.sentences(paragraph) if piece not in said]
        said.update(pieces)
        prose = all(
            not extracts.is_block(piece) and not re.match(r"[-*>#]|\d+[.)]", piece) for piece in pieces
        )
        paragraphs.append(
            extracts.joined(list(map(_sentence, pieces))) if prose else extracts.stacked(pieces)
        )
    return "\n\n".join(filter(None, paragraphs))


def _sentence(piece: str) -> str:
    piece = " ".join(piece.split())
    return piece[:1].upper() + piece[1:] + ("" if re.search(r"[.!?:…)\]*`。！？：」]$", piece) else ".")
