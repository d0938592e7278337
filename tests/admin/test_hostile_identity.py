"""A site's form and its identity with what no page of ours would send: told, and nothing is lost."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from assistant.embed.site_keys import good, new_secret
from assistant.models import KnownClaim, Site, SiteSecret
from common.clock import now
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, text_of, words_of

MILLION = "x" * 1_000_000
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def site(seeded: None) -> Site:
    return Site.objects.create(key="shop", name="The Shop")


def address_of(site: Site) -> str:
    return reverse("admin:site_identity", args=[site.pk])


def press(client: Client, site: Site, do: str) -> str:
    page = client.post(address_of(site), {"do": do}, follow=True)
    assert page.status_code == 200
    return words_of(page)


def button(client: Client, site: Site, what: str) -> str:
    """Return what a button of the page sends."""
    found = re.search(rf'value="({what}:[^"]*)"', client.get(address_of(site)).content.decode())
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "This field is required."),
        ("   ", "This field is required."),
        (MILLION, "at most 32 characters (it has 1000000)"),
        ("se\x00ats", "Null characters are not allowed."),
        ("seats\u202e", "Small letters, digits and _, beginning with a letter."),
        ("se\u200bats", "Small letters, digits and _, beginning with a letter."),
        ("ｓｅａｔｓ", "Small letters, digits and _, beginning with a letter."),
        ("²seats", "Small letters, digits and _, beginning with a letter."),
        ("seats\nplan", "Small letters, digits and _, beginning with a letter."),
        (SCRIPT, "Small letters, digits and _, beginning with a letter."),
    ],
)
def test_a_claim_that_is_none_is_refused_at_its_field(
    admin: Client, site: Site, name: str, said: str
) -> None:
    refused = admin.post(address_of(site), {"do": "claim", "name": name})
    assert refused.status_code == 200
    assert said in words_of(refused)
    assert SCRIPT not in refused.content.decode()
    assert not KnownClaim.objects.exists()


def test_a_claim_sent_twice_is_one(admin: Client, site: Site) -> None:
    for _ in range(2):
        admin.post(address_of(site), {"do": "claim", "name": " seats "})
    assert KnownClaim.objects.get().name == "seats"


@pytest.mark.parametrize("do", ["", "burn", MILLION, "make\x00", SCRIPT, "Make", ":", "retire", "claims"])
def test_a_button_that_is_none_is_told(admin: Client, site: Site, do: str) -> None:
    new_secret(site)
    assert "Nothing was" in press(admin, site, do)
    assert SiteSecret.objects.get().retired_at is None


def test_a_double_click_makes_one_secret(admin: Client, site: Site) -> None:
    wanted = button(admin, site, "make")
    assert "Copy it now" in press(admin, site, wanted)
    kid = SiteSecret.objects.get().kid
    assert f"No secret was made: {kid} was" in press(admin, site, wanted)
    assert SiteSecret.objects.count() == 1
    assert "Copy it now" in press(admin, site, button(admin, site, "make")), (
        "who has seen it may make another"
    )
    assert SiteSecret.objects.count() == 2


def test_a_page_of_before_brings_no_refused_secret_back(admin: Client, site: Site) -> None:
    row, _ = new_secret(site)
    retire = button(admin, site, "retire")
    press(admin, site, button(admin, site, "refuse"))
    assert not good([row.kid], now())
    refused_at = SiteSecret.objects.get().retired_at
    for stale in (retire, f"refuse:{row.pk}"):
        assert f"Nothing was changed: {row.kid} was retired before." in press(admin, site, stale)
        assert SiteSecret.objects.get().retired_at == refused_at
    assert not good([row.kid], now())


def test_retiring_twice_gives_no_second_day_and_refusing_still_works(admin: Client, site: Site) -> None:
    row, _ = new_secret(site)
    press(admin, site, f"retire:{row.pk}")
    first = SiteSecret.objects.get().retired_at
    assert "was retired before" in press(admin, site, f"retire:{row.pk}")
    assert SiteSecret.objects.get().retired_at == first
    assert "is refused from now on" in press(admin, site, f"refuse:{row.pk}")
    assert not good([row.kid], now())


@pytest.mark.parametrize(
    "of", ["", "0", "²", MILLION, "9f1c0000-0000-4000-8000-000000000000", "\x00", SCRIPT]
)
def test_a_secret_that_is_none_or_of_another_site_is_told(admin: Client, site: Site, of: str) -> None:
    other, _ = new_secret(Site.objects.create(key="garden", name="Garden"))
    for pk in (of, str(other.pk)):
        for do in ("retire", "refuse"):
            assert "this site has no such secret" in press(admin, site, f"{do}:{pk}")
    assert SiteSecret.objects.get().retired_at is None


@pytest.mark.parametrize("pk", ["0", "9" * 30, "9" * 5000, "²", "1%00", "-1", "%E2%80%AE1"])
def test_a_site_that_does_not_exist_is_not_found(admin: Client, site: Site, pk: str) -> None:
    assert admin.get(f"/admin/sites/{pk}/identity/").status_code == 404
    assert admin.post(f"/admin/sites/{pk}/identity/", {"do": "make"}).status_code == 404
    page = admin.get(f"/admin/assistant/site/{pk}/change/", follow=True)
    assert page.status_code == 200
    assert "exist" in words_of(page)
    assert not SiteSecret.objects.exists()


def test_a_site_that_was_deleted_meanwhile_is_not_found(admin: Client, site: Site) -> None:
    address, form = address_of(site), {"do": "make"}
    site.delete()
    assert admin.post(address, form).status_code == 404


def test_who_may_not_change_secrets_acts_on_none(sign_in: SignIn, site: Site) -> None:
    row, _ = new_secret(site)
    for role in ("support", "manager"):
        for do in ("make", "claim", f"retire:{row.pk}", f"refuse:{row.pk}", "burn"):
            assert sign_in(role).post(address_of(site), {"do": do, "name": "seats"}).status_code == 403
    assert SiteSecret.objects.get().retired_at is None
    assert not KnownClaim.objects.exists()


UNSEEN = "Nothing of this can be seen. Type letters or digits."


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "This field is required."),
        ("name", "\u200b\u2060\u202e", UNSEEN),
        ("name", "Sh\x00op", "Null characters are not allowed."),
        ("name", MILLION, "at most 60 characters (it has 1000000)"),
        ("greeting", "\u200b", UNSEEN),
        ("greeting_in_de", "\u200b", UNSEEN),
        ("launcher_label", MILLION, "at most 40 characters (it has 1000000)"),
        ("launcher_label_in_ja", "\ufeff", UNSEEN),
        ("origins", SCRIPT, "is no address: write it whole"),
        ("origins", MILLION, "is no address: write it whole"),
        ("origins", "https://a\u202eb.example", "has a host that is no name"),
        ("origins", "https://a\x00.example", "Null characters are not allowed."),
        ("accent", MILLION, "Write a colour as # and six digits"),
        ("accent", "#\u200b12345", "Write a colour as # and six digits"),
        ("position", "top", "Select a valid choice."),
        ("language", "xx", "Select a valid choice."),
    ],
)
def test_a_field_of_a_site_that_is_wrong_is_told_and_the_rest_is_kept(
    admin: Client, site: Site, field: str, typed: str, said: str
) -> None:
    url = reverse("admin:assistant_site_change", args=[site.pk])
    opened = form_of(admin.get(url))
    other = "launcher_label" if field == "greeting" else "greeting"
    refused = admin.post(url, {**opened, other: "Mine", field: typed})
    assert refused.status_code == 200
    assert said in text_of(refused)
    assert SCRIPT not in refused.content.decode()
    assert form_of(refused)[other] == "Mine"
    site.refresh_from_db()
    assert (site.name, site.greeting, site.origins) == ("The Shop", "", "")


def test_what_turns_a_line_around_is_left_out_of_a_name(admin: Client, site: Site) -> None:
    url = reverse("admin:assistant_site_change", args=[site.pk])
    admin.post(url, {**form_of(admin.get(url)), "name": "\u202eThe\n\n <b>Shop</b>"})
    site.refresh_from_db()
    assert site.name == "The <b>Shop</b>"
    for page in (admin.get(address_of(site)), admin.get(reverse("admin:assistant_site_changelist"))):
        assert "The &lt;b&gt;Shop&lt;/b&gt;" in page.content.decode()
