"""The rules that a copy editor of each language goes by, where a machine can tell: marks, address, terms."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import pytest

from assistant.languages import LANGUAGES
from assistant.words import WORDS
from assistant.words.live import LIVE
from assistant.words.notices import NOTICES, in_language
from tests.environment import ROOT
from tests.languages.catalogues import PAGE, SERVER, TRANSLATED, read

FINE, WIDE = "\u202f", "\u00a0"  # spaces that do not break
JAPANESE = r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
# What may stand as in English: names, and words that are the same.
SAME: Mapping[str, set[str]] = {
    "de": {"Code", "Code in {language}", "Offline", "Online"},
    "fr": {"Assistant", "Code", "code", "Conversation", "Menu", "Source", "Sources"},
    "es": {"No"},
    "pt": {"Menu", "Offline", "Online"},
    "ja": set(),
}
MARKS = {"moment", "beside", "day_join", "first", "span", "seconds", "minutes", "hello"}  # no sentences
# Titles of fields that Japanese does not put as questions.
LABELS = {
    "What should they know?", "What should we know about it?", "Where should the conversation be sent?",
    "Why? (if you like)", "%(name)s could not help, or you would rather talk to a person?",
}  # fmt: skip
ENDS = {".": ".。", "?": "?？。", ":": ":：", "!": "!！。"}
# Words of another form of address than the one that is kept, or of another kind of the language.
FOREIGN: Mapping[str, str] = {
    "de": r"\b(du|dein\w*|dir|dich|euch|euer)\b|kannst|möchtest",
    "fr": r"\b(tu|toi|tes|chatter)\b|(?<!\ble )\bton\b",
    "es": r"\b(tú|tu|tus|te|vosotros|ordenador|computadora)\b|\b(puedes|quieres|tienes)\b",
    "pt": r"\b(tu|teu|tua|te|equipe|tela|usuário|arquivo|baixar|salvar|contato|registro)\b",
    "ja": r"あなた|大きなモデル|(だ|である|ない|(?<!まし)(?<!でし)た)。",
}
# Terms of the glossary: a text that has the English one has the others. Japanese leaves out who acts.
TERMS: Mapping[str, Mapping[str, str]] = {
    "approved answer": {"fr": "réponse validée", "es": "respuesta aprobada", "pt": "resposta aprovada"},
    "approved answers": {"de": "freigegebene", "fr": "réponses validées", "ja": "確認済みの回答"},
    "conversation": {
        "de": "Gespräch", "fr": "conversation", "es": "conversación", "pt": "conversa", "ja": "会話",
    },
    "conversations": {"de": "Gespräche", "fr": "conversations", "es": "conversaciones", "ja": "会話"},
    "larger model": {"de": "größere", "fr": "grand modèle", "es": "modelo más grande", "ja": "上位モデル"},
    "team": {"de": "Team", "fr": "équipe", "es": "equipo", "pt": "equipa"},
    "person": {"de": "Mensch", "fr": "personne", "es": "persona", "pt": "pessoa"},
    "assistant": {"de": "Assistent", "fr": "assistant", "es": "asistente", "pt": "assistente"},
    "e-mail": {"de": "E-Mail", "fr": "e-mail", "es": "correo", "pt": "e-mail", "ja": "メール"},
    "request no": {"de": "Anfrage Nr.", "fr": "demande n°", "es": "solicitud n.º", "ja": "お問い合わせ"},
}  # fmt: skip
# Texts that say it in other words: a title, a place in a line, who is meant anyway.
FREE = {
    "Ask for a person",
    "For a person:",
    "The person from the team had to leave. We are sorry. What you wrote is kept.",
    "You are next in line for a person.",
    "You are number {position} in line for a person.",
}


@dataclass(frozen=True)
class Text:
    """A text in one language beside its English one."""

    language: str
    english: str
    said: str


def texts() -> Iterator[Text]:
    """Yield every text that a visitor reads in each other language than English."""
    for language in TRANSLATED:
        for english, said in (*catalogued(language), *tabled(language)):
            yield Text(language, english, said)


def catalogued(language: str) -> Iterator[tuple[str, str]]:
    for domain in (SERVER, PAGE):
        for message in read(language, domain):
            if message.id:
                yield str(message.id), str(message.string)


def tabled(language: str) -> Iterator[tuple[str, str]]:
    yield from ((notice, in_language(notice, language)) for notice in NOTICES)
    for table in (WORDS, LIVE):
        english, said = asdict(table["en"]), asdict(table[language])
        yield from (
            (words, said[name])
            for name, words in english.items()
            if isinstance(words, str) and name not in MARKS
        )


TEXTS = list(texts())


def of(language: str) -> list[Text]:
    return [text for text in TEXTS if text.language == language]


def wrong(language: str, pattern: str) -> list[str]:
    """Return what was said in a language that a pattern finds, outside the holes."""
    said = (re.sub(r"%\(\w+\)s|</?b>", "x", text.said) for text in of(language))
    return [words for words in said if re.search(pattern, words, re.IGNORECASE)]


def test_the_patterns_find_what_they_are_for() -> None:
    """A rule that no text can break would pass for ever."""
    assert len(TEXTS) > 5 * 330
    assert re.search(FRENCH, "Quoi ?")
    assert re.search(FRENCH, f"Quoi{WIDE}?")
    assert re.search(FRENCH, "l'IA")
    assert not re.search(FRENCH, f"Quoi{FINE}? L’IA{WIDE}: «{WIDE}oui{WIDE}»")
    assert re.search(HALF_WIDTH, "しますか?")
    assert re.search(HALF_WIDTH, "AI モデル")
    assert not re.search(HALF_WIDTH, "AIモデル（例：name@example.com）")
    assert re.search(FOREIGN["de"], "Hast du das?")


FRENCH = rf"(?<!{FINE})[;!?]|(?<!{WIDE}):(?=\s|$)|\w'\w|«(?!{WIDE})|(?<!{WIDE})»"  # not https: and 17:00
HALF_WIDTH = rf"[()?~]|:(?=\s|$)|{JAPANESE}:|{JAPANESE} |[ :]{JAPANESE}"


def test_marks_stand_as_each_language_writes_them() -> None:
    assert wrong("fr", FRENCH) == []
    assert wrong("ja", HALF_WIDTH) == []
    for opening, closing in ("¿?", "¡!"):
        assert [each.said for each in of("es") if each.said.count(opening) != each.said.count(closing)] == []
    for language, quotes in {"de": "„“", "fr": "«»", "es": "«»", "pt": "«»", "ja": "「」"}.items():
        foreign = "".join(set("\"„“”«»「」'") - set(quotes))
        assert wrong(language, f"[{foreign}]") == [], language
        assert [each for each in of(language) if len({each.said.count(mark) for mark in quotes}) > 1] == []


def test_english_is_plain_too() -> None:
    english = {text.english for text in TEXTS}
    assert [text for text in english if re.search(r"\"|\w'\w|\.\.\.|!.*!| {2}", text)] == []
    assert [text for text in english if re.search(r"\bdesk\b", text)] == [], "visitors know no desk"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_text_ends_as_its_english_does(language: str) -> None:
    for text in of(language):
        end, said = text.english[-1], text.said[-1]
        if end in ENDS:
            assert said in ENDS[end] or (language == "ja" and text.english in LABELS), text
        else:
            assert said not in "".join(ENDS.values()), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_left_in_english(language: str) -> None:
    assert {text.english for text in of(language) if text.said == text.english} == SAME[language]


@pytest.mark.parametrize("language", TRANSLATED)
def test_one_form_of_address_and_one_kind_of_the_language_are_kept(language: str) -> None:
    assert wrong(language, FOREIGN[language]) == []


def test_a_thing_has_one_name_and_the_glossary_says_it() -> None:
    guide = (ROOT / "docs/languages.md").read_text().splitlines()
    rows = {cells[1].strip(): cells for line in guide if len(cells := line.split("|")) == 8}
    for term, names in TERMS.items():
        for language, name in names.items():
            if term in rows:
                assert name.rstrip("s") in rows[term][LANGUAGES.index(language) + 1], (term, language)
            having = [
                each for each in of(language) if re.search(rf"\b{re.escape(term)}\b", each.english, re.I)
            ]
            assert having, term
            said = {each.english for each in having if name.lower() not in spaced(each.said).lower()}
            assert said <= FREE, (language, name)


def spaced(text: str) -> str:
    """Return a text with plain spaces."""
    return text.replace(WIDE, " ").replace(FINE, " ")
