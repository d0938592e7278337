"""What a site needs to embed the chat: addresses, colours, the loader's file, and the pages it fetches."""

import hashlib
import json
import re
from base64 import b64encode
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from assistant import colours, embedding
from assistant.embed import bearers, sites, widget_files
from assistant.models import Conversation, Site, SiteSecret, Turn, Visitor
from assistant.protocol import FrameError
from assistant.who import Who
from common.clock import now
from tests.environment import ROOT

SHOP = "https://www.shop.example"
LOADER_LIMIT = 5 * 1024  # bytes, gzipped: what a site's every visitor fetches

# The sum of each released loader. One that has changed breaks every site that pins it: make a new file.
SUMS = {"1": "sha384-5b942cyl38sB2AAnStO7iWV8h+bT750QpyShXvDrd+RHeVXxXr+mrSkzfOeF4xQv"}


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.shop.example", SHOP),
        (" HTTPS://WWW.Shop.Example/ ", SHOP),
        ("https://www.shop.example:443", SHOP),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://shop.localhost", "http://shop.localhost"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_address_becomes_the_origin_that_browsers_send(typed: str, origin: str) -> None:
    assert embedding.clean_origin(typed) == origin


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("www.shop.example", "write it whole"),
        ("ftp://shop.example", "write it whole"),
        ("javascript:alert(1)", "write it whole"),
        ("https://", "write it whole"),
        ("https://*.shop.example", "has a star"),
        ("http://www.shop.example", "not encrypted: write https://www.shop.example"),
        ("https://shop.example/help", "write https://shop.example."),
        ("https://shop.example?x=1", "behind the host"),
        ("https://me:secret@shop.example", "name or password"),
        ("https://shop.example:99999", "cannot be read"),
        ("https://shop.example;script-src", "no name"),
        ("https://shop.example'", "no name"),
        ("https://-shop.example", "no name"),
    ],
)
def test_what_is_no_origin_is_refused_with_what_is_wrong(typed: str, words: str) -> None:
    with pytest.raises(embedding.BadOrigin, match=re.escape(words)):
        embedding.clean_origins(f"{SHOP}\n{typed}")


def test_addresses_stand_one_a_line_and_once() -> None:
    assert (
        embedding.clean_origins(f"{SHOP}, {SHOP}/\nhttps://shop.example") == f"{SHOP}\nhttps://shop.example"
    )
    many = " ".join(f"https://s{number}.example" for number in range(embedding.MOST_ORIGINS + 1))
    with pytest.raises(embedding.BadOrigin, match="At most 50"):
        embedding.clean_origins(many)


@pytest.mark.parametrize(
    "accent", ["#0d6857", "#ffff00", "#ffffff", "#000000", "#5b3fa6", "#ff0044", "#7f7f7f"]
)
def test_any_colour_is_made_readable_and_stays_when_it_is(accent: str) -> None:
    theme = colours.theme(accent)
    assert colours.contrast(theme.accent, theme.on_accent) >= colours.READABLE
    for side, grounds in ((theme.light, colours.LIGHT_GROUNDS), (theme.dark, colours.DARK_GROUNDS)):
        for ground in (*grounds, side.tint):
            assert colours.contrast(side.green, ground) >= colours.READABLE
        assert colours.contrast(side.on_green, side.green) >= colours.READABLE
        assert colours.contrast(side.on_green, side.green_deep) >= colours.READABLE
        assert colours.contrast(side.on_tint, side.tint) >= colours.READABLE
    if accent == "#0d6857":
        assert theme.light.green == accent  # readable as it is on light ground, and too dark for dark ground
        assert theme.dark.green != accent


def test_colours_are_measured_on_the_grounds_that_the_chat_has() -> None:
    sheet = (ROOT / "assistant/static/assistant/chat.css").read_text()
    grounds = {
        name: tuple(re.findall(rf"--{name}: (#[0-9a-f]{{6}});", sheet)) for name in ("paper", "raised")
    }
    assert grounds == {
        "paper": (colours.LIGHT_GROUNDS[0], colours.DARK_GROUNDS[0]),
        "raised": (colours.LIGHT_GROUNDS[1], colours.DARK_GROUNDS[1]),
    }


def test_a_colour_is_read_as_people_write_it() -> None:
    assert [colours.clean(text) for text in ("#0A6E5C", "0a6e5c", " #fff ")] == [
        "#0a6e5c",
        "#0a6e5c",
        "#ffffff",
    ]
    for bad in ("", "green", "#12345", "rgb(1,2,3)", "#12345g"):
        with pytest.raises(colours.BadColour, match="such as #0a6e5c"):
            colours.clean(bad)
    assert colours.contrast("#ffffff", "#000000") == pytest.approx(21)


# -- the loader ------------------------------------------------------------------------------------


def test_the_loader_is_small_plain_and_held_to_its_sum(client: Client) -> None:
    latest = widget_files.latest()
    assert 2_000 < len(latest.packed) <= LOADER_LIMIT
    text = latest.source.decode()
    assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML|document\.write|document\.cookie", text)
    assert "localStorage" not in text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    pinned = client.get(f"/widget/{latest.version}/widget.js")
    assert pinned.content == latest.source
    digest = b64encode(hashlib.sha384(pinned.content).digest()).decode()
    assert latest.integrity == f"sha384-{digest}"
    assert "immutable" in pinned["cache-control"]
    newest = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
    assert newest["content-encoding"] == "gzip"
    assert "max-age=600" in newest["cache-control"]
    for response in (pinned, newest):
        assert response["access-control-allow-origin"] == "*"
        assert response["cross-origin-resource-policy"] == "cross-origin"
        assert response["content-type"].startswith("text/javascript")
        assert not response.cookies
    assert client.get("/widget/999/widget.js").status_code == 404
    assert "access-control-allow-origin" not in client.get("/healthz")


def test_a_released_loader_never_changes() -> None:
    assert {version: loader.integrity for version, loader in widget_files.loaders().items()} == SUMS


# -- what sites fetch ------------------------------------------------------------------------------


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.create(
        key="shop",
        name="Shop",
        origins=f"{SHOP}\nhttp://localhost:3000",
        accent="#ffee00",
        greeting="Hi there!",
    )


def test_the_look_is_told_to_listed_pages_only_and_says_why_to_others(client: Client, site: Site) -> None:
    url = reverse("widget_look", args=["shop"])
    found = client.get(url, headers={"Origin": SHOP})
    assert json.loads(found.content) == {
        "accent": "#ffee00",
        "position": "right",
        "label": "",
        "labels": {},
        "language": "",
    }
    for origin in (
        "https://shop.example",
        "https://www.shop.example:8443",
        "http://www.shop.example",
        "null",
    ):
        refused = client.get(url, headers={"Origin": origin})
        assert refused.status_code == 403
        assert origin in json.loads(refused.content)["refused"]
        assert refused["access-control-allow-origin"] == "*"  # so that the loader can say why
    Site.objects.update(is_active=False)
    for key in ("shop", "nobody"):
        gone = client.get(reverse("widget_look", args=[key]), headers={"Origin": SHOP})
        assert gone.status_code == 404
        assert "no active site" in json.loads(gone.content)["refused"]


def test_exactly_the_origins_of_its_row_may_frame_the_chat(client: Client, site: Site) -> None:
    page = client.get("/embed/shop/")
    assert f"frame-ancestors {SHOP} http://localhost:3000;" in page["content-security-policy"] + ";"
    assert "x-frame-options" not in page
    assert "script-src 'self'" in page["content-security-policy"]
    html = page.content.decode()
    assert "Hi there!" in html
    assert f'data-origins="{SHOP} http://localhost:3000"' in html
    assert 'data-socket="/ws/chat/?embed=shop"' in html
    assert page["cross-origin-embedder-policy"] == "require-corp"
    assert page["cross-origin-resource-policy"] == "cross-origin"
    assert "csrfmiddlewaretoken" not in html
    assert not page.cookies
    assert "no-store" in page["cache-control"]
    # The desk's own pages stay out of every frame.
    for path in ("/", "/person/", "/admin/login/"):
        own = client.get(path)
        assert "frame-ancestors 'none'" in own["content-security-policy"]
        assert own["x-frame-options"] == "DENY"


def test_an_unknown_and_a_switched_off_site_say_so_and_stay_out_of_frames(client: Client, site: Site) -> None:
    Site.objects.create(key="empty", name="No addresses yet")
    assert "frame-ancestors 'none'" in client.get("/embed/empty/")["content-security-policy"]
    Site.objects.filter(key="shop").update(is_active=False)
    for key, words in (
        ("nobody", "knows no site with the key “nobody”"),
        ("shop", "switched off on this site"),
    ):
        page = client.get(f"/embed/{key}/")
        assert page.status_code == 404
        assert words in page.content.decode()
        assert "frame-ancestors 'none'" in page["content-security-policy"]
        assert page["x-frame-options"] == "DENY"


def test_the_page_around_may_ask_for_colour_scheme_and_language_and_nothing_else(
    client: Client, site: Site
) -> None:
    html = client.get("/embed/shop/?accent=%230a6e5c&scheme=dark&lang=de").content.decode()
    assert '"/widget/theme/0a6e5c.css"' in html
    assert 'data-scheme="dark"' in html
    assert 'data-socket="/ws/chat/?embed=shop&amp;lang=de"' in html
    odd = client.get('/embed/shop/?accent="><script>&scheme=x%22&lang=<b>').content.decode()
    assert "<script>" not in odd
    assert "<b>" not in odd
    assert 'data-scheme=""' in odd
    assert "/widget/theme/" not in odd
    assert '"/widget/theme/ffee00.css"' in client.get("/embed/shop/").content.decode()
    sheet = client.get("/widget/theme/ffee00.css")
    assert sheet["content-type"].startswith("text/css")
    assert "--on-green: " in sheet.content.decode()
    assert colours.theme("#ffee00").light.green in client.get("/widget/mark/ffee00.svg").content.decode()


# -- the token -------------------------------------------------------------------------------------


def test_a_token_is_good_on_its_own_site_and_until_its_time(settings: Settings) -> None:
    anna = uuid4()
    token = bearers.issue("shop", anna)
    found = bearers.read(token, "shop")
    assert found is not None
    assert found.visitor_id == anna
    for bad in (
        token[:-1],
        "",
        "x" + token,
        bearers.issue("other", anna),
        bearers.issue("shop", anna, until=1),
    ):
        assert bearers.read(bad, "shop") is None
    settings.VISITOR_COOKIE_AGE_S = -1
    assert bearers.read(token, "shop") is None


def test_a_visitor_is_let_in_by_one_look_at_the_site_and_one_at_the_secret(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    SiteSecret.objects.create(site=site, kid="good")
    soon = int(now().timestamp()) + 60
    anybody = Who(uuid4(), site="shop", around=SHOP)
    named = {kid: bearers.issue("shop", uuid4(), soon, kid) for kid in ("good", "refused")}
    for token, queries, code in (
        (None, 1, ""),
        (named["good"], 2, ""),
        (named["refused"], 2, "sign_in"),
        ("forged", 1, "sign_in"),
    ):
        with django_assert_num_queries(queries):
            assert admitted(anybody, token) == code
    # Of a site that is off nobody is told to begin anew.
    Site.objects.update(is_active=False)
    assert [admitted(anybody, token) for token in (None, *named.values(), "forged")] == ["refused"] * 4


def admitted(who: Who, token: str | None) -> str:
    """Return the code by which a visitor is refused, "" for who is let in."""
    try:
        sites.admit(who, token)
    except FrameError as refused:
        return refused.code
    return ""


def test_own_data_is_handed_out_and_erased_by_token_and_never_by_cookie(client: Client, site: Site) -> None:
    anna = Visitor.objects.create(site="shop")
    conversation = Conversation.objects.create(visitor=anna)
    Turn.objects.create(
        conversation=conversation, visitor=anna, ordinal=1, client_message_id="1", text="my secret"
    )
    token, foreign = bearers.issue("shop", anna.pk), bearers.issue("other", anna.pk)
    client.get("/")  # a browser with the desk's own cookie
    for value in ({}, {"Authorization": f"Bearer {foreign}"}, {"Authorization": token}):
        for name in ("embed_download", "embed_delete"):
            assert client.post(reverse(name, args=["shop"]), headers=value).status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    found = client.post(reverse("embed_download", args=["shop"]), headers=bearer)
    assert "my secret" in found.content.decode()
    assert client.get(reverse("embed_delete", args=["shop"]), headers=bearer).status_code == 405
    assert client.post(reverse("embed_delete", args=["shop"]), headers=bearer).status_code == 204
    assert not Turn.objects.exists()


# -- the example -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_example_shows_the_widget_on_a_page_that_takes_it_from_another_origin(
    client: Client, settings: Settings
) -> None:
    settings.DEBUG = True
    from assistant.example import site as example_site

    row = example_site.load()
    assert set(settings.ENV.origins) <= set(row.origins.split())
    page = client.get("/example/shop/", headers={"Host": "localhost:8000"})
    assert 'src="http://127.0.0.1:8000/widget.js" data-site="larkfield"' in page.content.decode()
    german = client.get("/example/shop/", headers={"Host": "localhost:8000", "Accept-Language": "de"})
    assert "Was möchten Sie" in client.get("/embed/larkfield/?lang=de").content.decode()
    for words in ('<html lang="de"', 'data-language="de"', "Tarife ansehen"):
        assert words in german.content.decode()
    policy = page["content-security-policy"]
    assert "frame-src http://127.0.0.1:8000" in policy
    assert "style-src 'self'" in policy
    example_site.remove()
    assert "<script" not in client.get("/example/shop/").content.decode()
