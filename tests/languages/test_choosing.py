"""Which language a visitor reads: by the address, the cookie, the browser, and for what each counts."""

import json
import re

import pytest
from django.test import Client
from pytest_django import Settings

from assistant.languages import (
    LANGUAGES,
    asked_in,
    language_of_answer,
    note_language,
    preferred,
    reply_language,
    supported,
)
from assistant.models import AssistantSettings, Request, Visitor
from assistant.translating import page_words, said, worded

GERMAN = {"accept-language": "de-CH,de;q=0.9,en;q=0.8"}
LONG = "Bitte " * 1000


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("pt-BR,pt;q=0.9", "pt"),
        ("it,nl;q=0.9", ""),
        ("gl,es;q=0.7,en;q=0.9", "en"),
        ("en;q=0.2, ja;q=0.9", "ja"),
        ("fr;q=0,de;q=0.1", "de"),
        ("fr;q=high,*;q=0.5", ""),
        ("fr;level=1", ""),
        ("", ""),
        (",".join(f"x{n}" for n in range(500)) + ",de", ""),
    ],
)
def test_the_browser_names_languages_by_weight(header: str, language: str) -> None:
    assert preferred(header) == language
    assert supported("de_AT") == "de"
    assert supported("deutsch") == ""


def test_a_question_is_in_its_own_language_and_an_answer_only_when_that_is_certain() -> None:
    assert asked_in("How do I pay for this?", "de") == "en"
    assert asked_in("SSO?", "de") == "de"
    for message, page, answered, noted in (
        ("How do I pay for this?", "de", "en", "de"),  # who quotes English still reads a German page
        ("Wie kann ich das bezahlen?", "it", "de", "de"),  # a page that nothing but English was left for
        ("SSO?", "pt-BR", "pt", "pt"),
        ("SSO?", "", "en", "en"),
    ):
        assert (reply_language(message, page), note_language(message, page)) == (answered, noted)
    assert language_of_answer("Sie können das Passwort in den Einstellungen ändern, wenn Sie nicht") == "de"
    assert language_of_answer("パスワードは設定画面から変更できます。手順は次のとおりです。") == "ja"
    assert language_of_answer("42 %, 17 EUR, 3 GB, x = y * z, HTTP 429") == ""
    assert language_of_answer("Danke!") == ""


def test_texts_are_filled_after_they_are_translated_and_numbers_look_like_home() -> None:
    words = "This is too long: {over} over the limit of {limit} characters."
    assert said(words, "en", over=1, limit=8000).endswith("1 over the limit of 8,000 characters.")
    assert "die erlaubten 8.000 Zeichen" in said(words, "de", over=1, limit=8000)
    assert "límite de 8000 caracteres" in said(words, "es", over=1, limit=8000)
    assert "límite de 12.000 caracteres" in said(words, "es", over=1, limit=12000)
    assert said(words, "xx", over=1, limit=2) == said(words, "en", over=1, limit=2)
    assert said("{name} must be text.", "ja", name="{limit}") == "{limit}はテキストです。"
    assert said("nobody has said this", "de") == "nobody has said this"
    assert said("", "de") == ""


def test_what_the_team_typed_stands_as_typed_unless_it_says_so_in_a_language() -> None:
    shipped = {"label_faq": "Approved answer", "greeting": ""}
    assert worded(shipped, "label_faq", "fr") == "Réponse validée"
    assert worded(shipped, "greeting", "de") == "Fragen Sie mich alles zu unserem Produkt."
    typed = {**shipped, "label_faq": "Checked by us"}
    assert [worded(typed, "label_faq", each) for each in ("en", "fr")] == ["Checked by us"] * 2
    own = {**typed, "in_languages": {"fr": {"label_faq": "Vérifiée"}, "en": {"label_faq": "Checked"}}}
    assert [worded(own, "label_faq", each) for each in ("en", "fr", "de")] == [
        "Checked", "Vérifiée", "Checked by us",
    ]  # fmt: skip
    assert page_words(own, "en") == {"Checked by us": "Checked"}
    assert page_words(typed, "en") == {}
    assert page_words(own, "fr")["Checked by us"] == "Vérifiée"
    assert page_words(own, "fr")["AI answer"] == "Réponse de l’IA"


def words_in(html: str) -> dict[str, str]:
    """Return the catalogue that a page carries."""
    found = re.search(r'<script id="words" type="application/json">(.*?)</script>', html)
    return dict(json.loads(found[1])) if found else {}


@pytest.mark.django_db
def test_the_page_is_in_the_browsers_language_until_the_visitor_chooses(client: Client) -> None:
    page = client.get("/", headers=GERMAN)
    html = page.content.decode()
    assert '<html lang="de" dir="ltr">' in html
    assert 'data-language="de"' in html
    assert "Stellen Sie eine Frage" in html
    assert page["content-language"] == "de"
    assert {"Accept-Language", "Cookie"} <= set(page["vary"].split(", "))
    assert words_in(html)["Online"] == "Online"
    assert words_in(html)["Talk to a person"] == "Mit einem Menschen sprechen"
    assert "language" not in client.cookies, "nothing was chosen"
    # The block is the only script in the page, it runs nothing, and the policy says nothing of it.
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", html) == [
        '<script id="words" type="application/json">'
    ]
    assert "unsafe" not in page["content-security-policy"]

    chosen = client.get("/?lang=ja&ended", headers=GERMAN)
    assert '<html lang="ja"' in chosen.content.decode()
    assert client.cookies["language"]["httponly"]
    # The menu keeps what else stands in the address, but tells nobody a second time that the chat has ended.
    assert 'href="?lang=fr" lang="fr"' in chosen.content.decode()
    assert 'lang="ja"' in client.get("/", headers=GERMAN).content.decode()
    assert client.get("/?lang=xx", headers=GERMAN)["content-language"] == "ja"
    assert client.cookies["language"].value == "ja"


@pytest.mark.django_db
def test_english_stands_in_the_page_itself(client: Client) -> None:
    for headers, known in (({}, ""), ({"accept-language": "it"}, ""), ({"accept-language": "en-GB"}, "en")):
        html = client.get("/", headers=headers).content.decode()
        assert words_in(html) == {}
        assert f'data-language="{known}"' in html
        assert '<html lang="en" dir="ltr">' in html


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_of_visitors_leaves_a_hole_or_a_tag_in_any_language(
    client: Client, settings: Settings, language: str
) -> None:
    settings.DEBUG = False
    AssistantSettings.objects.create(contact="a@b.example", privacy_url="https://b.example/p")
    client.raise_request_exception = False
    headers = {"accept-language": language}
    pages = [client.get(path, headers=headers) for path in ("/", "/person/", "/nowhere/", "/?deleted")]
    pages += [client.post("/person/", {"email": "", "text": "x" * 4001}, headers=headers)]
    pages += [Client().post("/my-data/download", headers=headers)]  # of whom nothing is known
    assert [page.status_code for page in pages] == [200, 200, 404, 200, 200, 404]
    for page in pages:
        html = re.sub(r"<script.*?</script>", "", page.content.decode(), flags=re.DOTALL)
        assert f'<html lang="{language}" dir="ltr">' in html
        assert not re.search(r"\{\w+\}|%\(|{%|&lt;b&gt;", html)


@pytest.mark.django_db
def test_refusals_and_forms_speak_the_language_and_the_admin_does_not(settings: Settings) -> None:
    settings.DEBUG = False
    client = Client(enforce_csrf_checks=True)
    refused = client.post("/end/", headers=GERMAN)
    assert refused.status_code == 403
    assert "Das Formular war veraltet" in refused.content.decode()
    page = client.get("/person/", headers=GERMAN).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    sent = {"csrfmiddlewaretoken": token[1], "email": "", "text": LONG}
    answered = client.post("/person/", sent, headers=GERMAN).content.decode()
    assert "Bitte geben Sie eine E-Mail-Adresse an" in answered
    assert "die erlaubten 4.000 Zeichen" in answered
    sign_in = client.get("/admin/login/", headers=GERMAN)
    assert 'lang="en"' in sign_in.content.decode()
    assert "content-language" not in sign_in or sign_in["content-language"] == "en"


@pytest.mark.django_db
def test_a_request_without_the_chat_is_kept_in_the_language_of_its_page(client: Client) -> None:
    page = client.get("/person/?lang=fr").content.decode()
    token = re.search(r'name="token" value="(\w+)"', page)
    assert token is not None
    made = client.post("/person/", {"email": "a@b.example", "text": "SSO 42?", "token": token[1]})
    assert made.status_code == 302
    assert Request.objects.get().language == "fr"
    assert Visitor.objects.get().language == "fr"
    receipt = client.get(made["location"]).content.decode()
    assert "Votre demande porte le numéro <b>1</b>." in receipt
