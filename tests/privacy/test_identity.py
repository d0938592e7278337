"""What a site says of its people is found, handed out and erased with everything else of theirs."""

import json

import pytest
from django.core.management import call_command

from assistant.embed.site_keys import new_secret
from assistant.models import Conversation, Site, SiteSecret, Turn, Visitor
from assistant.privacy import erase, export
from assistant.privacy.finding import find
from common.clock import now

SAID = {"external_id": "cust-4711", "name": "Zora Quux", "email": "zora@quux.example", "plan": "pro"}


@pytest.fixture
def person(transactional_db: None) -> Visitor:
    row = Visitor.objects.create(site="shop", claims={"tier": "quuxgold"}, identified_at=now(), **SAID)
    told = Conversation.objects.create(visitor=row, title="hello")
    Turn.objects.create(conversation=told, visitor=row, ordinal=1, client_message_id="m", text="hello")
    return row


def test_a_person_is_found_by_the_sites_id_or_address_and_handed_out(person: Visitor) -> None:
    for term in ("cust-4711", "ZORA@quux.example", str(person.pk)):
        assert [each.visitor.pk for each in find(term)] == [person.pk], term
    assert find("cust-471") == []
    assert find("zora@quux.example")[0].emails == ("zora@quux.example",)
    said = export(person.pk)["visitor"]
    assert {name: said[name] for name in SAID} == SAID
    assert said["claims"] == {"tier": "quuxgold"}
    assert said["identified_at"]


def test_nothing_of_a_person_is_left_after_an_erasure(person: Visitor) -> None:
    erase(person.pk)
    assert not Visitor.objects.filter(external_id="cust-4711").exists()
    assert find("cust-4711") == []


def test_a_secret_stands_in_no_backup_in_words(
    transactional_db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site.objects.create(key="shop", name="Shop")
    row, secret = new_secret(site)
    call_command("dumpdata", "assistant.sitesecret")
    dumped = capsys.readouterr().out
    assert row.kid in dumped
    assert secret not in dumped
    assert json.loads(dumped)[0]["fields"]["secret"] == SiteSecret.objects.get().secret
