"""The review page as support uses it, with a script and without one."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from faq import index, judging, review
from faq.admin import review as page
from faq.engine_models import Negative
from faq.models import AskedQuestion, Entry
from faq.review import DEMO
from tests.faq.conftest import SignIn
from tests.faq.test_admin import form
from tests.review.conftest import ask

Faq = dict[str, Entry]

REVIEW = "/admin/review/"
SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def support(sign_in: SignIn) -> Client:
    return sign_in("support")


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def posted(row: AskedQuestion, verb: str, **values: Any) -> dict[str, Any]:
    return {
        "verb": verb,
        "group": review.group_key(row.language, row.normalised),
        "variant": [row.pk.hex],
        "language": row.language,
        "stored": row.text,
        **values,
    }


def test_an_empty_queue_says_what_will_stand_there(support: Client, faq: Faq) -> None:
    shown = text_of(support.get(REVIEW))
    assert "Nothing waits for review." in shown and "nearly answered" in shown
    assert "Nothing waits that fits this filter." in text_of(support.get(f"{REVIEW}?kind=near"))
    assert "desk-badge" not in text_of(support.get("/admin/")).split("Review")[1][:80]


def test_the_example_is_shown_while_no_visitor_has_asked(support: Client, faq: Faq) -> None:
    ask("phone password", faq["reset"], purpose=DEMO)
    shown = text_of(support.get(REVIEW))
    assert "phone password" in shown and "No visitor has asked yet" in shown
    ask("an answered one", faq["reset"], 0.99, shown_entry=str(faq["reset"].pk))
    assert "phone password" not in text_of(support.get(REVIEW))
    shown = text_of(support.get(f"{REVIEW}?traffic=demo"))
    assert "phone password" in shown and "made-up visitors" in shown


def test_a_group_is_judged_and_undone_without_a_script(support: Client, faq: Faq) -> None:
    row = ask("Password by <b>phone</b>?", faq["reset"])
    shown = text_of(support.get(REVIEW))
    assert "Password by &lt;b&gt;phone&lt;/b&gt;?" in shown and "1</b> group waits" in shown
    assert reverse("admin:turn", args=[row.pk]) in shown
    shown = text_of(support.post(REVIEW, posted(row, "wrong"), follow=True))
    assert "1 message: what came nearest was wrong." in shown and "Nothing waits for review." in shown
    decision = judging.last("support")
    assert decision is not None
    shown = text_of(support.post(REVIEW, {"verb": "undo", "decision": decision.pk}, follow=True))
    assert "Undone: 1 message waits again." in shown and "1</b> group waits" in shown
    shown = text_of(support.post(REVIEW, {"verb": "undo", "decision": decision.pk}, follow=True))
    assert "undone already" in shown


def test_a_refusal_stands_at_its_row_and_nothing_is_lost(support: Client, faq: Faq) -> None:
    row = ask("Where do bills live", faq["reset"])
    ask("something else entirely", faq["reset"])
    wrong = posted(
        row, "phrasing", entry=faq["reset"].pk, stored="Bills, where?\nDownload a bill", search="forgot"
    )
    shown = text_of(support.post(REVIEW, wrong))
    assert "“Download a bill” already leads to the published entry" in shown
    assert "Bills, where? Download a bill</textarea>" in shown and 'value="forgot"' in shown
    assert not faq["reset"].phrasings.filter(text__startswith="Bills").exists()
    answer = support.post(REVIEW, wrong, headers=SCRIPT)
    assert answer.status_code == 409 and "already leads" in answer.json()["problem"]
    assert "Tick at least one" in text_of(support.post(REVIEW, {**wrong, "variant": []}, follow=True))
    fine = {**wrong, "stored": "Bills, where?"}
    assert support.post(REVIEW, fine, headers=SCRIPT).json()["said"] == (
        "1 message given to “How do I reset my password?”, 1 wording added."
    )
    assert faq["reset"].phrasings.filter(text="Bills, where?").exists()


def test_a_second_reviewer_is_told_who_was_first(support: Client, sign_in: SignIn, faq: Faq) -> None:
    row = ask("Where do bills live", faq["reset"])
    other = sign_in("admin")
    support.post(REVIEW, posted(row, "right", entry=faq["invoice"].pk))
    answer = other.post(REVIEW, posted(row, "not_faq"), headers=SCRIPT)
    assert answer.status_code == 409 and answer.json()["judged"] is True
    assert answer.json()["problem"].startswith(
        "Already given to “Where do I find my invoices?” by support (just now)."
    )
    assert not Negative.objects.exists()
    assert "by support" in text_of(other.post(REVIEW, posted(row, "wrong"), follow=True))


def test_only_the_ticked_wordings_are_judged(support: Client, faq: Faq) -> None:
    first, second = ask("phone password", faq["reset"]), ask("password, phone", faq["reset"])
    support.post(REVIEW, posted(first, "wrong"))
    second.refresh_from_db()
    assert second.label == "" and "1</b> group waits" in text_of(support.get(REVIEW))


def test_a_search_finds_an_entry_at_the_row(support: Client, faq: Faq) -> None:
    row = ask("Where do bills live", faq["reset"])
    shown = text_of(support.post(REVIEW, posted(row, "find", search="invoices", stored="My edit")))
    assert "Where do I find my invoices?" in shown and "My edit</textarea>" in shown
    found = support.post(REVIEW, posted(row, "find", search="invoices"), headers=SCRIPT).json()["html"]
    assert f'value="{faq["invoice"].pk}"' in found
    found = support.post(REVIEW, posted(row, "find", search="<zzz>"), headers=SCRIPT).json()["html"]
    assert "&lt;zzz&gt;" in found or "faq-choice" in found


def test_a_weak_entry_is_not_chosen_beforehand(support: Client, faq: Faq) -> None:
    ask("near enough", faq["reset"], 0.6)
    assert f'value="{faq["reset"].pk}" checked' in text_of(support.get(REVIEW))
    AskedQuestion.objects.update(candidates=[{"entry_id": str(faq["reset"].pk), "confidence": 0.1}])
    assert "checked" not in text_of(support.get(REVIEW)).split("faq-choices")[1]


def test_a_new_entry_comes_filled_and_settles_its_questions(support: Client, faq: Faq) -> None:
    rows = [
        ask("do you sell gift cards"),
        ask("Gift cards: do you sell them?"),
        ask("do you sell gift cards"),
    ]
    keys = [rows[2].pk.hex, rows[1].pk.hex]
    answer = support.post(REVIEW, posted(rows[0], "new", variant=keys), headers=SCRIPT)
    address = answer.json()["url"]
    shown = text_of(support.get(address))
    assert "Do you sell gift cards</textarea>" in shown or 'value="Do you sell gift cards"' in shown
    assert 'value="Gift cards: do you sell them?"' in shown
    data = form(
        "Do you sell gift cards?", "Yes.", "Gift cards: do you sell them?", faq_entry_save_and_publish="1"
    )
    done = support.post(address, data, follow=True)
    assert "3 messages given to the new entry “Do you sell gift cards?”." in text_of(done)
    assert done.redirect_chain[-1][0] == REVIEW
    made = Entry.objects.get(question="Do you sell gift cards?")
    assert made.phrasings.count() == 1
    assert set(AskedQuestion.objects.values_list("right_entry", "label")) == {(str(made.pk), "wrong")}
    again = form("And another", "Yes.", faq_entry_save_and_publish="1")
    assert "The entry is saved. The questions were not settled" in text_of(
        support.post(address, again, follow=True)
    )


def test_the_menu_counts_and_the_page_tells_the_effect(support: Client, faq: Faq) -> None:
    row = ask("Where do bills live", faq["reset"])
    ask("something else entirely", faq["reset"])
    assert page.open_groups(support.get(REVIEW).wsgi_request) == "2"
    stored = posted(row, "phrasing", entry=faq["invoice"].pk)
    shown = text_of(support.post(REVIEW, stored, follow=True))
    assert "1 phrasing added here in the last 7 days; nobody has asked" in shown
    ask("where do bills live?", faq["invoice"], 1.0, shown_entry=str(faq["invoice"].pk))
    shown = text_of(support.get(REVIEW))
    assert "of 1 question asked since in exactly these words, 1 was answered by the FAQ" in shown
    index.refresh()
    assert index.match("where do bills live").answered


def test_a_turn_leads_to_its_conversation_or_says_that_it_is_gone(support: Client, faq: Faq) -> None:
    row = ask("Where do bills live", faq["reset"])
    assert support.get(reverse("admin:turn", args=[row.pk])).status_code == 404


def test_pages_follow_each_other(support: Client, faq: Faq) -> None:
    for number in range(page.PAGE + 3):
        ask(f"question number {number}", faq["reset"])
    first = text_of(support.get(REVIEW))
    (following,) = re.findall(r'href="([^"]+)" data-next', first)
    second = text_of(support.get(following.replace("&amp;", "&")))
    seen = [re.findall(r'id="g-(\w+)"', each) for each in (first, second)]
    assert [len(each) for each in seen] == [page.PAGE, 3]
    assert not set(seen[0]) & set(seen[1])
    assert "To the beginning" in second


def test_those_who_may_not_change_entries_may_not_judge(sign_in: SignIn, faq: Faq) -> None:
    manager = sign_in("manager")
    row = ask("Where do bills live", faq["reset"])
    assert manager.get(REVIEW).status_code == 403
    assert manager.post(REVIEW, posted(row, "wrong")).status_code == 403
    row.refresh_from_db()
    assert row.label == ""
