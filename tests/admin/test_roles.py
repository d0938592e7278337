"""docs/roles.md against the running admin: every page, every role, by rights and by request."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from assistant.models import Deletion, Request
from assistant.person import requests
from assistant.roles import RIGHTS, ROLES, ensure_roles
from assistant.who import Who
from common.clock import now
from routing.models import (
    Budget,
    ConfigVersion,
    FlipRecord,
    PlanBudget,
    ProbeRun,
    Route,
    StoredAnswer,
)
from tests.admin.conftest import SignIn
from tests.admin.pages import add_call, add_turn, make_conversation

TABLE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"
PAGES = (
    "try", "rehearse", "metrics", "cost", "setup_models", "visitor_data", "faq_proposals", "faq_review",
    "faq_confidence", "faq_health", "rule_set", "breakers", "service_levels", "transfer", "backtests",
    "flows", "old_questions", "inbox", "inbox_figures", "help_desk",
    "connection_doctor",
)  # fmt: skip


def written_table() -> dict[str, dict[str, set[str]]]:
    """Return page -> role -> verbs, as docs/roles.md says."""
    rows: dict[str, dict[str, set[str]]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        found = re.match(r"\| [^|]*\(`([a-z._]+)`\) \|([^|]+)\|([^|]+)\|([^|]+)\|$", line)
        if found:
            cells = [set(re.findall(r"[a-z]+", cell)) for cell in found.groups()[1:]]
            rows[found.group(1)] = dict(zip(("support", "manager", "admin"), cells, strict=True))
    return rows


WRITTEN = written_table()
MODELS = sorted(name for name in WRITTEN if name not in PAGES)


def one_row(model: type[Model]) -> Model:
    """Return a row of `model`, made if the seed has none."""
    row = model._default_manager.first()
    if row is not None:
        return row
    needed: dict[type[Model], dict[str, Any]] = {
        FlipRecord: {"route_slug": "common", "old": ["a"], "new": ["b"], "changed_at": now()},
        ProbeRun: {"target": "common", "figures": {"first_text": {"p50_ms": 12}}},
        Deletion: {"day": "2026-11-23", "kind": "sessions", "count": 2},
        PlanBudget: {"plan": "free"},
        StoredAnswer: {
            "route": "common",
            "model": "m",
            "tier": "lite",
            "question": "Q?",
            "answer": "A.",
            "reply_id": uuid4(),
            "turn_id": uuid4(),
            "written_at": now(),
        },
        Budget: {"scope": "all", "period_start": "2026-11-23", "cap_pico": 5 * 10**12},
    }
    if model is Request:
        who = Who(uuid4())
        return requests.create(
            who, requests.Wish("button", "anna@visitor.example", "My invoice is wrong.", "one")
        )
    if model in needed:
        return model._default_manager.create(**needed[model])
    add_call(add_turn(make_conversation("Does it send texts too?"), "And in Germany?"))
    made = model._default_manager.first()
    if made is None:
        made = model._default_manager.create()
    return made


def test_the_table_names_exactly_the_pages_there_are() -> None:
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert set(WRITTEN) == registered | set(PAGES)
    assert set(WRITTEN["try"]) == set(ROLES)


@pytest.mark.parametrize("label", MODELS)
def test_rights_are_as_written(sign_in: SignIn, label: str) -> None:
    model = apps.get_model(label)
    row = Route.objects.get(slug="common") if model is Route else one_row(model)
    page = admin.site._registry[model]
    for role in ROLES:
        request = RequestFactory().get("/")
        request.user = User.objects.get(username=role)
        allowed = {
            "see": page.has_view_permission(request, row),
            "add": page.has_add_permission(request),
            "change": page.has_change_permission(request, row),
            "delete": page.has_delete_permission(request, row),
        }
        assert {verb for verb, yes in allowed.items() if yes} == WRITTEN[label][role], role


@pytest.mark.parametrize("label", MODELS)
def test_pages_answer_as_written(sign_in: SignIn, label: str) -> None:
    row = one_row(apps.get_model(label))
    for role in ROLES:
        answers_as_written(sign_in(role), label, row, WRITTEN[label][role])


def answers_as_written(client: Client, label: str, row: Model, verbs: set[str]) -> None:
    name = label.replace(".", "_")
    listing = client.get(reverse(f"admin:{name}_changelist"))
    change = client.get(reverse(f"admin:{name}_change", args=[row.pk]))
    add = client.get(reverse(f"admin:{name}_add"))
    delete = client.get(reverse(f"admin:{name}_delete", args=[row.pk]))
    seen = {200, 302} if "see" in verbs else {403}
    assert listing.status_code in seen
    assert change.status_code in seen
    assert add.status_code == (200 if "add" in verbs else 403)
    if "delete" not in verbs:
        assert delete.status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_pages_beside_the_models(sign_in: SignIn, page: str) -> None:
    for role in ROLES:
        answer = sign_in(role).get(reverse(f"admin:{page}"))
        assert answer.status_code == (200 if "see" in WRITTEN[page][role] else 403), role


@pytest.mark.parametrize("role", ROLES)
def test_the_sidebar_offers_what_the_role_may_open(sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    home = client.get(reverse("admin:index"))
    assert home.status_code == 200
    items = [item for group in home.context["sidebar_navigation"] for item in group["items"]]
    offered = {str(item["link"]) for item in items if item["has_permission"]}
    for label, cells in WRITTEN.items():
        url = reverse(f"admin:{label}" if label in PAGES else f"admin:{label.replace('.', '_')}_changelist")
        if url in {str(item["link"]) for item in items}:
            assert (url in offered) == ("see" in cells[role]), label
    for url in offered:
        assert client.get(url, follow=True).status_code == 200, url


def test_nobody_edits_ledger_trail_or_transcripts(sign_in: SignIn) -> None:
    superuser = User.objects.get(username="admin")
    superuser.is_superuser = True
    superuser.save()
    client = sign_in("admin")
    for label in ("routing.modelcall", "routing.configversion", "routing.fliprecord", "routing.budget"):
        row = one_row(apps.get_model(label))
        name = label.replace(".", "_")
        assert client.post(reverse(f"admin:{name}_change", args=[row.pk]), {}).status_code == 403
        assert client.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403
    conversation = make_conversation("thanks!")
    url = reverse("admin:assistant_conversation_change", args=[conversation.pk])
    assert client.post(url, {"title": "changed"}).status_code == 403
    assert ConfigVersion.objects.count() == 1
    assert LogEntry.objects.count() == 0


def test_roles_are_set_again_and_name_what_is_missing(seeded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    support = Group.objects.get(name="support")
    before = set(support.permissions.values_list("codename", flat=True))
    support.permissions.clear()
    ensure_roles()
    assert set(support.permissions.values_list("codename", flat=True)) == before
    monkeypatch.setattr("assistant.roles.RIGHTS", {**RIGHTS, "support": {"routing.nothing": ("view",)}})
    with pytest.raises(LookupError, match="view_nothing"):
        ensure_roles()


def test_an_admin_cannot_take_over_a_superuser(sign_in: SignIn) -> None:
    client = sign_in("admin")
    other = User.objects.create_superuser("owner", password="x-long-password")
    assert client.get(reverse("admin:auth_user_change", args=[other.pk])).status_code == 200
    assert client.post(reverse("admin:auth_user_change", args=[other.pk]), {}).status_code == 403
    changed = client.post(
        reverse("admin:auth_user_password_change", args=[other.pk]),
        {"password1": "stolen-password-1", "password2": "stolen-password-1"},
    )
    assert changed.status_code == 403
    own = User.objects.get(username="admin")
    form = client.get(reverse("admin:auth_user_change", args=[own.pk]))
    assert b'name="is_superuser"' not in form.content


def test_an_account_without_a_role_is_told_so(sign_in: SignIn) -> None:
    User.objects.create_user("new", password="x-long-password", is_staff=True)
    home = sign_in("new").get(reverse("admin:index"))
    assert "no role yet" in home.content.decode()


def test_an_anonymous_visitor_reaches_no_page(seeded: None) -> None:
    for name in ("index", "try", "metrics", "routing_rule_changelist", "assistant_conversation_changelist"):
        answer = Client().get(reverse(f"admin:{name}"))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("admin:login"))
