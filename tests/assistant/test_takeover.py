"""Which replies without a process are gone on with, and how the others end: one claim, one end each."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from assistant import boots, ending, frames, leases, services, takeover, tasks
from assistant.leases import Mark
from assistant.models import AssistantSettings, Reply, Worker
from assistant.reply_ledger import ReplyLost, _start_of_reply
from assistant.settings_snapshot import as_snapshot
from assistant.takeover import Heard, Taken
from assistant.who import Who
from common.clock import now, ticks
from routing import publishing
from routing.dispatch import first_attempt
from routing.models import Budget, ModelCall, Route, RouteOutcome, StoredAnswer

pytestmark = pytest.mark.usefixtures("seeded")

TEXTS = "Does it send texts too?"
BEGUN = "Yes. Text reminders are part of Pro"
DEAD, ME = uuid4(), uuid4()


def left(text: str = BEGUN, seconds: float = 5, asked: str = TEXTS, **values: Any) -> Reply:
    """Return a reply whose process is gone, `seconds` after it began, checkpointed at `text`."""
    started = services.accept_message(Who(uuid4()), uuid4(), str(uuid4()), asked, ticks(), DEAD)
    assert started.generation is not None
    began = now() - timedelta(seconds=seconds)
    Reply.objects.filter(pk=started.reply.pk).update(
        text=text, seq=2 if text else 0, started_at=began, **values
    )
    return stored(started.reply.pk)


def stored(pk: UUID) -> Reply:
    return Reply.objects.select_related("turn__visitor", "conversation").get(pk=pk)


NOTHING = Heard()


def take(reply: Reply, heard: Heard = NOTHING) -> Taken:
    taken = takeover.take_over(reply, heard, ME)
    assert taken is not None
    return taken


def test_the_longer_of_checkpoint_and_stream_is_gone_on_with_by_the_pinned_configuration() -> None:
    reply = left()
    number = reply.config_number
    Route.objects.filter(slug="common").update(instructions="Answer in one word.")
    publishing.publish()
    assert publishing.current().number > number
    longer = BEGUN + " and Studio"
    taken = take(reply, Heard(longer, 7))
    assert taken.started is not None and taken.started.generation is not None
    job = taken.started.generation.job
    assert (job.stands, job.begun, job.config.number, job.route.slug) == (longer, 1, number, reply.route)
    assert "one word" not in job.request.system
    lost, call = ModelCall.objects.filter(reply_id=reply.pk).order_by("attempt")
    assert (lost.error_class, lost.usage_estimated, lost.cost_pico) == (
        "WorkerLost",
        True,
        lost.reserved_pico,
    )
    assert job.first is not None
    assert (call.attempt, call.cause, call.ended_at, call.pk) == (2, "continuation", None, job.first.call_id)
    row = stored(reply.pk)
    assert (row.owner, row.epoch, row.takeovers, row.text, row.seq) == (ME, 2, 1, longer, 7)
    assert 4 <= ticks() - taken.received <= 60, "the time before counts, by the wall clock"
    assert takeover.take_over(reply_as_seen(reply, 1), Heard(), uuid4()) is None, "the epoch has moved on"


def reply_as_seen(reply: Reply, epoch: int) -> Reply:
    seen = stored(reply.pk)
    seen.epoch = epoch
    return seen


@pytest.mark.parametrize(
    ("values", "state", "ended_by"),
    [
        ({"seconds": 61}, "failed", "orphan"),
        ({"takeovers": 2}, "failed", "orphan"),
        ({"purpose": "demo"}, "failed", "orphan"),
        ({"stop_requested": True}, "cancelled", "stop"),
        ({"config_number": 9999, "seconds": 61}, "failed", "orphan"),
    ],
)
def test_what_is_too_old_or_was_lost_too_often_ends_with_its_text(
    values: dict[str, Any], state: str, ended_by: str
) -> None:
    reply = left(**values)
    assert take(reply).started is None
    row = stored(reply.pk)
    assert (row.state, row.ended_by, row.text, row.epoch) == (state, ended_by, BEGUN, 2)
    assert row.notice
    assert not ModelCall.objects.filter(reply_id=reply.pk, ended_at=None).exists()
    assert set(Budget.objects.values_list("reserved_pico", flat=True)) <= {0}
    outcome = RouteOutcome.objects.get(pk=reply.pk)
    assert (outcome.state, outcome.attempts) == (state, 1)
    assert outcome.cost_pico


@pytest.mark.parametrize("text", [BEGUN, ""])
def test_a_spent_budget_ends_it_with_its_text(text: str) -> None:
    reply = left(text)
    desk = AssistantSettings.objects.get()
    desk.daily_cost_cap_usd = Decimal("0.000001")
    publishing.publish(settings=as_snapshot(desk))
    publishing.forget()
    assert take(reply).started is None
    row = stored(reply.pk)
    assert (row.state, row.ended_by) == ("truncated" if text else "failed", "budget")
    assert (row.text, row.decision["budget"]["instead"]) == (text, "kept")
    assert not ModelCall.objects.filter(reply_id=reply.pk, ended_at=None).exists()


def test_a_released_reply_is_not_counted_and_a_lost_one_is() -> None:
    released, lost = left(), left()
    assert leases.release(Mark(released.pk, 1, 5, BEGUN + ".", 80))
    taken = take(stored(released.pk))
    assert (taken.reply.takeovers, taken.reply.text, taken.reply.first_text_ms) == (0, BEGUN + ".", 80)
    assert take(lost).reply.takeovers == 1
    whys = [row.decision["takeovers"][0]["why"] for row in (stored(released.pk), stored(lost.pk))]
    assert whys == ["released", "lost"]
    running = stored(lost.pk)
    assert frames.reply_view(running)["seam"] == len(BEGUN)
    running.ended_by = "finish"
    assert frames.reply_view(running)["seam"] is None


def test_every_write_of_the_former_owner_misses() -> None:
    reply = left()
    before = stored(reply.pk)
    job = take(reply).started.generation.job  # type: ignore[union-attr]
    mark = Mark(reply.pk, 1, 99, "written by the dead", 1)
    assert leases.checkpoint([mark]) == {reply.pk}
    assert not leases.release(mark)
    with pytest.raises(ReplyLost):
        _start_of_reply(reply.pk, 1, first_attempt(job))
    end = ending.ReplyEnd("completed", "finish", "written by the dead", 99)
    assert not ending.finish_reply(before, end, job.config)
    row = stored(reply.pk)
    assert (row.text, row.state, row.owner) == (BEGUN, "streaming", ME)
    assert ModelCall.objects.filter(reply_id=reply.pk).count() == 2
    assert leases.checkpoint([Mark(reply.pk, 2, 9, BEGUN + ".", 1)]) == set(), "the new one's do not"
    another = first_attempt(job)
    _start_of_reply(reply.pk, 2, another)
    _start_of_reply(reply.pk, 2, another)  # a try whose answer nobody heard is no second attempt
    assert ModelCall.objects.filter(reply_id=reply.pk).count() == 3


def test_an_answer_of_two_processes_is_never_given_again() -> None:
    Route.objects.filter(slug="common").update(cache="exact")
    publishing.publish()
    publishing.forget()
    for epochs, kept in ((1, True), (2, False)):
        reply = left("", asked="Can clients switch off deposits?")
        if epochs == 2:
            reply = take(reply).reply
        model = publishing.config(reply.config_number).models[reply.decision["store"]["key"]["model"]]
        end = ending.ReplyEnd("completed", "finish", "Yes.", 9, tier="lite", answering_model=model.id)
        assert ending.finish_reply(reply, end, publishing.config(reply.config_number))
        assert StoredAnswer.objects.filter(reply_id=reply.pk).exists() is kept
        StoredAnswer.objects.all().delete()


def test_only_what_has_no_living_owner_is_found() -> None:
    lost, released, mine, alive = left(), left(), left(seconds=13), left()
    other = uuid4()
    Worker.objects.create(pk=other, boot="elsewhere", expires_at=now() - timedelta(hours=1))
    Reply.objects.filter(pk=released.pk).update(owner=None)
    Reply.objects.filter(pk=mine.pk).update(owner=ME)
    Reply.objects.filter(pk=alive.pk).update(owner=other)

    def found(*held: UUID, silent: set[UUID] = frozenset()) -> set[UUID]:  # type: ignore[assignment]
        return {reply.pk for reply in leases.unowned(ME, held, lambda _: set(silent))}

    assert found(mine.pk) == {released.pk}, "no clock says that a lease is over"
    assert found(mine.pk, silent={DEAD}) == {released.pk, lost.pk}
    assert found() == {released.pk, mine.pk}, "stored and never begun here"
    host, machine, pid, started = boots.here().rsplit(":", 3)
    Worker.objects.filter(pk=other).update(boot=f"{host}:{machine}:{pid}:{int(started) - 1}")
    assert found(mine.pk) == {released.pk, alive.pk}, "known to have ended, so not waited for"


def test_the_worker_ends_only_what_nobody_may_go_on_with() -> None:
    young, old = left(seconds=40), left(seconds=75)
    tasks.end_orphans()
    assert (stored(young.pk).state, stored(old.pk).state) == ("streaming", "failed")
    assert take(stored(young.pk)).started is not None


def test_a_process_of_this_machine_is_known_to_live_or_to_have_ended() -> None:
    mark = boots.here()
    host, machine, pid, started = mark.rsplit(":", 3)
    assert not boots.has_ended(mark)
    assert boots.has_ended(f"{host}:{machine}:{pid}:{int(started) - 1}"), "its number was given away"
    assert boots.has_ended(f"{host}:{machine}:4194305:{started}"), "above the largest pid"
    for unknown in ("", "web:17", f"{host}:{uuid.uuid4().hex[:12]}:4194305:1"):
        assert not boots.has_ended(unknown)
