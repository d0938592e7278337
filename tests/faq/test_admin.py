"""What support does with the FAQ in the admin, and what it is told when that cannot be."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse
from zeal import zeal_context

from common.versions import read_version
from faq import index, services
from faq.models import Entry
from tests.faq.conftest import SignIn

LIST = "/admin/faq/entry/"
IMPORT = f"{LIST}import/"


def form(
    question: str = "Do you sell gift cards?", answer: str = "Yes.", *phrasings: str, **more: Any
) -> dict[str, Any]:
    rows = {f"phrasings-{i}-text": text for i, text in enumerate(phrasings)}
    return {
        "question": question,
        "answer": answer,
        "kind": "answer",
        "status": "draft",
        "category": "Money",
        "language": "en",
        "phrasings-TOTAL_FORMS": len(phrasings),
        "phrasings-INITIAL_FORMS": 0,
        "negatives-TOTAL_FORMS": 0,
        "negatives-INITIAL_FORMS": 0,
        **rows,
        **more,
    }


def page(response: Any) -> str:
    text: str = response.content.decode()
    return text


def test_support_writes_publishes_edits_and_reverts(sign_in: SignIn) -> None:
    support = sign_in("support")
    before = read_version("faq")
    data = form("Do you sell gift cards?", "Yes.", "Vouchers", faq_entry_save_and_publish="1")
    response = support.post(f"{LIST}add/", data, follow=True)
    assert "Published. Visitors may be shown it within a second." in page(response)
    assert read_version("faq") > before
    index.refresh()
    match = index.match("vouchers!")
    assert match.answered and match.best is not None and match.best.exact

    entry = Entry.objects.get()
    assert entry.reviewed_on is not None and entry.review_by is not None
    row = entry.phrasings.get()
    change = f"{LIST}{entry.pk}/change/"
    data = form(answer="No longer.", status="published") | {
        "phrasings-TOTAL_FORMS": 1,
        "phrasings-INITIAL_FORMS": 1,
        "phrasings-0-id": row.pk,
        "phrasings-0-entry": entry.pk,
        "phrasings-0-text": "Gift vouchers",
    }
    support.post(change, data)
    entry.refresh_from_db()
    assert (entry.answer, entry.version) == ("No longer.", 2)
    index.refresh()
    assert index.match("gift vouchers").answered
    view = index.entry(str(entry.pk))
    assert view is not None and view.answer == "No longer."

    text = page(support.get(f"{LIST}{entry.pk}/history/"))
    assert "<del>Yes.</del> <ins>No longer.</ins>" in " ".join(text.split())
    assert "by support" in " ".join(text.split())
    for internal in ("/admin/auth/user/", "content_version", "Question normalised", "None"):
        assert internal not in text.split("<ol")[1].split("</ol>")[0], internal

    first = entry.history.earliest("history_id")
    assert first.history_user is not None and first.history_user.get_username() == "support"
    earlier = f"{LIST}{entry.pk}/history/{first.history_id}/"
    assert "actionDropdownOpen" not in page(support.get(earlier))  # a button whose script fails
    support.post(earlier, form(status="published"))
    entry.refresh_from_db()
    assert (entry.answer, entry.version) == ("Yes.", 3)
    index.refresh()
    view = index.entry(str(entry.pk))
    assert view is not None and view.answer == "Yes."


def test_two_people_at_once_write_over_nothing_unread(sign_in: SignIn) -> None:
    entry = services.save_entry(Entry(question="Where can I park?", answer="Mill Lane.", category="Visits"))
    change = f"{LIST}{entry.pk}/change/"
    support, admin = sign_in("support"), sign_in("admin")
    seen = re.search(r'name="seen" value="(\d+)"', page(support.get(change)))
    assert seen is not None
    opened = form("Where can I park?", "Mill Lane.", seen=seen[1]) | {"category": "Visits"}

    assert admin.post(change, opened | {"answer": "Hill Lane.", "category": "Parking"}).status_code == 302
    late = support.post(change, opened | {"answer": "Mill Lane, two places."})
    text = page(late)
    assert "Not saved yet: admin changed this entry while you had it open" in text
    assert "Stored meanwhile: “Hill Lane.”." in text
    assert 'value="Parking"' in text and "Mill Lane, two places.</textarea>" in text
    entry.refresh_from_db()
    assert (entry.answer, entry.category) == ("Hill Lane.", "Parking")

    again = re.search(r'name="seen" value="(\d+)"', text)
    assert again is not None and int(again[1]) > int(seen[1])
    merged = opened | {"answer": "Mill Lane, two places.", "category": "Parking", "seen": again[1]}
    assert support.post(change, merged).status_code == 302
    entry.refresh_from_db()
    assert (entry.answer, entry.category) == ("Mill Lane, two places.", "Parking")


def test_a_phrasing_accepted_beside_the_form_does_not_stop_it(sign_in: SignIn) -> None:
    entry = services.save_entry(Entry(question="Where can I park?", answer="Mill Lane."))
    change = f"{LIST}{entry.pk}/change/"
    support = sign_in("support")
    seen = re.search(r'name="seen" value="(\d+)"', page(support.get(change)))
    assert seen is not None
    services.add_phrasing(entry, "parking")
    data = form("Where can I park?", "Hill Lane.", seen=seen[1])
    assert support.post(change, data).status_code == 302
    assert Entry.objects.get().phrasings.count() == 1


def test_conflicts_are_shown_where_they_are(sign_in: SignIn) -> None:
    owner = services.save_entry(Entry(question="How do I pay?", answer="x", status="published"), ["Payment"])
    support = sign_in("support")
    data = form("how do i PAY", "Yes.", "payment!", "Cash", "cash?", status="published")
    text = page(support.post(f"{LIST}add/", data))
    assert text.count(f"already leads to the published entry “How do I pay?” (no. {owner.pk}).") == 2
    assert "This is the same as “Cash”, but for case and punctuation." in text
    assert "at least one word" not in text  # said only of a question that holds none
    assert "A question needs at least one word." in page(support.post(f"{LIST}add/", form("?!")))
    text = page(support.post(f"{LIST}add/", form(answer="x" * 1201)))
    assert "An answer may have 1,200 characters and this one has 1,201." in text
    assert Entry.objects.count() == 1
    response = support.post(f"{LIST}add/", form("how do i PAY", "Yes.", "payment!"))
    assert response.status_code == 302
    draft = Entry.objects.get(status="draft")

    action = {"action": "publish_selected", "_selected_action": [draft.pk]}
    text = page(support.post(LIST, action, follow=True))
    assert "was not published" in text
    assert Entry.objects.get(pk=draft.pk).status == "draft"
    support.post(LIST, {"action": "archive_selected", "_selected_action": [owner.pk]})
    support.post(LIST, action)
    assert dict(Entry.objects.values_list("pk", "status")) == {draft.pk: "published", owner.pk: "archived"}


def test_the_list_asks_the_same_number_of_queries_for_any_number_of_entries(
    larkfield: None, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    support = sign_in("support")
    support.get(LIST)  # the first page of a process loads the FAQ, to count what is to be reviewed
    with zeal_context(), django_assert_max_num_queries(16):
        text = page(support.get(LIST))
    assert "How do I reset my password?" in text
    assert "overdue" in text
    assert "How do I export my data?" in page(support.get(LIST, {"q": "copy of our data"}))
    overdue = page(support.get(LIST, {"review": "overdue"}))
    assert "Can I take a deposit for a booking?" in overdue
    assert "How do I reset my password?" not in overdue
    few = page(support.get(LIST, {"phrasings": "few"}))
    assert "How do I reset my password?" not in few


def test_preview_is_what_visitors_get(sign_in: SignIn) -> None:
    support = sign_in("support")
    url = reverse("admin:faq_entry_preview")
    text = page(
        support.post(url, {"text": "**Yes** <script>alert(1)</script> ![x](https://evil.example/x.png)"})
    )
    assert "<strong>Yes</strong>" in text
    assert "<script" not in text and "<img" not in text
    assert support.get(url).status_code == 405
    assert sign_in("manager").post(url, {"text": "x"}).status_code == 403
    assert Client().post(url, {"text": "x"}).status_code == 302


def test_the_pages_are_for_those_who_may(sign_in: SignIn) -> None:
    manager, support = sign_in("manager"), sign_in("support")
    entry = services.save_entry(Entry(question="How do I pay?", answer="x"))
    for url in (LIST, IMPORT, f"{LIST}{entry.pk}/change/", f"{LIST}{entry.pk}/history/"):
        assert manager.get(url).status_code == 403, url
        assert support.get(url).status_code == 200, url
    assert support.get(f"{LIST}{entry.pk}/delete/").status_code == 403
    assert support.get("/admin/faq/askedquestion/add/").status_code == 403


def test_an_address_that_was_typed_wrong_is_no_fault(sign_in: SignIn) -> None:
    support = sign_in("support")
    entry = services.save_entry(Entry(question="How do I pay?", answer="x"))
    version = entry.history.get().history_id
    assert support.get(f"{LIST}{entry.pk}/history/{version}/").status_code == 200
    for wrong in (
        f"{entry.pk}/history/newest/",
        f"pay/history/{version}/",
        f"{entry.pk}/history/{version + 1}/",
    ):
        assert support.get(f"{LIST}{wrong}").status_code == 404, wrong
    assert (
        support.get(f"{LIST}pay/change/").status_code == 302
    )  # the home page says that there is no such entry
    assert support.get(f"{LIST}pay/history/").status_code in (302, 404)


def test_an_admin_deletes_and_the_index_follows(sign_in: SignIn) -> None:
    entry = services.save_entry(Entry(question="How do I pay?", answer="x", status="published"))
    index.refresh()
    admin = sign_in("admin")
    admin.post(f"{LIST}{entry.pk}/delete/", {"post": "yes"})
    assert index.refresh()
    assert index.match("How do I pay?").best is None
