"""Sign-in through the company, and the second factor, on desks that have them switched on."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.people.browsing import Browser, totp
from tests.people.oidc import CLIENT, SECRET, Provider, running_provider
from tests.servers import PASSWORD, DeskServer, running_desk

COMPANY = "/accounts/oidc/company/login/"
ADA = {"sub": "42", "email": "ada@example.com", "email_verified": True, "given_name": "Ada"}
INVITE = """
from assistant.people.invitations import add_person
add_person("ada@example.com", "Ada", "Byron", "support")
"""
PK_OF_MANAGER = """
from django.contrib.auth.models import User
print(User.objects.get(username="manager").pk)
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as made:
        yield made


@pytest.fixture(scope="module")
def sso(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[DeskServer]:
    """Run a desk with sign-in through the company and an optional second factor."""
    env = {
        "SSO_ISSUER": provider.url, "SSO_CLIENT_ID": CLIENT, "SSO_CLIENT_SECRET": SECRET,
        "SSO_NAME": "Example Ltd", "MFA": "optional",
    }  # fmt: skip
    with running_desk(tmp_path_factory.mktemp("sso") / "var", env=env) as desk:
        desk.manage("migrate", "--verbosity", "0")  # switching it on adds tables
        desk.manage("shell", "-c", INVITE)
        yield desk


@pytest.fixture
def as_ada(provider: Provider) -> Iterator[Provider]:
    provider.claims = dict(ADA)
    yield provider
    provider.claims, provider.answers, provider.audience = {}, True, CLIENT


def test_an_invited_colleague_signs_in_through_the_company(sso: DeskServer, as_ada: Provider) -> None:
    browser = Browser(sso.url)
    page = browser.get("/admin/")
    assert "Sign in with Example Ltd" in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    home = browser.get(f"{COMPANY}?next=/admin/faq/entry/")
    assert str(home.url) == f"{sso.url}/admin/faq/entry/"
    assert browser.get("/admin/auth/user/").status_code == 403  # in her role and no other
    assert str(Browser(sso.url).get(COMPANY).url).startswith(f"{sso.url}/admin/")  # and the second time


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"sub": "7", "email": "eve@example.com"}, "was invited"),
        ({"sub": "8", "email_verified": False}, "is verified"),
        ({"sub": "9", "email_verified": "false"}, "is verified"),
        ({"sub": "10", "email": ""}, "is verified"),
    ],
)
def test_nobody_else_comes_in(
    sso: DeskServer, as_ada: Provider, claims: dict[str, object], reason: str
) -> None:
    as_ada.claims |= claims
    browser = Browser(sso.url)
    page = browser.get(COMPANY)
    assert page.status_code == 403
    assert reason in " ".join(page.text.split())
    assert "/accounts/login/" in str(browser.get("/admin/").url)
    assert (
        sso.manage(
            "shell", "-c", "from django.contrib.auth.models import User; print(User.objects.count())"
        ).split()[-1]
        == "4"
    )


def test_an_account_is_tied_by_signing_in_only(sso: DeskServer, as_ada: Provider) -> None:
    browser = Browser(sso.url)
    browser.sign_in("manager")
    page = browser.get(f"{COMPANY}?process=connect")
    assert page.status_code == 403
    assert "in no other way" in page.text


def test_a_provider_that_breaks_or_lies_lets_nobody_in(sso: DeskServer, as_ada: Provider) -> None:
    as_ada.answers = False
    broken = Browser(sso.url)
    assert "did not answer as it should" in " ".join(broken.get(COMPANY).text.split())
    as_ada.answers, as_ada.audience = True, "another-desk"
    assert "did not answer as it should" in " ".join(Browser(sso.url).get(COMPANY).text.split())
    assert "/accounts/login/" in str(broken.get("/admin/").url)


def test_nobody_signs_up(sso: DeskServer) -> None:
    browser = Browser(sso.url)
    assert browser.get("/accounts/signup/").status_code == 404
    assert browser.get("/accounts/company/signup/").status_code == 404


def set_up_factor(browser: Browser, page_path: str = "/accounts/2fa/totp/activate/") -> tuple[str, list[str]]:
    """Switch the second factor on; return its key and the recovery codes."""
    page = browser.get(page_path)
    assert "img-src 'self' data:" in page.headers["content-security-policy"]
    found = re.search(r'class="key">([A-Z2-7]+)<', page.text)
    assert found is not None
    assert "Incorrect code" in browser.send(page, code="000000").text
    codes = browser.send(browser.get(page_path), code="")
    assert codes.status_code == 200
    page = browser.get(page_path)
    key = re.search(r'class="key">([A-Z2-7]+)<', page.text)
    assert key is not None
    shown = browser.send(page, code=totp(key.group(1)))
    return key.group(1), re.findall(r"<li><code>(\d+)</code>", shown.text)


def test_a_password_alone_is_not_enough_once_there_is_a_second_factor(sso: DeskServer) -> None:
    browser = Browser(sso.url)
    assert str(browser.sign_in("manager").url) == f"{sso.url}/admin/"
    before = Browser(sso.url)
    before.sign_in("manager")
    key, codes = set_up_factor(browser)
    assert len(codes) == 10
    assert "/accounts/2fa/reauthenticate/" in str(before.get("/admin/").url)  # an older session, too

    other = Browser(sso.url)
    page = other.sign_in("manager")
    assert str(page.url).startswith(f"{sso.url}/accounts/2fa/authenticate/")
    assert "/accounts/2fa/authenticate/" in str(other.get("/admin/metrics/").url)
    page = other.sign_in("manager")
    assert "Incorrect code" in other.send(page, code="123").text
    assert str(other.send(page, code=codes[0]).url) == f"{sso.url}/admin/"
    again = Browser(sso.url)
    assert "Incorrect code" in again.send(again.sign_in("manager"), code=codes[0]).text  # each works once
    later = Browser(sso.url)
    page = later.sign_in("manager")
    # The step in which the factor was set up is spent; the next one is accepted already.
    assert str(later.send(page, code=totp(key, time.time() + 30)).url) == f"{sso.url}/admin/"

    boss = Browser(sso.url)
    boss.sign_in("admin")
    pk = sso.manage("shell", "-c", PK_OF_MANAGER).split()[-1]
    page = boss.get(f"/admin/auth/user/{pk}/change/")
    drop = re.search(r'action="([^"]+drop_factor/)">.*?value="([^"]+)"', page.text, re.DOTALL)
    assert drop is not None
    done = boss.http.post(
        sso.url + drop.group(1),
        data={"csrfmiddlewaretoken": drop.group(2)},
        headers={"referer": str(page.url)},
    )
    assert "signs in with the password alone" in done.text
    assert str(Browser(sso.url).sign_in("manager").url) == f"{sso.url}/admin/"


def test_wrong_passwords_lock_here_as_well(sso: DeskServer) -> None:
    answers = [Browser(sso.url).sign_in("support", "wrong").status_code for _ in range(8)]
    assert answers[:7] == [200] * 7
    assert Browser(sso.url).sign_in("support").status_code == 429


def test_where_it_is_required_no_admin_page_opens_without_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("mfa")
    with running_desk(folder / "var", env={"MFA": "required"}) as desk:
        desk.manage("migrate", "--verbosity", "0")
        browser = Browser(desk.url)
        page = browser.sign_in("admin", PASSWORD)
        assert str(page.url).startswith(f"{desk.url}/accounts/2fa/totp/activate/")
        for path in ("/admin/", "/admin/faq/entry/", "/admin/auth/user/invite/", "/admin/metrics/"):
            assert "/accounts/2fa/totp/activate/" in str(browser.get(path).url)
        assert browser.get("/").status_code == 200
        assert browser.get(COMPANY).status_code == 404
        set_up_factor(browser)
        assert str(browser.get("/admin/faq/entry/").url) == f"{desk.url}/admin/faq/entry/"


def test_without_either_none_of_these_addresses_exist(desk: DeskServer) -> None:
    browser = Browser(desk.url)
    for path in ("/accounts/login/", "/accounts/2fa/", COMPANY, "/accounts/"):
        assert browser.get(path).status_code == 404
    assert str(browser.get("/admin/").url).startswith(f"{desk.url}/admin/login/")
