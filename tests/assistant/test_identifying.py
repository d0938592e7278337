"""What a proven token does to the rows: whose conversations they are afterwards, and whose they stay."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from django.core.management import call_command

from assistant import selectors
from assistant.embed import bearers, identifying
from assistant.embed.site_keys import new_secret, opened, retire
from assistant.identity import OVERLAP, IdentityRefused
from assistant.models import Conversation, KnownClaim, Request, Site, SiteSecret, Turn, UsedToken, Visitor
from assistant.token_counts import counts
from assistant.who import Who
from common.clock import now

pytestmark = pytest.mark.django_db


class Shop:
    """A site with a secret, which signs tokens."""

    def __init__(self, key: str = "shop") -> None:
        self.site = Site.objects.create(key=key, name=key.title())
        self.row, self.secret = new_secret(self.site)

    def token(self, sub: str = "42", **fields: Any) -> str:
        at = int(now().timestamp())
        payload = {"aud": self.site.key, "sub": sub, "iat": at, "exp": at + 120, "jti": uuid4().hex, **fields}
        return jwt.encode(payload, self.secret, "HS256", headers={"kid": self.row.kid})

    def browser(self) -> Who:
        return Who(uuid4(), language="de", site=self.site.key, address=uuid4().hex)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def talk(who: Who, message_id: str = "", asked: bool = False) -> Conversation:
    """Store what a visitor has said, without a model."""
    visitor, _ = Visitor.objects.get_or_create(pk=who.visitor_id, defaults={"site": who.site or "default"})
    conversation = Conversation.objects.create(visitor=visitor, title="hello")
    Turn.objects.create(
        conversation=conversation,
        visitor=visitor,
        ordinal=1,
        client_message_id=message_id or uuid4().hex,
        text="hello",
    )
    if asked:
        Request.objects.create(
            number=Request.objects.count() + 1,
            visitor=visitor,
            conversation=conversation,
            client_request_id=message_id or uuid4().hex,
            reason="asked",
            email="typed@example.com",
            text="please",
        )
    return conversation


def owner_of(conversation: Conversation) -> UUID:
    return Conversation.objects.values_list("visitor_id", flat=True).get(pk=conversation.pk)


def refused(who: Who, token: str) -> IdentityRefused:
    with pytest.raises(IdentityRefused) as caught:
        identifying.identify(who, token)
    return caught.value


def test_what_a_browser_said_goes_to_the_person_whom_the_token_proves(shop: Shop) -> None:
    phone, laptop = shop.browser(), shop.browser()
    on_phone, on_laptop = talk(phone, "same-id", asked=True), talk(laptop, "same-id", asked=True)
    strangers = talk(shop.browser())

    known = identifying.identify(
        phone, shop.token(name="Ada", email="ada@example.com", plan="pro"), on_phone.pk
    )
    again = identifying.identify(laptop, shop.token(claims={"seats": 80}), on_laptop.pk)

    person = Visitor.objects.get(external_id="42")
    assert known.who.visitor_id == again.who.visitor_id == person.pk
    assert known.conversation_id == on_phone.pk
    assert again.conversation_id == on_laptop.pk
    assert {owner_of(on_phone), owner_of(on_laptop)} == {person.pk}
    assert set(Turn.objects.values_list("visitor_id", flat=True)) == {person.pk, strangers.visitor_id}
    assert Request.objects.filter(visitor=person).count() == 2
    # The last token says all that is known.
    assert (person.name, person.email, person.plan, person.claims) == ("", "", "", {"seats": 80})
    assert person.language == "de"
    # The frame comes back as the person, for a while.
    assert (bearers.read(again.who.token, "shop") or bearers.Bearer(uuid4())).visitor_id == person.pk
    assert bearers.read(again.who.token, "other") is None
    # A new device that wants nothing in particular opens what was talked in last.
    assert identifying.identify(shop.browser(), shop.token()).conversation_id == on_laptop.pk


def test_nothing_of_another_person_is_taken_over_and_no_address_joins_anybody(shop: Shop) -> None:
    shared = shop.browser()
    first = talk(shared)
    ada = identifying.identify(shared, shop.token("ada", email="same@example.com"))
    bob = identifying.identify(ada.who, shop.token("bob", email="same@example.com"), first.pk)
    assert ada.who.visitor_id != bob.who.visitor_id
    assert owner_of(first) == ada.who.visitor_id
    assert bob.conversation_id is None  # what was wanted is not bob's
    # The browser's own id is nobody's conversations any more; what it says later is the next person's.
    later = talk(shared)
    identifying.identify(shared, shop.token("bob"))
    assert owner_of(later) == bob.who.visitor_id
    assert owner_of(first) == ada.who.visitor_id
    # Somebody new has nothing of either.
    fresh = identifying.signed_out(bob.who)
    assert fresh.who.visitor_id not in (ada.who.visitor_id, bob.who.visitor_id, shared.visitor_id)
    assert fresh.frame()["verified"] is False


def test_the_same_sub_on_two_sites_is_two_people_and_a_frame_takes_only_its_own_sites_tokens(
    shop: Shop,
) -> None:
    other = Shop("other")
    here = identifying.identify(shop.browser(), shop.token())
    there = identifying.identify(other.browser(), other.token())
    assert here.who.visitor_id != there.who.visitor_id
    assert refused(shop.browser(), other.token()).reason == "audience"


def test_a_token_is_taken_once_and_its_id_is_forgotten_when_its_time_is_over(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    before, token = counts.all(), shop.token()
    identifying.identify(shop.browser(), token)
    with caplog.at_level(logging.INFO):
        again = refused(shop.browser(), token)
    assert again.reason == "used"
    assert "identity token refused: used" in caplog.text
    assert token not in caplog.text
    assert counts.all().get("used", 0) == before.get("used", 0) + 1
    assert counts.all().get("accepted", 0) == before.get("accepted", 0) + 1
    assert identifying.sweep(now()) == 0
    assert identifying.sweep(now() + timedelta(minutes=10)) == 1
    assert not UsedToken.objects.exists()
    # By then its own time refuses it.
    with pytest.raises(IdentityRefused) as caught:
        identifying.identify(shop.browser(), token, at=now() + timedelta(minutes=10))
    assert caught.value.reason == "expired"


def test_a_refused_token_stores_nothing(shop: Shop) -> None:
    browser = shop.browser()
    mine = talk(browser)
    for token in ("", "a.b.c", shop.token(aud="other"), shop.token(exp=1)):
        refused(browser, token)
    assert owner_of(mine) == browser.visitor_id
    assert Visitor.objects.count() == 1
    assert not UsedToken.objects.exists()
    assert SiteSecret.objects.get().used_at is None


def test_a_refused_token_of_somebody_else_is_told_from_one_of_the_same_person(shop: Shop) -> None:
    ada = identifying.identify(shop.browser(), shop.token("ada"))
    assert not identifying.is_other(ada.who, refused(ada.who, shop.token("ada", exp=1, iat=0)))
    assert identifying.is_other(ada.who, refused(ada.who, shop.token("bob", exp=1, iat=0)))
    assert identifying.is_other(ada.who, refused(ada.who, "garbage"))
    nobody = shop.browser()
    assert not identifying.is_other(nobody, refused(nobody, "garbage"))


def test_secrets_are_stored_encrypted_run_out_after_the_overlap_and_end_at_once(shop: Shop) -> None:
    stored = SiteSecret.objects.get()
    assert shop.secret not in stored.secret
    assert opened(stored.secret) == shop.secret
    assert opened("not ours") == ""
    retire(stored, now())
    identifying.identify(shop.browser(), shop.token())
    assert SiteSecret.objects.get().used_at is not None
    token = shop.token()
    with pytest.raises(IdentityRefused) as late:
        identifying.identify(shop.browser(), token, at=now() + OVERLAP + timedelta(seconds=5))
    assert late.value.reason == "retired_key"
    retire(stored, now(), at_once=True)
    assert refused(shop.browser(), shop.token()).reason == "retired_key"
    Site.objects.update(is_active=False)
    assert refused(shop.browser(), shop.token()).reason == "unknown_key"


def test_plan_and_claims_reach_the_rules_and_the_names_of_claims_their_form(shop: Shop) -> None:
    known = identifying.identify(shop.browser(), shop.token(plan="pro", claims={"seats": 80, "beta": True}))
    facts = selectors.facts(known.who, uuid4())
    assert facts.plan == "pro"
    assert facts.claims == (("beta", "yes"), ("seats", "80"))
    assert list(KnownClaim.objects.values_list("name", flat=True)) == ["beta", "seats"]
    identifying.identify(shop.browser(), shop.token(claims={f"c{at}": 1 for at in range(20)}))
    for start in (20, 40):
        identifying.identify(shop.browser(), shop.token(claims={f"c{start + at}": 1 for at in range(20)}))
    assert KnownClaim.objects.count() == identifying.CLAIMS_KEPT


def test_a_command_prints_a_token_that_is_taken(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("identity_token", "--site", "shop", "--sub", "7", "--plan", "pro", "--claim", "seats=80")
    known = identifying.identify(shop.browser(), capsys.readouterr().out.strip())
    assert known.person is not None
    assert (known.person.external_id, known.person.plan, known.person.claims) == ("7", "pro", {"seats": 80})
