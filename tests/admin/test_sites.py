"""The page of a site: what it takes, what it says to put on pages, and for whom it is."""

import re
from html import unescape

from django.test import Client
from django.urls import reverse

from assistant.embed import widget_files
from assistant.models import Site
from tests.admin.conftest import SignIn

LIST, ADD = reverse("admin:assistant_site_changelist"), reverse("admin:assistant_site_add")
TYPED = {
    "name": "Shop",
    "key": "shop",
    "is_active": "on",
    "origins": "https://www.shop.example/\r\nHTTPS://shop.example:443",
    "accent": "FFEE00",
    "position": "left",
    "launcher_label": "Ask us",
    "greeting": "",
    "language": "de",
}


def words(client: Client, url: str) -> str:
    return unescape(client.get(url).content.decode())


def test_a_site_is_made_with_addresses_as_browsers_write_them(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    page = admin.get(ADD).content.decode()
    assert "Put it on your pages" not in page
    made = admin.post(ADD, {**TYPED, **identity_form(page)}, follow=True)
    assert "would be hard to read there" in made.content.decode()
    row = Site.objects.get(key="shop")
    assert row.origins == "https://www.shop.example\nhttps://shop.example"
    assert row.accent == "#ffee00"

    url = reverse("admin:assistant_site_change", args=[row.pk])
    page = words(admin, url)
    loader = widget_files.latest()
    assert re.search(r'<script async src="http://[^/"]+/widget\.js" data-site="shop"></script>', page)
    assert (
        f'widget/{loader.version}/widget.js" integrity="{loader.integrity}" crossorigin="anonymous"' in page
    )
    for directive in ("script-src", "frame-src", "connect-src"):
        assert re.search(rf"{directive} http://\S+;", page)
    assert "Nobody sees the chat yet" not in page
    assert reverse("embed", args=["shop"]) in page
    assert 'name="key"' not in page  # it stands in pages that nobody here can change

    off = {**TYPED, "origins": "", **identity_form(admin.get(url).content.decode())}
    off.pop("is_active")
    admin.post(url, off)
    assert "Nobody sees the chat yet" in words(admin, url)
    assert "Switched off" in words(admin, LIST)


def test_addresses_and_colours_that_are_none_are_refused_with_what_is_wrong(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    form = identity_form(admin.get(ADD).content.decode())
    for bad, why in (
        ({"origins": "http://www.shop.example"}, "is not encrypted: write https://www.shop.example"),
        ({"origins": "https://shop.example/help"}, "something behind the host"),
        ({"origins": "https://*.shop.example"}, "has a star"),
        ({"origins": "https://" + "x" * 5000}, f"“https://{'x' * 91}…” has a host that is no name"),
        ({"accent": "green"}, "such as #0a6e5c"),
        ({"accent": "rgb(10, 110, 92)"}, "such as #0a6e5c"),
        ({"key": "my shop"}, "Letters, digits, hyphens and underscores only."),
        ({"key": "larkfield"}, "Another site has this key."),
    ):
        refused = admin.post(ADD, {**TYPED, **form, **bad})
        assert why in unescape(refused.content.decode())
    assert not Site.objects.filter(key="shop").exists()


def test_sites_are_for_administrators(sign_in: SignIn) -> None:
    for role in ("support", "manager"):
        client = sign_in(role)
        assert client.get(LIST).status_code == 403
        assert "Sites" not in client.get(reverse("admin:index")).content.decode()
    assert "Sites" in sign_in("admin").get(reverse("admin:index")).content.decode()


def identity_form(page: str) -> dict[str, str]:
    """Return the hidden counts of whatever rows stand below the form."""
    return dict(re.findall(r'name="(\w+-(?:TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS)" value="(\d+)"', page))


def test_the_addresses_of_a_site_stand_below_each_other_on_a_phone_too(sign_in: SignIn) -> None:
    Site.objects.create(key="two", name="Two", origins="https://a.example\nhttps://b.example")
    listed = sign_in("admin").get(LIST).content.decode()
    # The theme puts the elements of a cell side by side there, so it has one.
    assert "<div><div>https://a.example</div><div>https://b.example</div></div>" in listed
