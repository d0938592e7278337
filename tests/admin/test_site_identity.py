"""A site's secrets in the admin: shown once, retired, refused; and people as staff see them."""

import re
from uuid import uuid4

import jwt
import pytest
from django.test import Client
from django.urls import reverse

from assistant.embed import identifying
from assistant.identity import IdentityRefused
from assistant.models import Conversation, Request, Site, SiteSecret, Turn, Visitor
from assistant.who import Who
from common.clock import now
from routing.models import Rule
from tests.admin.conftest import SignIn
from tests.admin.test_breakers_page import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return Site.objects.create(key="shop", name="The Shop")


def address_of(site: Site) -> str:
    return reverse("admin:site_identity", args=[site.pk])


def shown(client: Client, address: str) -> str:
    """Return the words of a page."""
    return words(client.get(address).content.decode())


def press(client: Client, site: Site, **fields: str) -> str:
    page = client.post(address_of(site), fields, follow=True)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    return page.content.decode()


def token(kid: str, secret: str, **more: object) -> str:
    at = int(now().timestamp())
    fields = {"aud": "shop", "sub": "42", "iat": at, "exp": at + 60, "jti": uuid4().hex, **more}
    return jwt.encode(fields, secret, "HS256", headers={"kid": kid})


def test_a_secret_is_shown_once_signs_people_in_and_is_refused_when_it_became_known(
    sign_in: SignIn, site: Site
) -> None:
    client = sign_in("admin")
    assert "every token is refused" in words(client.get(address_of(site)).content.decode())
    made = press(client, site, do="make")
    kid, secret = re.findall(r"<dd><code>([^<]+)</code>", made)[:2]
    row = SiteSecret.objects.get()
    assert (row.kid, len(secret)) == (kid, 64)
    page = client.get(address_of(site)).content.decode()
    assert kid in page
    assert secret not in page
    assert "not used yet" in words(page)

    who = Who(uuid4(), site="shop")
    identifying.identify(who, token(kid, secret))
    assert "last used" in shown(client, address_of(site))
    assert "Runs out" in words(press(client, site, do=f"retire:{row.pk}"))
    identifying.identify(who, token(kid, secret))
    asked = client.get(address_of(site)).content.decode()
    question = re.search(
        r"<details[^>]*>\s*<summary[^>]*>Refuse at once</summary>(.*?)</details>", asked, re.DOTALL
    )
    assert question is not None, "the button that refuses stands behind a question"
    assert "cannot be taken back" in question[1] and f'value="refuse:{row.pk}"' in question[1]
    assert asked.count(f"refuse:{row.pk}") == 1
    assert "1 out of use" in words(press(client, site, do=f"refuse:{row.pk}"))
    with pytest.raises(IdentityRefused):
        identifying.identify(who, token(kid, secret))
    history = client.get(reverse("admin:assistant_site_history", args=[site.pk])).content.decode()
    assert f"Made the secret {kid}." in history
    assert secret not in history


def test_only_the_admin_comes_to_secrets(sign_in: SignIn, site: Site) -> None:
    address = address_of(site)
    for role in ("support", "manager"):
        assert sign_in(role).get(address).status_code == 403
        assert sign_in(role).post(address, {"do": "make"}).status_code == 403
    assert not SiteSecret.objects.exists()


def test_a_claim_can_be_offered_to_rules_before_it_is_sent(sign_in: SignIn, site: Site, seeded: None) -> None:
    client = sign_in("admin")
    assert "beginning with a letter" in words(press(client, site, do="claim", name="Seats!"))
    press(client, site, do="claim", name="seats")
    rule = Rule.objects.filter(locked=False).first()
    assert rule is not None
    form = client.get(reverse("admin:routing_rule_change", args=[rule.pk])).content.decode()
    assert re.search(r'value="claim\.seats"[^>]*data-type="claim"[^>]*>\s*seats \(from the site\)', form)


def test_staff_see_who_a_site_says_it_is_and_which_address_was_typed(sign_in: SignIn, site: Site) -> None:
    person = Visitor.objects.create(
        site="shop",
        external_id="42",
        name="Ada Lovelace",
        email="ada@example.com",
        plan="pro",
        claims={"seat_count": 80, "beta": True},
        identified_at=now(),
    )
    told = Conversation.objects.create(visitor=person, title="hello")
    Turn.objects.create(conversation=told, visitor=person, ordinal=1, client_message_id="m", text="hello")
    asked = Request.objects.create(
        number=1, visitor=person, conversation=told, client_request_id="r", reason="asked",
        email="other@example.com", text="please",
    )  # fmt: skip
    client = sign_in("admin")
    page = shown(client, reverse("admin:assistant_conversation_change", args=[told.pk]))
    for said in (
        "Ada Lovelace",
        "Verified by The Shop",
        "ada@example.com",
        "plan pro",
        "seat count",
        "80",
        "yes",
    ):
        assert said in page
    page = shown(client, reverse("admin:assistant_request_change", args=[asked.pk]))
    assert "Verified by The Shop" in page
    assert "other@example.com was typed into the form; The Shop knows another address" in page
    listed = shown(client, reverse("admin:assistant_conversation_changelist"))
    assert "Ada Lovelace, pro" in listed

    nobody = Conversation.objects.create(visitor=Visitor.objects.create(), title="hello")
    page = words(
        client.get(reverse("admin:assistant_conversation_change", args=[nobody.pk])).content.decode()
    )
    assert "Verified" not in page
