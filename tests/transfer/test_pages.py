"""The pages of transfer tests: a case in plain words; a test ordered, read, compared, stopped."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from assistant.accounts import ensure_accounts
from assistant.trials import transferring
from routing.models import TransferCase, TransferRun
from tests.admin.pages import form_of, text_of
from tests.control import Control
from tests.transfer.conftest import LITE, OTHER, QUESTION, Run

Only = Callable[..., TransferCase]
PAGE = reverse("admin:transfer")


@pytest.fixture
def role(upstream: Control, settings: object, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Client]:
    """Return a function that gives a client signed in as a role; the worker is this process."""
    monkeypatch.setattr(
        "django.conf.settings.PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"]
    )
    ensure_accounts("a-long-test-password")
    User.objects.filter(username="admin").update(is_superuser=False)
    monkeypatch.setattr(transferring, "hand_over", lambda run: True)

    def signed_in(name: str) -> Client:
        client = Client()
        user = User.objects.get(username=name)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


def test_support_orders_a_test_after_its_price_and_reads_it(
    role: Callable[[str], Client], upstream: Control, only: Only
) -> None:
    case, support = only(max_first_text_ms=1), role("support")
    asked = {"target": f"model:{LITE}", "on": "common", "n": "2", "cap": "0.5"}
    priced = text_of(support.post(PAGE, {**asked, "estimate": "1"}))
    assert "1 case, 2 times each: at most $0.0" in priced
    assert not TransferRun.objects.exists(), "a price begins nothing"
    begun = support.post(PAGE, {**asked, "start": "1"})
    run = TransferRun.objects.get()
    assert begun["Location"] == reverse("admin:transfer_run", args=[run.pk])
    assert (run.created_by, run.n, run.cap_pico) == ("support", 2, int(Decimal("0.5") * 10**12))
    waiting = support.get(begun["Location"])
    assert b"data-active" in waiting.content and "0 of 2 answers" in text_of(waiting)
    while transferring.step(str(run.uuid)):
        pass
    read = support.get(begun["Location"])
    page = text_of(read)
    assert b"data-active" not in read.content
    assert "Not passed" in page and "it had to come within 1 ms" in page and "Says “30 days”." in page
    assert case.title in page and QUESTION in page
    assert "Not passed" in text_of(support.get(PAGE))


def test_a_double_click_orders_one_test(role: Callable[[str], Client], only: Only) -> None:
    only()
    support, asked = role("support"), {"target": "desk", "n": "2", "cap": "0.5", "start": "1"}
    first, again = support.post(PAGE, asked), support.post(PAGE, asked, follow=True)
    assert again.redirect_chain[-1][0] == first["Location"] and TransferRun.objects.count() == 1
    assert "ordered exactly this test already" in text_of(again)
    role("admin").post(PAGE, asked)
    support.post(PAGE, {**asked, "n": "3"})
    only(title="Another")
    support.post(PAGE, asked)
    assert TransferRun.objects.count() == 4, "another person's, another number, another case"


def test_a_case_that_a_test_did_not_reach_has_not_failed(
    role: Callable[[str], Client], only: Only, run: Run
) -> None:
    case = only()
    stopped = run("desk", cap_pico=0)
    support, address = role("support"), reverse("admin:transfer_run", args=[stopped.pk])
    page = text_of(support.get(address))
    assert "has no room for the next answer" in page and "Not asked" in page and "Failed" not in page
    edit = reverse("admin:routing_transfercase_change", args=[case.pk])
    assert edit in support.get(address).content.decode()
    case.delete()
    shown = support.get(address)
    assert case.title in text_of(shown) and edit not in shown.content.decode()


def test_two_runs_are_held_beside_each_other(
    role: Callable[[str], Client], upstream: Control, only: Only, run: Run
) -> None:
    only()
    one = run("model", model=LITE, route="common")
    upstream.fault("obey", model=OTHER, times=1)
    two = run("model", model=OTHER, route="common")
    manager = role("manager")
    shown = manager.get(reverse("admin:transfer_run", args=[two.pk]), {"with": str(one.pk)}).content.decode()
    assert f"Beside test {one.pk}" in shown
    assert (
        "<ins>" in shown.split("desk-transfer-beside")[1]
        and "<del>" in shown.split("desk-transfer-beside")[1]
    )
    alone = manager.get(reverse("admin:transfer_run", args=[two.pk])).content.decode()
    assert "desk-transfer-beside" not in alone


def test_each_role_sees_what_it_may(role: Callable[[str], Client], only: Only, run: Run) -> None:
    only()
    done = run("desk")
    address, halt = (reverse(f"admin:transfer_{name}", args=[done.pk]) for name in ("run", "stop"))
    manager = role("manager")
    assert "Start a test" not in text_of(manager.get(PAGE))
    assert manager.get(address).status_code == 200
    assert manager.post(PAGE, {"target": "desk", "n": "1", "cap": "1", "start": "1"}).status_code == 403
    assert manager.post(halt).status_code == 403
    assert manager.get(reverse("admin:routing_transfercase_changelist")).status_code == 403
    assert "Start a test" in text_of(role("support").get(PAGE))
    assert TransferRun.objects.count() == 1


def test_a_run_is_stopped_once(role: Callable[[str], Client], only: Only) -> None:
    only()
    admin = role("admin")
    admin.post(PAGE, {"target": "route:common", "n": "1", "cap": "1", "start": "1"})
    run = TransferRun.objects.get()
    halt = reverse("admin:transfer_stop", args=[run.pk])
    assert "Stopped. What was answered so far stays." in text_of(admin.post(halt, follow=True))
    assert "It had ended already." in text_of(admin.post(halt, follow=True))
    run.refresh_from_db()
    assert (run.state, run.error) == ("stopped", "Stopped by admin.")
    assert not transferring.step(str(run.uuid)), "a worker that hears of it later does nothing"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"on": "common", "target": "desk"}, "Only for a test of one model."),
        ({"n": "0"}, "greater than or equal to 1"),
        ({"target": "route:long"}, "No case is in use for the route"),
    ],
)
def test_what_makes_no_test_is_said(
    role: Callable[[str], Client], only: Only, wrong: dict[str, str], says: str
) -> None:
    only()
    page = role("support").post(PAGE, {"target": "desk", "n": "1", "cap": "1", "start": "1", **wrong})
    assert says in text_of(page) and not TransferRun.objects.exists()


# ---- cases -------------------------------------------------------------------------------------------


def test_a_case_is_written_in_plain_words_and_remembers_who(role: Callable[[str], Client]) -> None:
    support = role("support")
    add = reverse("admin:routing_transfercase_add")
    form = {
        **form_of(support.get(add)),
        "title": "Refund",
        "question": QUESTION,
        "must_say": " 30 days \r\n\r\n/refund(s|ed)/",
        "routes": ["common"],
        "turns-TOTAL_FORMS": "1",
        "turns-0-visitor": "Hello, I am new",
        "turns-0-assistant": "Welcome!",
        "turns-0-position": "0",
    }
    assert support.post(add, form).status_code == 302
    case = TransferCase.objects.get(title="Refund")
    assert (case.must_say, case.routes, case.created_by) == ("30 days\n/refund(s|ed)/", ["common"], "support")
    assert [turn.visitor for turn in case.turns.all()] == ["Hello, I am new"]
    change = reverse("admin:routing_transfercase_change", args=[case.pk])
    changed = {**form_of(role("admin").get(change)), "must_not_say": "never"}
    assert role("admin").post(change, changed).status_code == 302
    case.refresh_from_db()
    assert (case.changed_by, case.must_not_say) == ("admin", "never")
    told = text_of(support.get(reverse("admin:routing_transfercase_history", args=[case.pk])))
    assert "Must not say" in told
    assert "says 2" in text_of(support.get(reverse("admin:routing_transfercase_changelist")))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"must_say": "/(/"}, "a parenthesis is opened and not closed"),
        ({"must_say": ""}, "asks nothing of the answer"),
        ({"question": " "}, "required"),
        ({"least_support": "2"}, "A share, from 0 to 1."),
    ],
)
def test_a_case_that_could_not_be_checked_is_refused(
    role: Callable[[str], Client], wrong: dict[str, str], says: str
) -> None:
    support, add = role("support"), reverse("admin:routing_transfercase_add")
    before = TransferCase.objects.count()
    form = {**form_of(support.get(add)), "title": "T", "question": "Q?", "must_say": "x", **wrong}
    assert says in text_of(support.post(add, form))
    assert TransferCase.objects.count() == before


def test_one_click_makes_a_tried_question_a_case(role: Callable[[str], Client], run: Run) -> None:
    support = role("support")
    tried = support.post(reverse("admin:try"), {"text": "How do I cancel a booking?", "language": "en"})
    assert "Make it a regression case" in text_of(tried)
    asked = {
        "text": "How do I cancel a booking?",
        "language": "en",
        "plan": "",
        "route": tried.context["route"].slug,
        "source": tried.context["source"],
    }
    make = reverse("admin:transfer_case_from_try")
    made = support.post(make, asked)
    case = TransferCase.objects.get(question="How do I cancel a booking?")
    assert made["Location"] == reverse("admin:routing_transfercase_change", args=[case.pk])
    assert (case.must_route, case.language, case.created_by, case.active) == ("faq", "en", "support", True)
    assert "“How do I cancel a booking?” answered it then" in case.note
    assert LogEntry.objects.filter(object_id=str(case.pk), user__username="support").exists()
    support.post(make, asked)
    assert TransferCase.objects.filter(question=case.question).count() == 1
    for _ in range(2):
        support.post(make, {**asked, "earlier": "Hi, I booked twice."})
    _, follow_up = TransferCase.objects.filter(question=case.question).order_by("pk")
    assert [turn.visitor for turn in follow_up.turns.all()] == ["Hi, I booked twice."]
    assert run("desk", only=[case.pk]).passed
    assert role("manager").post(make, asked).status_code == 403
