"""The languages that our own texts are in, which of them a visitor reads, and which one a text is in.

Pure. Models answer in any language by themselves; this is for our own texts.
"""

from collections.abc import Mapping
from typing import Final

# Each with its own name, as it stands in the menu.
NAMES: Final[Mapping[str, str]] = {
    "en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "pt": "Português", "ja": "日本語",
}  # fmt: skip
LANGUAGES: Final = tuple(NAMES)
DEFAULT: Final = "en"
MOST_PREFERRED = 20  # of an Accept-Language header: browsers send a handful
AT_LEAST = 20  # characters: below, a name or a number decides
IN_LANGUAGES: Final = "in_languages"  # of the settings: what the team says itself, by language and name
JUDGED = 400  # characters of an answer that its language is told by: some seventy words leave no doubt
CERTAIN_LEAD = 2  # so many more words than the next language before a message counts as being in one

# Words that build sentences in one of these languages and are rare in the others; "no" and "me" tell nothing.
_WORDS: Final = {
    "en": """
        the is are my your how what where when why who can could would should please thanks
        thank hello you with this that have has had not but from want need like and for it of to
        do does did i im will somebody someone person human talk speak help anybody anyone there
        agent call me
    """,
    "de": """
        der das den dem und ich nicht ist sind mein meine meinen meinem wie wo wann warum wer
        kann können könnte bitte danke hallo sie mit dieser diese habe hat aber von möchte
        brauche für es zu einen einem eine ein jemand jemandem mensch menschen sprechen reden
        hilfe guten tag morgen tschüss vielen dank schön wir moin servus mir kein keine
    """,
    "fr": """
        le la les des une est sont mon ma mes comment où quand pourquoi qui peut peux pouvez
        voudrais merci bonjour bonsoir salut avec ce cette mais je vous nous pas ne sur à
        quelqu'un personne humain parler aide s'il svp besoin veux beaucoup revoir au et pour
        dans conseiller j'aimerais
    """,
    "es": """
        el los las una es son mi mis cómo dónde cuándo quién puede puedo puedes quiero gracias
        hola con este esta pero yo usted por favor muchas buenos buenas días tardes adiós hablar
        persona alguien humano ayuda necesito y para en del al qué señor agente
    """,
    "pt": """
        o os as uma é são meu minha meus minhas onde quando quem pode posso quero obrigado
        obrigada olá oi com este esta mas eu você não por favor bom boa dia tarde noite tchau
        falar pessoa alguém humano ajuda preciso e para em do da ao atendente muito gostaria
    """,
}
_SETS: Final = {language: frozenset(words.split()) for language, words in _WORDS.items()}


def _is_japanese(text: str) -> bool:
    """Return whether kana stand in the text: Chinese has none, and no Japanese sentence is without."""
    return any("\u3040" <= char <= "\u30ff" for char in text)


def certain_language(text: str) -> str:
    """Return the language of a message where its words leave no doubt, else ""."""
    if _is_japanese(text):
        return "ja"
    words = [word.strip('.,;:!?¡¿()"“”„«»…') for word in text.lower().replace("’", "'").split()]
    counts = sorted(
        ((sum(word in known for word in words), language) for language, known in _SETS.items()), reverse=True
    )
    (most, language), (second, _) = counts[0], counts[1]
    alone = most == 1 and second == 0 and len(words) <= 2  # "Danke!"
    return language if most - second >= CERTAIN_LEAD or alone else ""


def language_of_answer(text: str) -> str:
    """Return the language of a model's answer where its first words leave no doubt, else ""."""
    return certain_language(text[:JUDGED]) if len(text) > AT_LEAST else ""


def main_language(tag: str) -> str:
    """Return the language of a tag without its region: `pt-BR` and `pt_br` are `pt`."""
    return tag.replace("_", "-").partition("-")[0].strip().lower()


def supported(language: str) -> str:
    """Return the one of LANGUAGES that a language tag such as `pt-BR` means, "" for another."""
    main = main_language(language)
    return main if main in LANGUAGES else ""


def preferred(header: str) -> str:
    """Return the first of LANGUAGES that an Accept-Language header asks for, "" for none of them."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:MOST_PREFERRED]):
        tag, _, weight = part.partition(";")
        ranked.append((-_weight(weight), place, supported(tag)))
    return next((language for weight, _, language in sorted(ranked) if language and weight < 0), "")


def _weight(text: str) -> float:
    """Return what an Accept-Language header says of a language, from 0 to 1; 0 for what cannot be read."""
    name, _, value = text.replace(" ", "").partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name == "q" else 0.0
    except ValueError:
        return 0.0


def asked_in(text: str, visitor_language: str) -> str:
    """Return the language of a question: its own where certain, else the visitor's, which may be ""."""
    return certain_language(text) or visitor_language


def translatable(text: str) -> str:
    """Return an English text as it is, and have it stand in the catalogue; who shows it translates it."""
    return text


def for_page(text: str) -> str:
    """Return an English text as it is, and have it stand in the catalogue that pages carry.

    For texts that go to all pages of a conversation alike, in whatever language each of them is.
    """
    return text


def reply_language(text: str, visitor_language: str) -> str:
    """Return the language of a fixed reply: the message's where certain, else the visitor's, else English."""
    return certain_language(text) or supported(visitor_language) or DEFAULT


def note_language(text: str, visitor_language: str) -> str:
    """Return the language of what stands around the talk: the page's, else that of the message, else English.

    Receipts, notes, notices and errors are the page speaking, beside its own buttons. A message may well
    quote another language; what its visitor chose to read does not.
    """
    return supported(visitor_language) or certain_language(text) or DEFAULT
