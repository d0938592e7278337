"""Phrasings are proposed by the shipped sandbox, over its socket, and stored step by step."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import Settings

from assistant import drafting, watched_call, writing
from common.clock import now
from faq import claims, proposals
from faq.drafter import PROPOSE_TASK
from faq.models import Entry, Phrasing, Proposal, ProposalRun, Work
from routing import publishing
from routing.caps import ALL, DRAFTS
from routing.models import Budget, ModelCall, ModelPrice, Purpose
from tests.control import Control


def thin(question: str, answer: str = "Yes, in the settings.", **more: str) -> Entry:
    return Entry.objects.create(question=question, answer=answer, **more)


def ordered(*entries: Entry, scope: str = ProposalRun.Scope.FEW) -> ProposalRun:
    offer = drafting.desk.offer("light", [proposals.call_for(entry) for entry in entries])
    return proposals.order(entries, scope, "support", offer)


def test_an_entry_gets_proposals_priced_before_and_after(upstream: Control) -> None:
    entry = thin("How do I export my invoices?")
    run = ordered(entry, scope=ProposalRun.Scope.ENTRY)
    assert run.estimate_pico
    assert not writing.propose(str(run.uuid))

    run.refresh_from_db()
    assert (run.state, run.wanted, run.done, run.error) == (Work.State.DONE, 1, 1, "")
    texts = list(entry.proposals.values_list("text", flat=True))
    assert 3 <= len(texts) <= 8
    assert run.proposed == len(texts)
    assert all("invoices" in text for text in texts)
    assert Phrasing.objects.filter(entry=entry).count() == 0, "nothing is used before it is accepted"

    call = ModelCall.objects.get()
    assert (call.purpose, call.route, call.turn_id) == (Purpose.STAFF_DRAFT, "common", run.uuid)
    assert call.reserved_pico >= (call.cost_pico or 0) > 0
    assert run.cost_pico == call.cost_pico
    books = {row.scope: row for row in Budget.objects.all()}
    assert (books[DRAFTS].spent_pico, books[DRAFTS].reserved_pico) == (call.cost_pico, 0)
    assert ALL not in books, "visitors' money is not touched"


def test_asking_again_proposes_nothing_that_was_proposed_or_rejected(upstream: Control) -> None:
    entry = thin("How do I export my invoices?")
    writing.propose(str(ordered(entry, scope=ProposalRun.Scope.ENTRY).uuid))
    first = set(entry.proposals.values_list("text", flat=True))
    for proposal in entry.proposals.all():
        proposals.reject(proposal, "support")
    again = ordered(entry, scope=ProposalRun.Scope.ENTRY)
    writing.propose(str(again.uuid))
    again.refresh_from_db()
    assert set(entry.proposals.values_list("text", flat=True)) == first
    assert (again.state, again.error) == (Work.State.FAILED, writing.NO_LINE)


def test_a_run_over_all_goes_on_where_a_killed_worker_left_it(upstream: Control) -> None:
    entries = [thin(f"How do I {what} my invoices?") for what in ("export", "print", "archive")]
    run = ordered(*entries)
    dead = claims.claim(ProposalRun, str(run.uuid), "dead-worker", now())
    assert dead is not None
    assert writing._ask_about(dead, "dead-worker", entries[0])
    lost = ModelCall.objects.get()
    ModelCall.objects.create(
        **{
            name: getattr(lost, name)
            for name in ("turn_id", "purpose", "route", "tier", "provider", "asked_model", "config_number")
        },
        reply_id=uuid4(), attempt=1, cause="first", started_at=now(), reserved_pico=7_000,
    )  # fmt: skip

    assert not writing.propose(str(run.uuid)), "a worker that speaks is left alone"
    assert Proposal.objects.filter(entry=entries[1]).count() == 0
    ProposalRun.objects.update(moved_at=now() - claims.SILENT_FOR - timedelta(seconds=1))
    assert not writing.propose(str(run.uuid))

    run.refresh_from_db()
    assert (run.state, run.done, run.left) == (Work.State.DONE, 3, [])
    assert all(entry.proposals.exists() for entry in entries)
    assert ModelCall.objects.count() == 4, "the first entry is not asked about again"
    assert not ModelCall.objects.filter(ended_at=None).exists()
    assert run.cost_pico == sum(call.cost_pico or 0 for call in ModelCall.objects.all())
    # What the dead one says now is not heard.
    assert not proposals.store(dead, "dead-worker", entries[1], ["late words"], "m", 0)
    assert not Proposal.objects.filter(text="late words").exists()


def test_stop_ends_the_call_that_runs_and_keeps_the_books(
    upstream: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = thin("How do I export my invoices?")
    run = ordered(entry, scope=ProposalRun.Scope.ENTRY)
    upstream.pace(first_text_ms=60_000, gap_ms=0)
    monkeypatch.setattr(watched_call, "SAY_EVERY_S", 0.2)
    said = claims.say

    def stop_then_say(work: Work, holder: str, at: object) -> bool:
        assert claims.stop(work, now())
        return said(work, holder, now())

    monkeypatch.setattr(claims, "say", stop_then_say)
    assert not writing.propose(str(run.uuid))
    run.refresh_from_db()
    assert (run.state, run.holder) == (Work.State.STOPPED, "")
    call = ModelCall.objects.get()
    assert call.finish_reason == "cancelled"
    assert run.cost_pico == call.cost_pico
    assert not Proposal.objects.exists()


def test_a_spent_budget_is_said_and_nothing_is_half_done(upstream: Control) -> None:
    entries = [thin(f"How do I {what} my invoices?") for what in ("export", "print")]
    run = ordered(*entries)
    day = now().date()
    Budget.objects.create(scope=DRAFTS, period_start=day, cap_pico=0, spent_pico=10**15)
    assert not writing.propose(str(run.uuid))
    run.refresh_from_db()
    assert run.state == Work.State.FAILED
    assert "The daily budget of 5.00 USD for drafts for staff is used up until" in run.error
    assert (run.done, run.cost_pico) == (0, 0)
    assert not Proposal.objects.exists() and not ModelCall.objects.exists()
    Budget.objects.all().delete()
    assert proposals.to_ask().filter(pk__in=[entry.pk for entry in entries]).count() == 2


def test_without_a_key_the_reason_is_said_before_anything_is_stored(
    upstream: Control, settings: Settings
) -> None:
    from dataclasses import replace

    settings.ENV = replace(settings.ENV, debug=False, sandbox=False)
    entry = thin("How do I export my invoices?")
    offer = drafting.desk.offer("light", [proposals.call_for(entry)])
    assert "no key" in offer.problem and "docs/providers.md" in offer.problem
    with pytest.raises(proposals.Refused, match="No model can be asked"):
        proposals.order([entry], ProposalRun.Scope.ENTRY, "support", offer)
    assert not ProposalRun.objects.exists()


def test_a_provider_that_fails_is_named_and_the_entries_before_it_keep_their_proposals(
    upstream: Control,
) -> None:
    entries = [thin(f"How do I {what} my invoices?") for what in ("export", "print")]
    run = ordered(*entries)
    worker = claims.claim(ProposalRun, str(run.uuid), "w", now())
    assert worker is not None and writing._ask_about(worker, "w", entries[0])
    assert claims.release(worker, "w", now())
    upstream.fault("status", status=401, times=20)
    assert not writing.propose(str(run.uuid))
    run.refresh_from_db()
    assert (run.state, run.done) == (Work.State.FAILED, 1)
    assert run.error.startswith("No model answered")
    assert entries[0].proposals.exists() and not entries[1].proposals.exists()


def test_only_one_run_at_a_time_and_one_an_entry(upstream: Control) -> None:
    one, other = thin("How do I export my invoices?"), thin("How do I print my invoices?")
    run = ordered(one, scope=ProposalRun.Scope.ENTRY)
    with pytest.raises(proposals.Refused, match="already"):
        ordered(one, scope=ProposalRun.Scope.ENTRY)
    assert one not in proposals.to_ask() and other in proposals.to_ask()
    whole = ordered(other)
    with pytest.raises(proposals.Refused, match="already"):
        ordered(other)
    with pytest.raises(proposals.Refused, match="yet to come"):
        ordered(other, scope=ProposalRun.Scope.ENTRY)
    assert claims.stop(whole, now()) and claims.stop(run, now())
    ordered(one, scope=ProposalRun.Scope.ENTRY)


def test_beat_hands_over_what_no_worker_is_at(upstream: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ordered(thin("How do I export my invoices?"))
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(writing, "hand_over", lambda task, uuid: sent.append((task, uuid)))
    assert writing.drive() == []
    ProposalRun.objects.update(moved_at=now() - claims.UNTOUCHED_FOR - timedelta(seconds=1))
    assert writing.drive() == [run.uuid]
    assert sent == [(PROPOSE_TASK, str(run.uuid))]
    claims.claim(ProposalRun, str(run.uuid), "w", now())
    assert writing.drive() == []
    ProposalRun.objects.update(
        state=Work.State.STOPPED, moved_at=now() - claims.SILENT_FOR - timedelta(seconds=1)
    )
    assert writing.drive() == []
    run.refresh_from_db()
    assert (run.holder, run.cost_pico) == ("", 0)


def test_a_model_without_a_price_is_said_and_still_asked(upstream: Control) -> None:
    ModelPrice.objects.all().delete()
    publishing.publish("a test", "without prices")
    entry = thin("How do I export my invoices?")
    offer = drafting.desk.offer("light", [proposals.call_for(entry)])
    assert (offer.problem, offer.about_pico, offer.most_pico) == ("", None, None)
    run = proposals.order([entry], ProposalRun.Scope.ENTRY, "support", offer)
    writing.propose(str(run.uuid))
    run.refresh_from_db()
    assert (run.state, run.estimate_pico, run.cost_pico) == (Work.State.DONE, None, None)
