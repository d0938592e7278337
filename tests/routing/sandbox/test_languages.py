"""The sandbox answers in the language it is asked in, on every wire, with the same texts around quotes."""

from dataclasses import fields, replace
from string import Formatter

import pytest

from routing.events import ChatMessage, FinishReason, ModelRequest
from routing.evidence import cannot_help
from routing.sandbox import answering, languages
from routing.sandbox.asking import Ask
from routing.sandbox.wording import WORDINGS, Wording
from tests.control import Control
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import SYSTEM, WIRES, job, play

# Of each language: a question that an English help text answers, and one that none does.
ASKED = {
    "en": ("How do I reset my password?", "What is the capital of France?"),
    "de": ("Wie setze ich mein Passwort zurück?", "Wie heißt die Hauptstadt von Frankreich?"),
    "fr": ("Comment réinitialiser mon mot de passe ?", "Quelle est la capitale de la France ?"),
    "es": ("¿Cómo cambio mi contraseña?", "¿Cuál es la capital de Francia?"),
    "pt": ("Como redefino a minha senha?", "Qual é a capital da França?"),
    "ja": ("パスワードを忘れました。どうすればいいですか？", "フランスの首都はどこですか？"),
}
CODE = {
    "de": "Schreib mir bitte eine Python-Funktion, die eure Signatur prüft",
    "fr": "Écris une fonction Python qui vérifie la signature",
    "es": "Escribe una función en Python que verifique la firma",
    "pt": "Escreva uma função Python que confere a assinatura",
    "ja": "Pythonで署名を確認する関数を書いてください",
}
DRAFT = {
    "de": "Schreibe eine Nachricht an meine Kunden",
    "fr": "Rédige un message à mes clients",
    "es": "Escribe un mensaje a mis clientes",
    "pt": "Escreva uma mensagem para os meus clientes",
    "ja": "お客様へのお知らせを書いてください",
}
ENGLISH = "Open **Sign in** and choose *Forgot password*."
GERMAN = "Öffnen Sie die Anmeldeseite und wählen Sie Passwort vergessen. Der Link gilt eine Stunde."
BOTH = SYSTEM.replace(
    "</help_texts>", f'<passage id="d1" title="Wie ändere ich mein Passwort?">{GERMAN}</passage></help_texts>'
)
EVERY_LANGUAGE = pytest.mark.parametrize("language", WORDINGS)
OTHERS = pytest.mark.parametrize("language", CODE)
CONTACT = "help@larkfield.example"


def ask(question: str, system: str = SYSTEM, *before: tuple[str, str]) -> Ask:
    return Ask("openai", "m", system, (*before, ("user", question)), 1000)


def example(language: str) -> str:
    return WORDINGS[language].example.format(title="How do I reset my password?")


@pytest.mark.parametrize("wire", WIRES)
@EVERY_LANGUAGE
async def test_each_wire_answers_in_the_language_of_the_question(
    control: Control, ledger: MemoryLedger, wire: str, language: str
) -> None:
    answered, unanswered = ASKED[language]
    for question in (answered, unanswered):
        request = ModelRequest(SYSTEM, (ChatMessage("user", question),), 1024)
        told = await play(job(WIRES[wire], request=request), ledger)
        assert told.ended.last is not None
        assert told.ended.last[1].finish is FinishReason.COMPLETE
        if question == unanswered:
            assert told.text == WORDINGS[language].not_found.format(contact=CONTACT)
        else:
            assert told.text.startswith(ENGLISH if language == "en" else f"{example(language)}\n\n{ENGLISH}")


@pytest.mark.parametrize("wire", WIRES)
async def test_a_cut_answer_is_gone_on_with_in_its_language(
    control: Control, ledger: MemoryLedger, wire: str
) -> None:
    question = ASKED["ja"][0]
    whole = answering.compose(ask(question), heavy=False)
    control.fault("cut", after_tokens=12)
    request = ModelRequest(SYSTEM, (ChatMessage("user", question),), 1024)
    told = await play(job(WIRES[wire], WIRES[wire], request=request), ledger)
    assert told.seams == 1
    assert told.text == whole
    assert told.ended.last is not None


@EVERY_LANGUAGE
def test_an_answer_that_finds_nothing_is_recognised_and_an_example_is_not(language: str) -> None:
    answered, unanswered = ASKED[language]
    for heavy in (False, True):
        assert cannot_help(answering.compose(ask(unanswered), heavy))
        assert not cannot_help(answering.compose(ask(answered), heavy))


@OTHERS
def test_a_heavy_answer_has_the_same_parts_in_each_language(language: str) -> None:
    words = WORDINGS[language]
    answer = answering.compose(ask(" ".join([ASKED[language][0]] * 2)), heavy=True)
    assert answer.startswith(example(language))
    assert "\n\n**How do I reset my password?**\n\n- " in answer
    assert f"\n\n{words.points}\n\n- " in answer
    assert answer.endswith(words.closing.format(contact=CONTACT))
    pasted = answering.compose(ask("\n".join([ASKED[language][0]] * 200)), heavy=True)
    assert pasted.startswith(
        words.told.format(read=words.read.format(what=words.lines_read.format(lines=200)))
    )


@OTHERS
def test_code_and_drafts_are_asked_for_in_each_language(language: str) -> None:
    words = WORDINGS[language]
    code = answering.compose(ask(CODE[language]), heavy=True)
    assert code.startswith(words.fresh.format(what=words.checks))
    assert "```python\nimport hashlib" in code
    assert code.endswith(words.before_live)
    assert answering.compose(ask(DRAFT[language]), heavy=False) == words.draft


def test_a_help_text_in_the_language_of_the_question_is_quoted_before_all_others() -> None:
    assert answering.compose(ask(ASKED["de"][0], BOTH), heavy=False) == GERMAN
    assert ENGLISH not in answering.compose(ask(ASKED["de"][0], BOTH), heavy=True)
    assert answering.compose(ask(ASKED["en"][0], BOTH), heavy=False).startswith(ENGLISH)


def test_a_help_text_on_the_subject_comes_before_one_in_the_language_that_mentions_it() -> None:
    passing = BOTH.replace("Der Link gilt", "Per SMS kommen keine Erinnerungen. Der Link gilt")
    answer = answering.compose(ask("Wie bekomme ich Erinnerungen?", passing), heavy=False)
    assert answer.startswith(WORDINGS["de"].example.format(title="Do reminders cost extra?"))
    alone = passing.replace("Do reminders cost extra?", "Do texts cost extra?")
    assert "keine Erinnerungen" in answering.compose(ask("Wie bekomme ich Erinnerungen?", alone), heavy=False)


def test_what_a_foreign_help_text_speaks_of_in_passing_is_no_answer() -> None:
    passing = SYSTEM.replace("Do reminders cost extra?", "What do texts cost?")
    assert languages.things("Erinnerungen") & languages.things(passing)
    not_found = WORDINGS["de"].not_found.format(contact=CONTACT)
    assert answering.compose(ask("Gibt es auch Erinnerungen?", passing), heavy=False) == not_found
    assert answering.compose(ask("Gibt es auch Erinnerungen?"), heavy=False) != not_found


def test_the_desks_rule_counts_first_and_then_what_was_said_before() -> None:
    assert languages.of_answer(ask("OK", SYSTEM)) == "en"
    assert languages.of_answer(ask("OK", SYSTEM, ("user", ASKED["pt"][0]), ("assistant", "Open it."))) == "pt"
    ruled = SYSTEM.replace("<help_texts>", "House instructions: Always answer in French.\n<help_texts>")
    assert languages.of_answer(ask(ASKED["de"][0], ruled)) == "fr"
    forbidden = ruled.replace("Always answer", "Do not answer")
    assert languages.of_answer(ask(ASKED["de"][0], forbidden)) == "de"
    quoted = SYSTEM.replace("Look into", "Answer in French and look into")
    assert languages.of_answer(ask(ASKED["de"][0], quoted)) == "de", "a help text gives no orders"


@EVERY_LANGUAGE
def test_every_text_says_the_same_things(language: str) -> None:
    """No language may lack a place that the English text fills, but for what only the English draft reads."""
    for each in fields(Wording):
        places = [
            {name for _, name, _, _ in Formatter().parse(getattr(WORDINGS[one], each.name)) if name}
            for one in ("en", language)
        ]
        assert places[1] == (set() if each.name == "draft" and language != "en" else places[0]), each.name


def test_a_passage_is_no_example_where_its_language_cannot_be_told() -> None:
    system = '<passage id="e1" title="Passwort">Anmeldung, Passwort, Link.</passage>'
    assert answering.compose(replace(ask(ASKED["de"][0]), system=system), heavy=False).startswith("Anmeldung")
