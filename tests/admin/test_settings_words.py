"""What the team says in other languages: fields, one for each text and language, and no JSON."""

import re

from django.test import Client
from django.urls import reverse

from assistant.embed import sites
from assistant.languages import NAMES
from assistant.models import AssistantSettings, Site
from assistant.translating import page_words, worded
from routing import publishing
from tests.admin.pages import form_of

SETTINGS = reverse("admin:assistant_assistantsettings_change", args=[1])


def test_a_label_is_said_in_a_language_and_taken_back(admin: Client) -> None:
    page = admin.get(SETTINGS)
    form = form_of(page)
    assert form["greeting_in_de"].startswith("Hallo!")
    assert form["label_faq_in_de"] == ""
    assert 'placeholder="Freigegebene Antwort"' in page.content.decode()
    said = {
        "label_faq": "Checked",
        "label_faq_in_de": " Geprüft ",
        "greeting_in_de": "",
        "label_lite_in_en": "AI",
    }
    assert admin.post(SETTINGS, form | said).status_code == 302
    values = publishing.current().settings
    assert values["in_languages"]["de"] == {"label_faq": "Geprüft"}
    assert values["in_languages"]["ja"].keys() == {"greeting"}
    assert [worded(values, "label_faq", each) for each in ("en", "de", "fr")] == [
        "Checked",
        "Geprüft",
        "Checked",
    ]
    assert page_words(values, "en") == {"AI answer": "AI"}

    too_long = admin.post(SETTINGS, form | {"label_heavy_in_fr": "x" * 61})
    assert too_long.status_code == 200
    assert AssistantSettings.objects.get().in_languages["de"] == {"label_faq": "Geprüft"}
    form = form_of(admin.get(SETTINGS))
    emptied = {name: "" for name in form if "_in_" in name and not name.endswith("_hour")}
    admin.post(SETTINGS, form | {name: "" for name in emptied if name.rsplit("_in_", 1)[1] in ("de", "en")})
    assert AssistantSettings.objects.get().in_languages.keys() == {"fr", "es", "pt", "ja"}


def shown(page: str) -> dict[str, list[str]]:
    """Return the table of texts by language: what stands in each cell, by the text's name."""
    table = page.rsplit('aria-labelledby="texts-by-language"', maxsplit=1)[-1].split("</table>", maxsplit=1)[
        0
    ]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("<tr>")[1:]]
    return {row[0]: [re.sub(r"<[^>]+>", "", cell) for cell in row[1:]] for row in rows}


def test_staff_see_which_text_is_missing_in_which_language(admin: Client) -> None:
    page = admin.get(SETTINGS).content.decode()
    table = shown(page)
    assert table["Text"] == list(NAMES.values())
    assert table["Approved answer"] == ["shipped"] * 6
    assert table["Greeting"] == ["yours"] * 6
    assert table["Starters in the FAQ"] == ["5", "5", "none", "none", "none", "none"]
    assert "Missing:" not in page
    admin.post(SETTINGS, form_of(admin.get(SETTINGS)) | {"label_faq": "Checked", "label_faq_in_ja": "済"})
    page = admin.get(SETTINGS).content.decode()
    assert shown(page)["Approved answer"] == ["yours", "missing", "missing", "missing", "missing", "yours"]
    assert "Missing: approved answer (Deutsch, Français, Español, Português)." in page


def test_a_site_greets_in_the_visitors_language_where_it_has_words_for_it(admin: Client) -> None:
    site = Site.objects.create(key="shop", name="Shop", origins="https://shop.example", greeting="Hi!")
    address = reverse("admin:assistant_site_change", args=[site.pk])
    page = admin.get(address)
    assert shown(page.content.decode())["Greeting"] == ["yours", *["missing"] * 5]
    assert shown(page.content.decode())["Words on the button"] == ["none"] * 6
    said = {"greeting_in_de": " Grüezi! ", "launcher_label_in_de": "Fragen?", "launcher_label": "Ask"}
    assert admin.post(address, form_of(page) | said).status_code == 302
    assert [sites.greeting_of("shop", each) for each in ("en", "de", "de-CH", "fr", "")] == [
        "Hi!", "Grüezi!", "Grüezi!", "Hi!", "Hi!",
    ]  # fmt: skip
    assert sites.greeting_of("nobody", "de") == ""
    look = Client().get(reverse("widget_look", args=["shop"]), headers={"Origin": "https://shop.example"})
    assert (look.json()["label"], look.json()["labels"]) == ("Ask", {"de": "Fragen?"})
    for language, words in (("de", "Grüezi!"), ("fr", "Hi!")):
        assert words in Client().get(f"{reverse('embed', args=['shop'])}?lang={language}").content.decode()
    assert "words on the button (Français, Español, Português, 日本語)" in admin.get(address).content.decode()
