"""Accepting, rejecting and editing in the admin, and what is refused with which words."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assistant import writing
from common.clock import now
from faq import claims, edits, index, neighbours, proposals, services
from faq.drafter import EDIT_TASK, PROPOSE_TASK
from faq.models import AnswerEdit, Entry, Phrasing, Proposal, ProposalRun, Work
from routing.models import ModelCall
from tests.control import Control


@pytest.fixture
def sent(upstream: Control, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Do what is handed to the worker at once, in place of the broker, and remember the tasks' names."""
    tasks: list[str] = []

    def work(task: str, uuid: str) -> None:
        tasks.append(task)
        {PROPOSE_TASK: writing.propose, EDIT_TASK: writing.edit}[task](uuid)

    monkeypatch.setattr("faq.admin.proposals.hand_over", work)
    monkeypatch.setattr("faq.admin.editing.hand_over", work)
    return tasks


@pytest.fixture
def support(sent: list[str]) -> Client:
    return signed_in("support")


def signed_in(role: str) -> Client:
    from django.contrib.auth.models import Group, User

    from assistant.roles import ensure_roles

    ensure_roles()
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def entry_of(
    question: str = "How do I export my invoices?", answer: str = "Choose *Export*.", **more: Any
) -> Entry:
    return services.save_entry(Entry(question=question, answer=answer, **more), [])


def proposed(entry: Entry, text: str) -> Proposal:
    return Proposal.objects.create(entry=entry, text=text)


def post(client: Client, name: str, **values: object) -> tuple[int, dict[str, Any]]:
    response = client.post(reverse(f"admin:faq_{name}"), values)
    told: dict[str, Any] = response.json()
    return response.status_code, told


def test_support_orders_accepts_and_rejects_for_one_entry(support: Client, sent: list[str]) -> None:
    entry = entry_of()
    form = support.get(reverse("admin:faq_entry_change", args=[entry.pk])).content.decode()
    assert "Proposed phrasings" in form
    assert "about $" in form and "at most $" in form
    status, told = post(support, "proposals_start", entry=entry.pk)
    assert (status, sent) == (200, [PROPOSE_TASK])
    assert (told["run"]["state"], told["run"]["active"]) == ("done", False)
    assert told["run"]["cost"].startswith("Cost: $")
    first, second, *_ = entry.proposals.all()
    assert f'data-proposal="{first.pk}"' in told["html"]

    assert post(support, "proposals_decide", proposal=first.pk, verb="accept") == (200, {"done": True})
    assert post(support, "proposals_decide", proposal=second.pk, verb="reject") == (200, {"done": True})
    assert list(entry.phrasings.values_list("text", flat=True)) == [first.text]
    first.refresh_from_db()
    assert (first.state, first.decided_by) == (Proposal.State.ACCEPTED, "support")
    # The same key again, by a second tab or a repeat after a cut: nothing more happens.
    assert post(support, "proposals_decide", proposal=first.pk, verb="accept")[0] == 200
    assert entry.phrasings.count() == 1
    status, told = post(support, "proposals_decide", proposal=second.pk, verb="accept")
    assert (status, told["problem"]) == (409, "This proposal was rejected meanwhile.")
    status, told = post(support, "proposals_decide", proposal=first.pk, verb="reject")
    assert status == 409 and "accepted meanwhile" in told["problem"]


def test_an_accepted_phrasing_of_a_published_entry_answers_visitors(support: Client) -> None:
    entry = entry_of(status="published")
    row = proposed(entry, "invoices as a spreadsheet")
    post(support, "proposals_decide", proposal=row.pk, verb="accept")
    index.refresh()
    best = index.match("Invoices as a spreadsheet!").best
    assert best is not None and best.exact and best.entry_id == str(entry.pk)
    history = Phrasing.history.get(text="invoices as a spreadsheet")
    assert history.history_user.get_username() == "support"


def test_a_conflict_is_found_again_at_the_moment_of_accepting(support: Client) -> None:
    entry = entry_of(status="published")
    row = proposed(entry, "print a paper copy of my bill")
    other = entry_of("How do I print my bill?", "Choose *Print*.", status="published")
    services.save_entry(other, ["print a paper copy of the bill", "bill on paper"])
    neighbours.forget()
    status, told = post(support, "proposals_decide", proposal=row.pk, verb="accept")
    assert (status, told["anyway"]) == (409, True)
    assert "How do I print my bill?" in told["problem"] and "Nothing was added" in told["problem"]
    row.refresh_from_db()
    assert (row.state, row.rival) == (Proposal.State.CONFLICT, other)
    assert not entry.phrasings.exists()
    listed = support.get(reverse("admin:faq_proposals_state"), {"entry": entry.pk}).json()
    assert "nearer to" in listed["html"] and (listed["waiting"], listed["clear"]) == (1, 0)
    # "Accept all without conflict" leaves it alone; a person may still overrule the matcher.
    assert post(support, "proposals_accept_all", entry=entry.pk)[1]["said"] == "0 accepted."
    assert post(support, "proposals_decide", proposal=row.pk, verb="accept", anyway="1")[0] == 200
    assert entry.phrasings.count() == 1


def test_a_phrasing_that_another_published_entry_has_cannot_be_forced(support: Client) -> None:
    entry, other = entry_of(status="published"), entry_of("How do I print my bill?", status="published")
    row = proposed(entry, "How do I print my bill")
    neighbours.forget()
    assert post(support, "proposals_decide", proposal=row.pk, verb="accept")[0] == 409
    status, told = post(support, "proposals_decide", proposal=row.pk, verb="accept", anyway="1")
    assert (status, told["anyway"]) == (409, False)
    assert f"(no. {other.pk})" in told["problem"]
    assert not entry.phrasings.exists()


def test_all_without_conflict_are_accepted_at_once(support: Client) -> None:
    entry = entry_of()
    texts = ["export invoices", "invoices as a file"]
    for text in [*texts, "download of my invoices"]:
        proposed(entry, text)
    status, told = post(support, "proposals_accept_all", entry="")
    # The example has an entry for the third one, which was proposed before anybody compared.
    assert told["said"].startswith("2 accepted. 1 left: “download of my invoices”")
    assert (status, told["waiting"], told["clear"]) == (200, 1, 0)
    assert list(entry.phrasings.values_list("text", flat=True)) == texts


def test_the_page_for_all_names_entries_price_and_progress(support: Client) -> None:
    entries = [entry_of(f"How do I {what} my invoices?") for what in ("export", "print")]
    full = services.save_entry(Entry(question="Where are reports?", answer="Here."), ["a b", "c d", "e f"])
    assert full not in proposals.to_ask()
    count = proposals.to_ask().count()
    page = support.get(reverse("admin:faq_proposals")).content.decode()
    assert f"for all {count}" in page and "an entry" in page
    status, told = post(support, "proposals_start", entry="")
    assert status == 200
    run = ProposalRun.objects.get()
    assert (run.state, run.done, run.wanted) == (Work.State.DONE, count, count)
    assert all(entry.proposals.exists() for entry in entries)
    assert told["asked"] == proposals.to_ask().count() < count
    # The entries that have proposals are not asked about again before somebody has decided.
    assert all(entry not in proposals.to_ask() for entry in entries)


def test_stop_is_heard_from_the_page(support: Client) -> None:
    entry = entry_of()
    run = ProposalRun.objects.create(scope="entry", entry=entry, left=[entry.pk], wanted=1)
    status, told = post(support, "proposals_stop", entry=entry.pk)
    assert (status, told["run"]["state"]) == (200, "stopped")
    assert claims.claim(ProposalRun, str(run.uuid), "w", now()) is None


def test_a_worker_that_is_away_is_said(support: Client) -> None:
    entry = entry_of()
    ProposalRun.objects.create(
        scope="entry", entry=entry, left=[entry.pk], wanted=1, moved_at=now() - 2 * claims.SILENT_FOR
    )
    told = support.get(reverse("admin:faq_proposals_state"), {"entry": entry.pk}).json()
    assert "is it running?" in told["run"]["note"]


def test_an_article_needs_no_phrasings_and_a_gone_proposal_is_said(support: Client) -> None:
    article = entry_of(kind="article")
    page = support.get(reverse("admin:faq_entry_change", args=[article.pk])).content.decode()
    assert "Proposed phrasings" not in page
    status, told = post(support, "proposals_decide", proposal="99999", verb="accept")
    assert status == 404 and "gone" in told["problem"]
    assert support.get(reverse("admin:faq_proposals_state"), {"entry": "99999"}).status_code == 404


def test_who_may_not_change_entries_may_do_none_of_it(sent: list[str]) -> None:
    manager = signed_in("manager")
    assert manager.get(reverse("admin:faq_proposals")).status_code == 403
    for name in ("start", "stop", "decide", "accept_all"):
        assert manager.post(reverse(f"admin:faq_proposals_{name}")).status_code == 403
    for name in ("state", "start", "decide"):
        assert manager.post(reverse(f"admin:faq_edit_{name}")).status_code == 403
    assert Client().get(reverse("admin:faq_proposals")).status_code == 302
    support = signed_in("support")
    assert support.get(reverse("admin:faq_proposals_start")).status_code == 405


# --- edits of an answer -----------------------------------------------------------------------------

LONG = "Open *Invoices*. Choose *Export*. It takes 5 minutes. Ask help@larkfield.example, or see https://a.example/x."


def edited(
    client: Client, kind: str, entry: Entry | None, present: str = LONG, **more: str
) -> dict[str, Any]:
    values = {"question": "How do I export my invoices?", "language": "en", **more}
    status, told = post(
        client, "edit_start", kind=kind, entry=entry.pk if entry else "", present=present, **values
    )
    assert status == 200, told
    edit: dict[str, Any] = told["edit"]
    return edit


def test_the_compact_model_shortens_and_the_lost_facts_are_named(support: Client) -> None:
    entry = entry_of(answer=LONG)
    edit = edited(support, "shorten", entry)
    assert edit["done"] and edit["title"] == "Shorten"
    assert edit["output"] == "Open *Invoices*. Choose *Export*. It takes 5 minutes."
    assert edit["warnings"] == ["link https://a.example/x is gone", "address help@larkfield.example is gone"]
    assert edit["price"].startswith("Gemini 3.5 Flash-Lite, $0.000")
    assert "".join(text for kind, text in edit["pieces"] if kind != "new") == LONG
    entry.refresh_from_db()
    assert entry.answer == LONG, "only a person's Save changes an answer"
    call = ModelCall.objects.get()
    assert (call.purpose, call.route) == ("staff_draft", "common")


def test_the_stronger_model_makes_the_final_version_and_it_survives_a_reload(support: Client) -> None:
    entry = entry_of(answer=LONG)
    first = edited(support, "friendlier", entry)
    edit = edited(support, "final", entry, first["output"])
    assert edit["warnings"] == []
    assert ModelCall.objects.get(route="complex").asked_model == "claude-sonnet-5-5"
    again = post(support, "edit_state", entry=entry.pk, present=LONG, offers="1")[1]
    assert again["edit"]["uuid"] == edit["uuid"]
    assert "Claude Sonnet" in again["offers"] and "final version" in again["offers"]
    other = signed_in("admin")
    assert post(other, "edit_state", entry=entry.pk, present=LONG)[1]["edit"] is None, "another person's"
    post(support, "edit_decide", entry=entry.pk, uuid=edit["uuid"], used="1")
    assert post(support, "edit_state", entry=entry.pk, present=LONG)[1]["edit"] is None
    used = dict(AnswerEdit.objects.values_list("kind", "decision"))
    assert used == {"friendlier": "discarded", "final": "used"}


def test_a_new_entry_is_drafted_from_the_nearest_passages(support: Client) -> None:
    edit = edited(support, "draft", None, "", question="How long does the password reset link work?")
    assert edit["done"] and edit["output"]
    assert edit["rests_on"]
    assert edit["warnings"] == []


def test_an_edit_that_cannot_be_made_says_why_and_stores_nothing(support: Client, upstream: Control) -> None:
    entry = entry_of(answer=LONG)
    for values, said in (
        ({"kind": "shorten", "present": ""}, "no answer yet"),
        ({"kind": "final", "present": "x" * 20_001}, "20,000"),
        ({"kind": "draft", "question": " "}, "question first"),
    ):
        status, told = post(support, "edit_start", **{"entry": entry.pk, "question": "How?", **values})
        assert status == 409 and said in told["problem"]
    assert post(support, "edit_start", kind="poem", entry=entry.pk)[0] == 400
    assert not AnswerEdit.objects.exists()
    upstream.fault("length", after_tokens=3, times=20)
    edit = edited(support, "shorten", entry)
    assert not edit["done"] and edit["output"] == ""
    assert edit["problem"]


def test_a_discarded_edit_is_stopped(support: Client) -> None:
    entry = entry_of(answer=LONG)
    edit = AnswerEdit.objects.create(entry=entry, kind="final", question="Q?", created_by="support")
    assert post(support, "edit_state", entry=entry.pk, present="")[1]["edit"]["active"]
    post(support, "edit_decide", entry=entry.pk, uuid=str(edit.uuid))
    edit.refresh_from_db()
    assert (edit.state, edit.decision) == (Work.State.STOPPED, "discarded")
    assert edits.mine(entry, "support") == []
