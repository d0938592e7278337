"""What a page does about messages and their replies: asks, follows, stops, judges, reads back."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from assistant import choosing, db, escalating, frames, match_ahead, selectors, services
from assistant.limits import Guard
from assistant.protocol import Frame, FrameError
from assistant.sessions.talk import Talk, Verb
from assistant.starting import Started
from routing.evidence import Kind


async def send(talk: Talk, frame: Frame, received: float) -> None:
    if frame["client_message_id"] not in talk.begun:  # a repeat most likely has its answer already
        talk.begun.append(frame["client_message_id"])
        await match_ahead.begin(talk.who, frame["text"])
    started = await db.run(
        services.accept_message,
        talk.who,
        talk.conversation,
        frame["client_message_id"],
        frame["text"],
        received,
        talk.process.id,
        Guard(talk.who),
    )
    _acknowledge(talk, started, received, frame["client_message_id"])


async def verb(talk: Talk, frame: Frame, received: float) -> None:
    await _start(talk, frame.type, frame["reply_id"], received, not_asked=frame.get("reason") != "more")


async def _start(
    talk: Talk, verb: str, reply_id: UUID, received: float, not_asked: bool, by: Kind = "visitor"
) -> None:
    started = await db.run(
        services.start_verb,
        talk.who,
        verb,
        reply_id,
        received,
        talk.process.id,
        Guard(talk.who),
        not_asked,
        by,
    )
    _acknowledge(talk, started, received, None)


async def choose(talk: Talk, frame: Frame, received: float) -> None:
    chosen = await db.run(choosing.choose, talk.who, frame["turn_id"], frame["entry_id"], received)
    _acknowledge(talk, chosen.started, received, None)
    for reply_id in chosen.ends:
        await talk.process.stop(reply_id)


def _acknowledge(talk: Talk, started: Started, received: float, message_id: str | None) -> None:
    """Say `ack`, then show the reply: the row is stored by now."""
    reply = started.reply
    ack = frames.ack_frame(message_id, started.turn.pk, reply)
    if started.repeated:
        talk.feed.put(ack)
        _show_again(talk, reply)
        return
    if reply.conversation_id != talk.feed.conversation_id:
        talk.feed.put(ack)
    else:
        talk.feed.put(ack, (reply.pk, reply.epoch, 0))
    talk.process.begin(started, received, but=talk.feed)
    if reply.state == "queued":
        talk.feed.put({"type": "status", "reply_id": str(reply.pk), "seq": 0, "stage": "queued", "label": ""})
        talk.process.mirrors.follow(reply.pk, reply.conversation_id, reply.epoch)


def _show_again(talk: Talk, reply: Any) -> None:
    """Show a reply from its beginning: from memory while it runs, else from its row.

    A line that follows it already goes on where it is: what this process has of it may be less than that.
    """
    if reply.ended_at is None:
        log = talk.process.mirrors.follow(reply.pk, reply.conversation_id, reply.epoch)
        talk.feed.seen.setdefault(reply.pk, (log.epoch, -1))
        talk.feed.wake()
        return
    talk.feed.put(frames.snapshot(reply))
    talk.feed.put(frames.done(reply))


async def resume(talk: Talk, frame: Frame, received: float) -> None:
    reply = await db.run(selectors.reply_of, talk.who, frame["reply_id"])
    if reply.conversation_id != talk.conversation:
        raise selectors.NotFound("reply")  # its news would not reach a socket of another conversation
    log = talk.process.hub.logs.get(reply.pk)
    if log is None and reply.ended_at is not None:
        if not (frame["epoch"] == reply.epoch and frame["after"] == reply.seq):
            talk.feed.put(frames.snapshot(reply))
        talk.feed.put(frames.done(reply))
        return
    log = log or talk.process.mirrors.follow(reply.pk, reply.conversation_id, reply.epoch)
    await talk.process.mirrors.catch_up(log)
    # An epoch above the row's was never given out: such a page has nothing that could be gone on with.
    held = frame["epoch"] <= reply.epoch
    talk.feed.seen[reply.pk] = (frame["epoch"], frame["after"]) if held else (0, -1)
    talk.feed.wake()


async def stop(talk: Talk, frame: Frame, received: float) -> None:
    reply = await db.run(selectors.reply_of, talk.who, frame["reply_id"])
    if reply.ended_at is None:
        await talk.process.stop(reply.pk)


async def feedback(talk: Talk, frame: Frame, received: float) -> None:
    up = frame["rating"] == "up"
    reply = await db.run(
        services.rate,
        talk.who,
        frame["reply_id"],
        up,
        frame.get("reason") or "",
        frame.get("comment") or "",
    )
    if not up and await db.run(escalating.thumb_escalates, reply, frame.get("reason") or ""):
        # "That was the wrong entry", or an answer that did not do: the next tier is asked at once.
        await _start(talk, "escalate", reply.pk, received, not_asked=False, by="thumbs_down")


async def resolve(talk: Talk, frame: Frame, received: float) -> None:
    reply_id = frame.get("reply_id")
    await db.run(services.resolve, talk.who, talk.conversation, frame["solved"], reply_id)


async def history(talk: Talk, frame: Frame, received: float) -> None:
    before = frame.get("before")
    if before is None:
        raise FrameError("bad_frame", "history needs before: the id of the oldest turn you have.")
    turns, _ = await db.run(selectors.transcript, talk.conversation, before)
    talk.feed.put({"type": "history", "turns": turns})


VERBS: Final[Mapping[str, Verb]] = {
    "send": send,
    "resume": resume,
    "stop": stop,
    "retry": verb,
    "continue": verb,
    "escalate": verb,
    "choose": choose,
    "feedback": feedback,
    "resolve": resolve,
    "history": history,
}
