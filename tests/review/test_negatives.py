"""The list of questions the FAQ must not answer, and the rows on an entry's form."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from common.versions import read_version
from faq import negatives, services
from faq.engine_models import Negative
from faq.models import Entry
from faq.services import save_entry
from tests.faq.conftest import SignIn
from tests.faq.test_admin import form

Faq = dict[str, Entry]

LIST = "/admin/faq/negative/"


@pytest.fixture
def support(sign_in: SignIn) -> Client:
    return sign_in("support")


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_support_adds_edits_reverts_and_deletes(support: Client, faq: Faq) -> None:
    before = read_version("faq")
    data = {"text": "Do you buy used cars?", "entry": "", "language": "en"}
    assert support.post(f"{LIST}add/", data, follow=True).status_code == 200
    row = Negative.objects.get()
    assert (row.entry, row.created_by, row.normalised) == (None, "support", "do you buy used cars")
    assert read_version("faq") > before
    shown = text_of(support.get(LIST))
    assert "Do you buy used cars?" in shown and "Every entry" in shown

    change = f"{LIST}{row.pk}/change/"
    support.post(change, {"text": "Do you buy cars?", "entry": faq["reset"].pk, "language": "de"})
    row.refresh_from_db()
    assert (row.text, row.entry, row.language) == ("Do you buy cars?", faq["reset"], "en")
    assert "Do you buy used cars?" in text_of(support.get(f"{LIST}{row.pk}/history/"))
    assert text_of(support.get(f"{LIST}?scope=any")).count("Do you buy cars?") == 0
    assert "Do you buy cars?" in text_of(support.get(f"{LIST}?q=reset"))
    before = read_version("faq")
    support.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    assert not Negative.objects.exists() and read_version("faq") > before


def test_what_is_answered_already_is_refused_with_the_entry(support: Client, faq: Faq) -> None:
    data = {"text": "forgot my PASSWORD!", "entry": "", "language": "en"}
    shown = text_of(support.post(f"{LIST}add/", data))
    assert "leads to the published entry “How do I reset my password?”" in shown
    assert "forgot my PASSWORD!" in shown and not Negative.objects.exists()
    assert "entry “How" in text_of(support.post(f"{LIST}add/", data | {"entry": faq["reset"].pk}))
    support.post(f"{LIST}add/", data | {"entry": faq["invoice"].pk})
    assert Negative.objects.get().entry == faq["invoice"], "another entry may well be kept from it"
    assert "in the list already" in text_of(support.post(f"{LIST}add/", data | {"entry": faq["invoice"].pk}))
    assert "at least one word" in text_of(support.post(f"{LIST}add/", data | {"text": "???"}))
    support.post(f"{LIST}add/", data | {"language": "de"})
    assert Negative.objects.filter(entry=None).count() == 1, "in German nobody is asked by it"


def test_an_entry_cannot_be_asked_by_what_must_not_be_answered(support: Client, faq: Faq) -> None:
    negatives.add("Do you buy used cars?", language="en")
    data = form("Do you buy used cars?", "Yes.", "Sell my car", status="published")
    shown = text_of(support.post("/admin/faq/entry/add/", data))
    assert "must not be answered by any entry" in shown and Entry.objects.count() == 2
    data = form("Cars", "Yes.", "do you buy used cars", status="published")
    shown = text_of(support.post("/admin/faq/entry/add/", data))
    assert "must not be answered by any entry" in shown and Entry.objects.count() == 2
    with pytest.raises(ValidationError, match="any entry"):
        services.add_phrasing(faq["reset"], "do you buy used cars")
    draft = form("Cars", "Yes.", "do you buy used cars")
    support.post("/admin/faq/entry/add/", draft)
    assert Entry.objects.count() == 3, "a draft is answered to nobody"


def test_rows_on_the_form_of_an_entry(support: Client, faq: Faq) -> None:
    reset = faq["reset"]
    rows = {"negatives-TOTAL_FORMS": 1, "negatives-INITIAL_FORMS": 0}
    fields = form(reset.question, reset.answer, status="published") | {
        "phrasings-TOTAL_FORMS": 2,
        "phrasings-INITIAL_FORMS": 2,
    }
    for place, phrasing in enumerate(reset.phrasings.all()):
        fields |= {f"phrasings-{place}-id": phrasing.pk, f"phrasings-{place}-text": phrasing.text}
    change = f"/admin/faq/entry/{reset.pk}/change/"
    assert "Must not be answered by this entry" in text_of(support.get(change))
    refused = fields | rows | {"negatives-0-text": "Forgot my password?", "answer": "Typed anew."}
    shown = text_of(support.post(change, refused))
    assert "This entry is asked by it: the phrasing “Forgot my password”." in shown
    assert "Typed anew." in shown and not Negative.objects.exists()
    for sent in ("many", "9" * 40):
        answered = support.post(change, refused | {"phrasings-TOTAL_FORMS": sent})
        assert answered.status_code == 200 and not Negative.objects.exists(), sent
    before = read_version("faq")
    support.post(change, fields | rows | {"negatives-0-text": "Reset my router"})
    row = Negative.objects.get()
    assert (row.entry, row.language, row.normalised) == (reset, "en", "reset my router")
    assert read_version("faq") > before
    with pytest.raises(ValidationError, match="this entry"):
        services.add_phrasing(reset, "reset my router")
    assert services.add_phrasing(faq["invoice"], "reset my router") is not None


def test_only_those_with_the_right_see_the_list(sign_in: SignIn, faq: Faq) -> None:
    assert sign_in("manager").get(LIST).status_code == 403
    assert sign_in("admin").get(LIST).status_code == 200


def test_a_global_negative_of_an_entry_deleted_goes_with_it(faq: Faq) -> None:
    negatives.add("Reset my router", entry=faq["reset"])
    kept = negatives.add("Sell my car", language="en")
    services.delete([faq["reset"]])
    assert list(Negative.objects.all()) == [kept]
    other = save_entry(Entry(question="Routers?", answer="Yes.", status="published"), ["Reset my router"])
    assert other.pk
