"""What has reached its age goes, chunk by chunk; what somebody waits for stays."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.management import call_command

from assistant.models import Conversation, Deletion, Message, Reply, Request, RetentionPolicy, Visitor
from assistant.privacy import retention
from assistant.privacy.classes import CLASSES, flaws
from common.clock import now
from faq.models import AskedQuestion
from routing.models import ModelCall, RouteOutcome
from tests.privacy.conftest import MARK, Told, tell


def aged(told: Told, days: int) -> datetime:
    """Move all that a visitor has left `days` into the past; return that time."""
    then = now() - timedelta(days=days)
    Conversation.objects.filter(pk=told.conversation.pk).update(updated_at=then, created_at=then)
    Visitor.objects.filter(pk=told.visitor_id).update(created_at=then)
    Request.objects.filter(pk=told.request.pk).update(created_at=then)
    AskedQuestion.objects.filter(uuid=told.reply.turn_id).update(created_at=then)
    ModelCall.objects.filter(pk=told.call.pk).update(started_at=then, rolled_up=True)
    RouteOutcome.objects.filter(pk=told.reply.pk).update(ended_at=then)
    LogEntry.objects.update(action_time=then)
    return then


def test_defaults_are_those_of_the_table_and_have_no_flaw(db: None) -> None:
    policy = RetentionPolicy.objects.create(pk=1)
    days = {each.name: getattr(policy, each.name) for each in CLASSES}
    assert days == {each.name: each.days for each in CLASSES}
    assert flaws(dict(days)) == {}
    assert all(each.reason for each in CLASSES)


def test_each_class_goes_at_its_own_age(told: Told) -> None:
    young = tell("Powidl", number=2)
    Request.objects.filter(pk=told.request.pk).update(state="answered")
    aged(told, 31)
    assert retention.run(now()).counts == {"partial_outputs": 1}
    assert ModelCall.objects.get(pk=told.call.pk).partial_output == ""
    aged(told, 366)
    report = retention.run(now())
    assert report.counts == {"conversations": 1, "asked_questions": 1, "staff_log": 2}
    kept = Message.objects.get(request=told.request)
    assert (kept.conversation_id, kept.text) == (None, f"Your {MARK} comes."), (
        "staff's mail stays with its request"
    )
    ModelCall.objects.filter(pk=told.call.pk).update(ended_at=now() - timedelta(days=401))
    RouteOutcome.objects.filter(pk=told.reply.pk).update(ended_at=now() - timedelta(days=401))
    assert retention.run(now()).counts == {"ledger": 2}
    Request.objects.filter(pk=told.request.pk).update(created_at=now() - timedelta(days=731))
    assert retention.run(now()).counts == {"requests": 1, "visitors": 1}
    assert retention.run(now()).counts == {}, "a second run finds nothing"
    assert Conversation.objects.get() == young.conversation
    assert {(row.kind, row.count) for row in Deletion.objects.all()} == {
        ("partial_outputs", 1), ("conversations", 1), ("asked_questions", 1), ("staff_log", 2), ("ledger", 2),
        ("requests", 1), ("visitors", 1),
    }  # fmt: skip


@pytest.mark.parametrize("why", ["waiting", "with_staff", "unanswered request", "running", "young"])
def test_what_somebody_waits_for_stays(told: Told, why: str) -> None:
    aged(told, 3000)
    Request.objects.filter(pk=told.request.pk).update(
        state="new" if why == "unanswered request" else "closed"
    )
    if why in ("waiting", "with_staff"):
        Conversation.objects.filter(pk=told.conversation.pk).update(state=why)
    if why == "running":
        Reply.objects.filter(pk=told.reply.pk).update(state="streaming")
    if why == "young":
        Conversation.objects.filter(pk=told.conversation.pk).update(updated_at=now())
    retention.run(now())
    assert Conversation.objects.filter(pk=told.conversation.pk).exists()
    Request.objects.update(state="closed")
    Reply.objects.update(state="completed")
    Conversation.objects.update(state="open", updated_at=now() - timedelta(days=3000))
    retention.run(now())
    assert not Conversation.objects.exists()


def test_a_run_that_is_out_of_time_is_gone_on_with(told: Told) -> None:
    visitors = [Visitor() for _ in range(120)]
    Visitor.objects.bulk_create(visitors)
    Visitor.objects.update(created_at=now() - timedelta(days=9))
    report = retention.run(now(), budget_s=-1)
    assert (report.finished, report.counts) == (False, {})
    policy = RetentionPolicy.objects.get()
    assert policy.ran_at is not None and policy.finished_at is None
    done = retention.run(now())
    assert (done.finished, done.counts["visitors"]) == (True, 120)
    assert Visitor.objects.get() == told.conversation.visitor
    assert RetentionPolicy.objects.get().finished_at is not None


def test_expired_sessions_go_and_others_stay(db: None) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=now() - timedelta(days=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now() + timedelta(days=1))
    assert retention.run(now()).counts == {"sessions": 1}
    assert Session.objects.get().session_key == "new"


def test_the_command_counts_first_and_deletes_then(told: Told) -> None:
    aged(told, 3000)
    Request.objects.update(state="closed")
    out = StringIO()
    call_command("retention", "--dry-run", stdout=out)
    assert "due       1  Conversations with their answers" in out.getvalue()
    assert Conversation.objects.exists()
    out = StringIO()
    call_command("retention", stdout=out)
    assert "deleted       1  Conversations with their answers" in out.getvalue()
    assert not Visitor.objects.exists()


def test_days_out_of_range_and_parts_that_outlive_the_whole_are_refused() -> None:
    days: dict[str, int | None] = {each.name: each.days for each in CLASSES}
    assert set(flaws({**days, "requests": 0})) == {"requests"}
    assert set(flaws({**days, "uploads": 4000})) == {"uploads"}
    assert set(flaws({**days, "partial_outputs": 300, "conversations": 200})) == {"partial_outputs"}
    assert set(flaws({**days, "conversations": 500})) == {"conversations"}
    assert flaws({**days, "conversations": None}) == {}
