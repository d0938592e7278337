"""The pages of privacy: finding, exporting and erasing for staff, the days, and the visitor's own buttons."""

import json
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from assistant.models import AssistantSettings, Deletion, RetentionPolicy, Visitor, VisitorDataAction
from assistant.visitors import issue_cookie
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, text_of
from tests.privacy.conftest import MARK, Told, tell

DATA = "/admin/visitor-data/"


@pytest.fixture
def admin(sign_in: SignIn) -> Client:
    return sign_in("admin")


@pytest.mark.parametrize(
    "term", ["visitor", "conversation", "answer", "message", "request", "number", "e-mail"]
)
def test_a_visitor_is_found_by_whatever_somebody_has(admin: Client, told: Told, term: str) -> None:
    other = tell("Powidl", number=2)
    terms = {
        "visitor": str(told.visitor_id), "conversation": told.conversation.pk.hex,
        "answer": f" {told.reply.pk} ",
        "message": str(told.reply.turn_id), "request": str(told.request.pk), "number": "no. 1",
        "e-mail": told.request.email.upper(),
    }  # fmt: skip
    page = text_of(admin.post(DATA, {"term": terms[term]}))
    assert str(told.visitor_id) in page
    assert str(other.visitor_id) not in page
    assert "Nothing is stored under this" in text_of(admin.post(DATA, {"term": "nobody@example.org"}))


def test_export_and_erase_by_staff_leave_a_trail(admin: Client, told: Told) -> None:
    export, erase = f"{DATA}{told.visitor_id}/export/", f"{DATA}{told.visitor_id}/erase/"
    answer = admin.post(export)
    assert "attachment" in answer["Content-Disposition"]
    assert MARK in json.loads(answer.content)["conversations"][0]["turns"][0]["text"]
    asked = text_of(admin.post(erase))
    assert "This cannot be undone" in asked
    assert "Nothing was erased" in text_of(admin.post(erase, {"word": "yes"}))
    assert Visitor.objects.filter(pk=told.visitor_id).exists()
    done = text_of(admin.post(erase, {"word": " Erase "}, follow=True))
    assert "Erased: 1 conversation, " in done
    assert not Visitor.objects.filter(pk=told.visitor_id).exists()
    assert [(row.action, row.by) for row in VisitorDataAction.objects.order_by("at")] == [
        ("export", "admin"), ("erase", "admin"),
    ]  # fmt: skip
    trail = text_of(admin.get(reverse("admin:assistant_visitordataaction_changelist")))
    assert str(told.visitor_id) not in trail
    assert admin.post(erase, {"word": "erase"}).status_code == 404


def test_a_link_or_another_role_changes_nothing(sign_in: SignIn, told: Told) -> None:
    export, erase = f"{DATA}{told.visitor_id}/export/", f"{DATA}{told.visitor_id}/erase/"
    assert sign_in("admin").get(export).status_code == 404
    assert sign_in("admin").get(erase).status_code == 404
    for role in ("support", "manager"):
        client = sign_in(role)
        assert client.get(DATA).status_code == 403
        assert client.post(export).status_code == client.post(erase, {"word": "erase"}).status_code == 403
    assert Visitor.objects.filter(pk=told.visitor_id).exists()


def test_days_are_edited_with_reasons_and_nonsense_is_refused(admin: Client) -> None:
    Deletion.objects.create(day="2026-11-23", kind="sessions", count=12)
    start = admin.get(reverse("admin:assistant_retentionpolicy_changelist"))
    url = start.headers["Location"]
    page = admin.get(url)
    assert "A year shows what is asked in every season" in text_of(page)
    assert "Expired sessions" in text_of(page)
    form = form_of(page)
    assert "Between 1 and 3,650 days" in text_of(admin.post(url, form | {"requests": "0"}))
    assert "Not longer than conversations" in text_of(admin.post(url, form | {"conversations": "20"}))
    assert RetentionPolicy.objects.get().conversations == 365
    admin.post(url, form | {"conversations": "90"})
    assert RetentionPolicy.objects.get().conversations == 90


def visiting(visitor_id: UUID, **more: object) -> Client:
    client = Client(**more)  # type: ignore[arg-type]
    client.cookies[settings.VISITOR_COOKIE] = issue_cookie(visitor_id)
    return client


def test_visitors_get_and_delete_their_own_and_nobody_elses(told: Told) -> None:
    other = tell("Powidl", number=2)
    client = visiting(told.visitor_id)
    answer = client.post("/my-data/download")
    assert MARK in answer.content.decode()
    assert "Powidl" not in answer.content.decode()
    gone = client.post("/my-data/delete")
    assert (gone.status_code, gone.headers["Location"]) == (302, "/?deleted")
    assert gone.cookies[settings.VISITOR_COOKIE].value == ""
    assert "Your data has been deleted" in text_of(client.get("/?deleted"))
    assert not Visitor.objects.filter(pk=told.visitor_id).exists()
    assert Visitor.objects.filter(pk=other.visitor_id).exists()
    assert VisitorDataAction.objects.get(action="erase").by == "the visitor"


def test_a_foreign_page_or_no_cookie_gets_nothing(told: Told) -> None:
    for path in ("/my-data/download", "/my-data/delete"):
        assert visiting(told.visitor_id).get(path).status_code == 405
        assert visiting(told.visitor_id, enforce_csrf_checks=True).post(path).status_code == 403
        assert Client().post(path).status_code == 404
    forged = Client()
    forged.cookies[settings.VISITOR_COOKIE] = f"{told.visitor_id}"
    assert forged.post("/my-data/delete").status_code == 404
    assert Visitor.objects.filter(pk=told.visitor_id).exists()


def test_the_notice_is_linked_where_there_is_one(seeded: None) -> None:
    page = Client().get("/").content.decode()
    assert page.count("https://larkfield.example/privacy") >= 3, "empty state, menu, under the box"
    AssistantSettings.objects.update(privacy_url="")
    bare = Client().get("/").content.decode()
    assert "larkfield.example/privacy" not in bare
    assert "Privacy notice" not in bare
