"""The languages that visitors are answered in by our own texts, and which of them a message is in.

Pure. Models answer in any language by themselves; this is for the fixed replies only.
"""

from typing import Final

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "ja")
DEFAULT: Final = "en"
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


def supported(language: str) -> str:
    """Return the one of LANGUAGES that a language tag such as `pt-BR` means, "" for another."""
    main = language.replace("_", "-").split("-")[0].strip().lower()
    return main if main in LANGUAGES else ""


def reply_language(text: str, visitor_language: str) -> str:
    """Return the language of a fixed reply: the message's where certain, else the visitor's, else English."""
    return certain_language(text) or supported(visitor_language) or DEFAULT
