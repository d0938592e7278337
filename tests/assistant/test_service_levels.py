"""A broken promise from its first bad replies to the last message about it, and what a route does itself."""

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from assistant import alerts, process, services
from assistant.models import AssistantSettings
from assistant.pipeline import ConversationFacts, consider
from assistant.settings_snapshot import as_snapshot
from assistant.starting import Started
from assistant.who import Who
from common.clock import now, ticks
from routing import demoting, levels, prometheus, publishing, rollup
from routing.models import AlertMessage, Demotion, Incident, LadderStep, LevelState, Route, RouteOutcome
from tests.mail_server import Mailbox, running_mail_server, text_of
from tests.webhook_receiver import Receiver, running_receiver

pytestmark = pytest.mark.usefixtures("seeded", "forgotten")

SECRET = "a-secret-of-the-desk-and-its-receiver"
STAFF = "staff@larkfield.example"
T0 = now().replace(second=30, microsecond=0)
MINUTE = timedelta(minutes=1)
TARGETS = (
    "first_text_p95_ms", "total_p95_ms", "total_p99_ms", "error_rate", "truncation_rate", "escalation_rate",
    "availability",
)  # fmt: skip
QUESTION = "Can I move every booking of one client to a colleague at once?"


@pytest.fixture
def forgotten() -> Iterator[None]:
    demoting.forget()
    yield
    demoting.forget()


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with running_mail_server() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with running_receiver() as running:
        settings.ENV = replace(settings.ENV, webhook_url=running.url, webhook_secret=SECRET)
        yield running


def promise(route: dict[str, object] | None = None, **desk: str) -> None:
    """Publish one route with targets, `common`: one reply in a hundred may fail, unless told otherwise."""
    Route.objects.update(**{f"target_{name}": None for name in TARGETS})
    Route.objects.filter(pk="common").update(target_error_rate=0.01)
    Route.objects.filter(pk="common").update(**(route or {}))
    row = AssistantSettings.objects.get()
    for name, value in desk.items():
        setattr(row, name, value)
    row.save()
    publishing.publish(settings=as_snapshot(row))
    publishing.refresh(force=True)


def replies(at: datetime, good: int, bad: int = 0) -> None:
    """Store replies of the minute before `at`."""
    RouteOutcome.objects.bulk_create(
        outcome_row(at - MINUTE, "failed" if each < bad else "completed") for each in range(good + bad)
    )


def outcome_row(at: datetime, state: str) -> RouteOutcome:
    ended_by = "upstream" if state == "failed" else "finish"
    return RouteOutcome(
        reply_id=uuid4(), turn_id=uuid4(), route="common", tier="lite", state=state, ended_by=ended_by,
        ended_at=at, first_text_ms=200, total_ms=900,
    )  # fmt: skip


def look(minutes: float) -> datetime:
    """Have the worker roll up, judge and tell, so many minutes after T0."""
    at = T0 + minutes * MINUTE
    rollup.roll_up(at)
    levels.watch(at, alerts.tell)
    alerts.deliver_due(at)
    return at


def outage() -> None:
    """Have an ordinary day of 400 replies and then ten failures of twenty."""
    for hours in (23, 12, 4):
        replies(T0 - timedelta(hours=hours), 130)
    replies(T0, 10, 10)


def test_one_incident_one_mail_one_webhook_and_one_of_each_when_it_is_over(
    mailbox: Mailbox, receiver: Receiver
) -> None:
    promise(staff_email=STAFF)
    look(-1)
    assert not Incident.objects.exists()
    outage()
    for minutes in (0, 0.5, 1, 2):
        look(minutes)
    incident = Incident.objects.get()
    assert (incident.route, incident.target, incident.level) == ("common", "error_rate", "fast")
    assert (incident.opened_at, incident.seen_at) == (T0, T0 + 2 * MINUTE)
    assert incident.peak_burn == pytest.approx(50)  # half of the last hour's replies, one in a hundred may

    (mail,) = mailbox.to(STAFF)
    assert mail["Subject"] == "[Service level] Common: the error budget of its error rate burns fast"
    said = text_of(mail)
    assert "Target: at most 1 % over the last 28 days." in said
    assert "In the last hour 10 of 20 replies failed: the budget burnt at 50×." in said
    assert f"/admin/service-levels/#incident-{incident.pk}" in said
    ((path, headers, body),) = receiver.got
    assert path == "/alerts?token=abc"
    signed = headers["x-support-timestamp"].encode() + b"." + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["x-support-signature"] == f"sha256={expected}"
    told = json.loads(body)
    assert headers["x-support-delivery"] == told["delivery"] == f"incident-{incident.pk}-opened"
    assert (told["event"], told["route"], told["level"]) == ("opened", "common", "fast")
    assert told["short"] == {"window": "5m", "bad": 10, "of": 20, "burn": pytest.approx(50)}

    for minutes in (10, 20, 30):  # the hour and the six hours still burn; the last half hour does, too
        replies(T0 + minutes * MINUTE, 30)
        look(minutes)
    for minutes in (40, 50, 60, 70):
        replies(T0 + minutes * MINUTE, 30)
        look(minutes)
    incident.refresh_from_db()
    assert incident.closed_as == "recovered"
    assert incident.closed_at is not None and incident.closed_at >= incident.seen_at + 15 * MINUTE
    opened, closed = mailbox.to(STAFF)
    assert closed["Subject"] == "[Service level] Common: its error rate is kept again"
    assert closed["In-Reply-To"] == opened["Message-ID"]
    assert [json.loads(body)["event"] for _, _, body in receiver.got] == ["opened", "closed"]
    for hours in (2, 4, 8, 30):  # the three days remember the outage and say nothing new
        replies(T0 + hours * 60 * MINUTE, 30)
        look(hours * 60)
    assert (Incident.objects.count(), len(mailbox.mails), len(receiver.got)) == (1, 2, 2)


def test_flapping_around_the_target_is_one_incident(mailbox: Mailbox) -> None:
    promise(alert_emails="lead@larkfield.example\nnight@larkfield.example", staff_email=STAFF)
    outage()
    for minutes in range(0, 60, 6):  # six good minutes, six bad ones, never a quarter of an hour in peace
        replies(T0 + minutes * MINUTE, 12, 4 if minutes % 12 == 0 else 0)
        look(minutes)
    assert Incident.objects.get().closed_at is None
    (mail,) = mailbox.mails
    assert mail["To"] == "lead@larkfield.example, night@larkfield.example"
    assert mailbox.to(STAFF) == []


@pytest.mark.parametrize(("good", "bad", "incidents"), [(0, 3, 0), (16, 3, 0), (18, 2, 0), (17, 3, 1)])
def test_too_few_replies_alert_nobody(good: int, bad: int, incidents: int, mailbox: Mailbox) -> None:
    promise(staff_email=STAFF)
    replies(T0, good, bad)
    look(0)
    assert (Incident.objects.count(), len(mailbox.mails)) == (incidents, incidents)
    state = LevelState.objects.get()
    assert (state.bad, state.of) == (bad, good + bad)


def test_what_cannot_be_sent_is_tried_again_and_says_why(
    mailbox: Mailbox, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    promise(staff_email=STAFF)
    mailbox.refuses, receiver.status = "451 later", 503
    outage()
    look(0)
    mail, hook = AlertMessage.objects.order_by("channel")
    assert (mail.state, hook.state) == ("pending", "pending")
    assert "451" in mail.reason and "answered 503" in hook.reason
    assert alerts.said(hook, now()).startswith("not sent yet: answered 503; the next try comes in ")
    alerts.deliver_due(now())
    assert len(receiver.got) == 1, "not before its time"

    mailbox.refuses, receiver.status, receiver.location = "", 302, f"{receiver.url}/elsewhere"
    alerts.deliver_due(now() + 2 * MINUTE)
    assert {message.state for message in AlertMessage.objects.all()} == {"sent", "pending"}
    assert len(receiver.got) == 2, "a redirect leads nowhere"
    hook.refresh_from_db()
    assert hook.reason == "answered 302, and redirects are not followed"
    AlertMessage.objects.filter(pk=hook.pk).update(attempts=6)
    alerts.deliver_due(now() + timedelta(days=1))
    hook.refresh_from_db()
    assert (hook.state, hook.attempts) == ("failed", 7)
    assert alerts.said(hook, now()).startswith("not sent after 7 tries")
    assert "token=abc" not in caplog.text + hook.reason + hook.to


def test_with_nothing_set_up_the_log_is_told_and_nobody_else(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: object
) -> None:
    promise(staff_email="")
    outage()
    with caplog.at_level(logging.INFO), django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        look(0)
        look(1)
    assert not AlertMessage.objects.exists()
    lines = [record for record in caplog.records if record.getMessage().startswith("service_level ")]
    assert len(lines) == 1 and lines[0].levelname == "WARNING"
    assert "event=opened" in lines[0].getMessage() and "route=common target=error_rate" in caplog.text


def test_a_target_that_is_taken_back_closes_its_incident() -> None:
    promise()
    outage()
    look(0)
    promise({"target_error_rate": None, "target_total_p95_ms": 5000})
    look(1)
    incident = Incident.objects.get()
    assert (incident.closed_as, incident.closed_at) == ("withdrawn", T0 + MINUTE)
    assert set(LevelState.objects.values_list("target", flat=True)) == {"total_p95"}


def test_figures_that_lie_behind_are_judged_by_nobody() -> None:
    promise()
    outage()
    rollup.roll_up(T0)
    levels.watch(T0 + 5 * MINUTE, alerts.tell)
    assert not LevelState.objects.exists()
    levels.watch(T0 + MINUTE, alerts.tell)
    assert Incident.objects.get().opened_at == T0 + MINUTE


def test_two_workers_open_one_incident() -> None:
    promise()
    outage()
    look(0)
    row = Incident.objects.get()
    twin = {name: getattr(row, name) for name in ("route", "target", "level", "peak_burn")}
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.create(**twin, opened_at=T0, seen_at=T0)


# ---- the first model set aside -------------------------------------------------------------------


def considered() -> list[tuple[str, str]]:
    """Return the ladder that a message gets now: each model with what speaks against it."""
    found = consider(QUESTION, ConversationFacts(), publishing.current())
    assert found.route.slug == "common"
    return [(view.model.id, view.status) for view in found.ladder]


def ask() -> Started:
    return services.accept_message(Who(uuid4()), uuid4(), str(uuid4()), QUESTION, ticks(), uuid4())


def first_of(started: Started) -> str:
    assert started.generation is not None and started.generation.job.first is not None
    return started.generation.job.first.asked_model


def spent_and_burning() -> None:
    """Have more failures than 28 days allow, and an hour in which they go on."""
    outage()
    look(0)
    process.refresh()  # as every web process does twice a second


LITE, HAIKU = "gemini-3.5-flash-lite", "claude-haiku-5-5"


def test_a_route_stays_with_its_first_model_unless_it_says_otherwise() -> None:
    promise()
    spent_and_burning()
    assert Incident.objects.exists() and not Demotion.objects.exists()
    assert considered() == [(LITE, ""), (HAIKU, "")]


def test_a_spent_budget_sets_the_first_model_aside_until_staff_take_it_back() -> None:
    promise({"demotes_itself": True})
    assert first_of(ask()) == LITE
    spent_and_burning()
    (first, status), (second, plain) = considered()
    assert (first, second, plain) == (LITE, HAIKU, "")
    why = "because the error budget of its error rate is spent (10 of 410 replies failed in the last 28 days)"
    assert status.startswith("set aside: since ") and status.endswith(why)
    started = ask()
    assert first_of(started) == HAIKU
    assert [step["status"] for step in started.reply.decision["ladder"]] == [status, ""]
    assert started.generation is not None
    assert [step.id for step in started.generation.job.steps] == [HAIKU, LITE], "asked when the other fails"
    look(1)
    assert Demotion.objects.count() == 1
    assert 'support_route_demoted{route="common"} 1.0' in prometheus.render(T0).decode()

    assert demoting.use_first_again("common", "ann", T0 + 2 * MINUTE)
    assert not demoting.use_first_again("common", "ann", T0 + 2 * MINUTE)
    demoting.refresh()
    assert first_of(ask()) == LITE
    look(3)
    demoting.refresh()
    assert considered()[0] == (LITE, ""), "nobody is overruled by the same incident"
    assert Demotion.objects.get().ended_by == "ann"


def test_a_model_comes_back_by_itself_when_the_targets_are_kept_again() -> None:
    promise({"demotes_itself": True, "target_period_days": 1})
    spent_and_burning()
    assert considered()[0][1].startswith("set aside")
    for minutes in (40, 60, 80):
        replies(T0 + minutes * MINUTE, 100)
        look(minutes)
    assert Incident.objects.get().closed_as == "recovered"
    assert Demotion.objects.get().ended_at is None, "the day's budget is spent"
    replies(T0 + 90 * MINUTE, 900)
    look(90)
    demotion = Demotion.objects.get()
    assert (demotion.ended_by, demotion.ended_because) == ("", demoting.RECOVERED)
    demoting.refresh()
    assert considered()[0] == (LITE, "")


def test_another_first_model_and_another_setting_end_it() -> None:
    promise({"demotes_itself": True})
    spent_and_burning()
    assert Demotion.objects.get().ended_at is None
    LadderStep.objects.filter(route_id="common", model_id=LITE).update(position=5)
    promise({"demotes_itself": True})
    demoting.refresh()
    assert considered() == [(HAIKU, ""), (LITE, "")], "the model that was set aside is not the first any more"
    look(1)
    assert Demotion.objects.get().ended_because == demoting.CHANGED


def test_a_ladder_of_one_step_is_never_demoted() -> None:
    LadderStep.objects.filter(route_id="common", model_id=HAIKU).delete()
    promise({"demotes_itself": True})
    spent_and_burning()
    assert Incident.objects.exists() and not Demotion.objects.exists()
