"""Our texts in a visitor's language, from the catalogues of assistant/locale.

English stands in the code and is the key. A text with {holes} is translated first and filled then.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.utils import translation
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JavaScriptCatalog

from assistant.languages import DEFAULT, IN_LANGUAGES, for_page, supported

LOCALE: Final = Path(__file__).parent / "locale"
# What stands between thousands (CLDR); a narrow space in French, that cannot break.
_THOUSANDS: Final[Mapping[str, str]] = {
    "en": ",", "de": ".", "fr": "\u202f", "es": ".", "pt": ".", "ja": ",",
}  # fmt: skip
_WHOLE_TO: Final[Mapping[str, int]] = {"es": 9999, "pt": 9999}  # nothing stands in four digits (CLDR)
# What the settings say as shipped, and in which languages visitors read it as long as nobody has changed it.
SHIPPED: Final[Mapping[str, str]] = {
    "name": for_page("Support assistant"),
    "greeting": for_page("Ask me anything about our product."),
    "label_faq": for_page("Approved answer"),
    "label_lite": for_page("AI answer"),
    "label_heavy": for_page("AI answer, larger model"),
}
LABELS: Final = ("label_faq", "label_lite", "label_heavy")


def said(words: str, language: str, **holes: object) -> str:
    """Return an English text of ours in a language, filled; in English for one that we do not speak."""
    language = supported(language) or DEFAULT
    with translation.override(language):
        found = translation.gettext(words) if words else ""
    return found.format(**{name: _shown(value, language) for name, value in holes.items()})


def _shown(value: object, language: str) -> object:
    if not isinstance(value, int) or value <= _WHOLE_TO.get(language, 0):
        return value
    return f"{value:,}".replace(",", _THOUSANDS[language])


def worded(settings: Mapping[str, Any], name: str, language: str) -> str:
    """Return one of the texts that the team may change, one of SHIPPED, in a language.

    Their own for this language, else the translation of the shipped text, else what they typed.
    """
    typed = str(settings.get(name) or SHIPPED[name])
    own = (settings.get(IN_LANGUAGES) or {}).get(supported(language) or DEFAULT) or {}
    if own.get(name):
        return str(own[name])
    return page_catalogue(language).get(typed, typed) if typed == SHIPPED[name] else typed


def page_words(settings: Mapping[str, Any], language: str) -> dict[str, str]:
    """Return what a page in a language carries: English text to translation; nothing for plain English."""
    labels = {str(settings.get(name) or SHIPPED[name]): worded(settings, name, language) for name in LABELS}
    own = {typed: words for typed, words in labels.items() if words != typed}
    return {**page_catalogue(language), **own}


@functools.cache
def page_catalogue(language: str) -> Mapping[str, str]:
    """Return the translations of what the page's script says, empty for English."""
    language = supported(language) or DEFAULT
    if language == DEFAULT:
        return {}
    view = JavaScriptCatalog()
    view.translation = DjangoTranslation(language, domain="djangojs", localedirs=[str(LOCALE)])
    return {text: words for text, words in view.get_catalog().items() if isinstance(words, str)}
