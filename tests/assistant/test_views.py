"""The public pages: who gets which cookie, what the policy forbids, what the health checks say."""

import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from assistant.models import Visitor
from assistant.visitors import issue_cookie, read_visitor
from faq import embedder, index
from routing import publishing

ANNA = UUID("00000000-0000-4000-8000-00000000a22a")

pytestmark = pytest.mark.django_db


def id_in(value: str | None) -> UUID | None:
    """Return the visitor's id in a cookie value, None when it is none of ours."""
    visitor = read_visitor(value)
    return visitor.id if visitor else None


def plan_of(client: Client) -> str:
    visitor = read_visitor(client.cookies["visitor"].value)
    assert visitor is not None
    return visitor.plan


def test_a_cookie_names_its_visitor_and_cannot_be_altered() -> None:
    value = issue_cookie(ANNA, "free")
    assert id_in(value) == ANNA
    visitor = read_visitor(value)
    assert visitor is not None
    assert visitor.plan == "free"
    for bad in (None, "", value[:-1], "x" + value, value.replace(":", ";"), issue_cookie(ANNA)[::-1]):
        assert id_in(bad) is None


def test_an_old_cookie_is_nobody(settings: Settings) -> None:
    value = issue_cookie(ANNA)
    settings.VISITOR_COOKIE_AGE_S = -1
    assert id_in(value) is None


def test_the_page_remembers_the_browser_but_makes_no_row(client: Client) -> None:
    first = client.get("/")
    cookie = first.cookies["visitor"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    visitor = id_in(cookie.value)
    assert visitor is not None
    assert id_in(client.get("/").cookies["visitor"].value) == visitor
    client.cookies["visitor"] = "forged"
    assert id_in(client.get("/").cookies["visitor"].value) != visitor
    assert not Visitor.objects.exists()


def test_who_is_new_is_greeted_before_any_script_runs(client: Client) -> None:
    greeted = re.compile(r'<section class="welcome" id="welcome">')
    assert greeted.search(client.get("/").content.decode())
    # Who has been here may have a conversation: it is looked for first.
    assert not greeted.search(client.get("/").content.decode())


def test_the_page_allows_nothing_but_its_own_files(client: Client) -> None:
    page = client.get("/")
    policy = page["content-security-policy"]
    assert "default-src 'none'" in policy
    for source in ("script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"):
        assert source in policy
    assert "unsafe" not in policy
    html = page.content.decode()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)
    assert "no-store" in page["cache-control"]


def test_ending_the_chat_forgets_the_visitor(client: Client) -> None:
    before = id_in(client.get("/").cookies["visitor"].value)
    assert client.get("/end/").status_code == 405
    ended = client.post("/end/")
    assert ended.status_code == 302
    assert ended.cookies["visitor"].value == ""
    page = client.get(ended["location"])
    assert "The chat has ended" in page.content.decode()
    assert id_in(page.cookies["visitor"].value) != before


def test_the_example_lets_a_visitor_change_plans(client: Client) -> None:
    visitor = id_in(client.get("/").cookies["visitor"].value)
    assert client.post("/example/plan", {"plan": "free"}).status_code == 302
    assert plan_of(client) == "free"
    assert id_in(client.cookies["visitor"].value) == visitor
    Visitor.objects.create(pk=visitor, plan="free")
    client.post("/example/plan", {"plan": "pro"})
    assert Visitor.objects.get().plan == "pro"
    marked = re.search(r'value="(\w*)" aria-current="true"', client.get("/").content.decode())
    assert marked is not None
    assert marked[1] == "pro"
    assert client.post("/example/plan", {"plan": "gold"}).status_code == 404
    assert Visitor.objects.get().plan == "pro"


def test_nobody_chooses_a_plan_outside_the_example(client: Client, settings: Settings) -> None:
    settings.ENV = replace(settings.ENV, example=False)
    assert client.post("/example/plan", {"plan": "pro"}).status_code == 404
    assert "Visit as" not in client.get("/").content.decode()


def test_the_forms_need_their_token() -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/").content.decode()
    refused = client.post("/end/")
    assert refused.status_code == 403
    assert "out of date" in refused.content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    assert client.post("/end/", {"csrfmiddlewaretoken": token[1]}).status_code == 302


def test_a_missing_page_is_friendly_and_under_the_same_policy(client: Client, settings: Settings) -> None:
    settings.DEBUG = False
    page = client.get("/nothing-here")
    assert page.status_code == 404
    assert "There is no such page" in page.content.decode()
    assert "default-src 'none'" in page["content-security-policy"]


def test_the_process_says_that_it_lives(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.fixture
def nothing_loaded() -> Iterator[None]:
    """Empty what this process keeps of the database, before and after: the rows go with the test."""
    index.forget()
    publishing.forget()
    yield
    index.forget()
    publishing.forget()


@pytest.mark.usefixtures("nothing_loaded")
def test_readiness_names_what_is_missing_and_turns_green(
    client: Client, settings: Settings, redis_url: str
) -> None:
    red = client.get("/readyz")
    assert red.status_code == 503
    assert not red.json()["ready"]
    assert red.json()["checks"]["database"]["ok"]
    assert red.json()["checks"]["redis"] == {"ok": True, "detail": "answers"}
    assert not red.json()["checks"]["faq_index"]["ok"]
    assert not red.json()["checks"]["ladders"]["ok"]
    assert "seed" in red.json()["checks"]["ladders"]["detail"]
    call_command("seed", verbosity=0)
    index.refresh(force=True)
    publishing.refresh(force=True)
    green = client.get("/readyz")
    assert green.json()["checks"]["ladders"]["ok"], green.json()
    assert green.status_code == 200
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.get("/readyz").json()["checks"]["redis"]["ok"] is False


@pytest.mark.usefixtures("nothing_loaded")
def test_a_stranger_learns_no_detail_and_a_balancer_asks_about_this_process_only(
    client: Client, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for stranger in ({"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}):
        answer = client.get("/readyz", **stranger)  # type: ignore[arg-type]
        assert answer.status_code == 503
        assert answer.json()["checks"]["redis"] == {"ok": False}
    assert client.get("/readyz?of=process").json()["checks"]["faq_index"] == {
        "ok": False,
        "detail": "not loaded yet",
    }
    call_command("seed", verbosity=0)
    index.refresh(force=True)
    own = client.get("/readyz?of=process")
    assert (own.status_code, set(own.json()["checks"])) == (200, {"process", "faq_index"})
    assert client.get("/readyz").status_code == 503  # for whoever watches, and mends, Redis


def test_readiness_says_in_words_that_the_semantic_half_is_missing_and_stays_green(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> object:
        return client.get("/readyz").json()["checks"]["faq_semantic_half"]

    monkeypatch.setattr(embedder, "_shared", embedder._Shared())
    assert said() == {"ok": True, "detail": "not loaded yet"}
    assert embedder.shared_embedder()
    assert said() == {"ok": True, "detail": "loaded"}

    monkeypatch.setattr(embedder, "_shared", embedder._Shared())
    monkeypatch.setenv("EMBEDDER_DIR", "off")
    assert embedder.shared_embedder() is None
    why = "EMBEDDER_DIR=off switches it off: remove that line from .env, and restart."
    assert said() == {"ok": True, "detail": f"the lexical half works alone. {why}"}


def test_the_visitor_command_prints_a_cookie_that_counts(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("visitor", "--plan", "free")
    name, _, value = capsys.readouterr().out.strip().partition("=")
    assert name == "visitor"
    visitor = read_visitor(value)
    assert visitor is not None
    assert visitor.plan == "free"


def test_the_visitor_command_knows_the_plans_of_the_example_and_of_the_site() -> None:
    with pytest.raises(CommandError, match="no plan 'gold': the plans are free, pro, studio;"):
        call_command("visitor", "--plan", "gold")
    Group.objects.create(name="plan-gold")
    call_command("visitor", "--plan", "gold")
