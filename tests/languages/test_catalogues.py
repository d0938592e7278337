"""Every text that a visitor reads has a translation in each language, and the compiled ones are these."""

import io
import re
from gettext import GNUTranslations

import pytest

from assistant.languages import LANGUAGES
from assistant.words import WORDS
from assistant.words.notices import TRANSLATED_INTO
from tests.languages.catalogues import PAGE, SERVER, TRANSLATED, compiled, missing, place, read, texts

HOLE = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]+>")


@pytest.mark.parametrize("domain", [SERVER, PAGE])
def test_every_text_is_translated_and_no_other(domain: str) -> None:
    wanted = texts()[domain]
    assert len(wanted) > 90
    for language in TRANSLATED:
        catalogue = read(language, domain)
        stored = {str(message.id) for message in catalogue if message.id}
        assert stored == set(wanted), f"{language}: `make words` has not been run"
        assert list(missing(catalogue)) == [], language


@pytest.mark.parametrize("domain", [SERVER, PAGE])
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_same_holes_and_ends_alike(language: str, domain: str) -> None:
    for message in read(language, domain):
        text, translation = str(message.id), str(message.string)
        if not text:
            continue
        assert sorted(HOLE.findall(translation)) == sorted(HOLE.findall(text)), (text, translation)
        assert translation == translation.strip(), text
        assert not (text[-1] in ":?" and translation[-1] == "."), (text, translation)


@pytest.mark.parametrize("domain", [SERVER, PAGE])
@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_compiled_is_what_is_written(language: str, domain: str) -> None:
    compiled_now = compiled(read(language, domain))
    assert place(language, domain).with_suffix(".mo").read_bytes() == compiled_now, "run `make words`"
    spoken = GNUTranslations(io.BytesIO(compiled_now))
    for message in read(language, domain):
        if message.id:
            assert spoken.gettext(str(message.id)) == message.string


def test_the_three_tables_of_our_texts_know_the_same_languages() -> None:
    assert set(WORDS) == set(LANGUAGES)
    assert TRANSLATED_INTO == TRANSLATED
    assert {path.name for path in place("de", PAGE).parents[2].iterdir()} == set(TRANSLATED)
