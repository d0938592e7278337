"""What speaks against an answer that was just shown: its own words, or its lack of support. Pure.

A model is never asked how sure it is: that says nothing of whether it is right. What counts is what stands
in the answer, what stands in the passages that it was given, and what the visitor does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["", "visitor", "thumbs_down", "cannot_help", "unsupported", "re_ask", "did_not_help"]

# By what an answer was found wanting, as its ledger row keeps it. The first four lead to a larger model
# under the answer, the last two are seen in the visitor's next message.
REASONS: Mapping[str, str] = {
    "visitor": "The visitor asked for more than the answer above.",
    "thumbs_down": "The visitor gave the answer above a thumbs-down.",
    "cannot_help": "The answer above says that it cannot help.",
    "unsupported": "The answer above has too little support in its passages.",
    "re_ask": "The visitor asked the same again.",
    "did_not_help": "The visitor said that the answer did not help.",
}
KINDS = tuple(REASONS)

OPENING = 2  # sentences: an apology, and then what cannot be done; later it is one open point of an answer
# Words after the admission that a contact and an offer take; more of them are help of some kind. Ours and
# the sandbox's take some 20.
AFTER_WORDS = 45
_READ_CHARS = 600  # of an answer's beginning; holds two long sentences

_NOT = r"(?:could not|couldn't|cannot|can't|can not|did not|didn't|was not able to|wasn't able to)"
_NOT_ABLE = r"(?:am not able to|'m not able to|am unable to|'m unable to|was unable to)"
_HELP = r"(?:help texts?|help articles?|help pages?|passages?|documentation|articles? i (?:have|was given))"
_IN = r"[^.!?\n]"
_ADMISSIONS = (
    # English
    rf"\b(?:i|we) ?(?:{_NOT}|{_NOT_ABLE}) (?:\w+ ){{0,2}}(?:find|answer|help|locate|say|tell|confirm)\b",
    r"\bi (?:found|find|see|have) (?:nothing|no (?:\w+ )?(?:information|details|mention|answer))\b",
    r"\bi (?:do not|don't) (?:\w+ )?have (?:\w+ ){0,2}(?:information|details|answer|that|this)\b",
    r"\bi (?:do not|don't) know\b",
    rf"\b{_HELP}{_IN}{{0,40}}\b(?:do not|does not|don't|doesn't|did not|didn't) (?:\w+ )?"
    r"(?:say|mention|cover|contain|hold|include|answer|specify|address|explain|describe|provide)\b",
    rf"\b(?:no|nothing|not)\b{_IN}{{0,60}}\b(?:in|from) (?:the|our|my) (?:\w+ )?{_HELP}\b",
    # German
    rf"\b(?:ich (?:konnte|kann)|(?:konnte|kann) ich)\b{_IN}{{0,80}}\b(?:nicht|nichts|kein\w*)\b{_IN}{{0,60}}"
    r"\b(?:finden|beantworten|helfen|weiterhelfen|sagen)\b",
    rf"\bhilfe(?:texte?n?|artikeln?|seiten?)\b{_IN}{{0,60}}\b(?:nicht|nichts|kein\w*)\b",
    rf"\b(?:nichts|kein\w*)\b{_IN}{{0,60}}\bhilfe(?:texte?n?|artikeln?|seiten?)\b",
    r"\b(?:liegen mir|mir liegen|habe ich|ich habe)\b(?: \w+){0,2} keine (?:informationen|angaben)\b",
    r"\bdas weiß ich (?:leider )?nicht\b|\bich weiß (?:das|es) (?:leider )?nicht\b",
    # French
    r"\bje n'ai (?:\w+ )?(?:pas|rien)\b(?: \w+)?(?: trouvé| d'information| d'informations| la réponse)?\b",
    rf"\bje ne (?:trouve|sais|peux|dispose)\b{_IN}{{0,20}}\b(?:pas|rien|aucune?)\b",
    rf"\b(?:textes|articles|pages) d'aide\b{_IN}{{0,40}}\bne?\b{_IN}{{0,30}}\b(?:pas|rien|aucune?)\b",
    # Spanish
    r"\bno (?:he podido|pude|puedo|logré|consigo) (?:\w+ )?(?:encontrar|responder|ayudar|decir)\w*\b",
    rf"\bno (?:encontré|encuentro|he encontrado|tengo|dispongo de)\b{_IN}{{0,30}}"
    r"\b(?:información|nada|respuesta|eso|esto)\b",
    rf"\b(?:textos|artículos|páginas) de ayuda\b{_IN}{{0,40}}\bno\b",
    # Portuguese
    r"\bnão (?:consegui|consigo|pude|posso) (?:\w+ )?(?:encontrar|responder|ajudar|localizar|dizer)\w*\b",
    rf"\bnão (?:encontrei|tenho|disponho de)\b{_IN}{{0,30}}\b(?:informaç|nada|resposta|isso|isto)",
    rf"\b(?:textos|artigos|páginas) de ajuda\b{_IN}{{0,40}}\bnão\b",
    # Japanese
    r"(?:見つかり|見つけられ|見つけることができ|見当たり|(?:お答え|回答|お手伝い|お役に立つこと)(?:することが|は|が)?でき"
    r"|記載(?:が|は)?(?:あり|ござい|されて(?:い|おり))|情報(?:が|は)(?:あり|ござい)|わかり|分かり)ません",
)  # fmt: skip
_COURTESY = re.compile(
    r"sorry|apologi|thank|hello|\bhi\b|leid|entschuldig|danke|hallo|désolé|merci|bonjour|siento|disculp|gracias"
    r"|hola|desculp|obrigad|olá|申し訳|ありがとう|すみません",
    re.I,
)
_ADMITS = re.compile("|".join(_ADMISSIONS), re.I)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_MARKS = re.compile(r"[*_`>#]+")
_JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one answer. `support` is None where it could not be said, `needs` 0 asks for none."""

    kind: Kind = ""
    support: float | None = None
    needs: float = 0.0

    @property
    def against(self) -> bool:
        """Return whether a larger model should be asked."""
        return bool(self.kind)


def judge(answer: str, support: float | None, min_support: float) -> Verdict:
    """Return what speaks against an answer: that it cannot help, or that it stands in no passage.

    `support` is the share of it that its passages hold, None where that cannot be said.
    """
    kind: Kind = ""
    if cannot_help(answer):
        kind = "cannot_help"
    elif support is not None and support < min_support:
        kind = "unsupported"
    return Verdict(kind, support, min_support)


def cannot_help(answer: str) -> bool:
    """Return whether an answer begins by saying that it cannot help, and then hardly says more.

    Recognised in English, German, French, Spanish, Portuguese and Japanese. An answer that helps and names
    one open point further down does help.
    """
    said = _MARKS.sub("", answer.replace("’", "'")).strip()
    head = [part for part in _SENTENCE_END.split(said[:_READ_CHARS]) if part.strip()][:OPENING]
    for sentence in head:
        if _ADMITS.search(sentence):
            return _words(said) - _words(sentence) <= AFTER_WORDS
        if not _COURTESY.search(sentence):
            return False
    return False


def _words(text: str) -> int:
    """Return how many words a text has; Japanese writes some two letters a word and no spaces."""
    return len(text.split()) + len(_JAPANESE.findall(text)) // 2


_ORDER = {"none": 0, "lite": 1, "standard": 2, "heavy": 3}


def climbs(before: str, after: str) -> bool:
    """Return whether the tier `after` is above the tier `before`."""
    return _ORDER.get(after, 0) > _ORDER.get(before, 0)
