"""What a socket is sent that opens a conversation while another tab writes in it."""

from uuid import UUID, uuid4

from assistant.turn_log import Feed, TurnLog

OPENED = {"type": "opened"}


def turn(reply_id: UUID) -> dict[str, str]:
    return {"type": "turn", "reply_id": str(reply_id)}


def types(feed: Feed, hub: TurnLog) -> list[str]:
    return [str(frame["type"]) for frame in feed.collect(hub.logs)]


def test_a_turn_that_comes_while_a_conversation_is_read_stands_behind_opened_and_once() -> None:
    hub, feed, conversation = TurnLog(), Feed(), uuid4()
    hub.join(feed, conversation)
    feed.hold()
    told, missed = uuid4(), uuid4()
    for reply_id in (told, missed):
        hub.announce(conversation, turn(reply_id), (reply_id, 1, 0))
    assert types(feed, hub) == []  # not before the conversation that it belongs to
    feed.let_go(OPENED, {told})
    assert [frame.get("reply_id") for frame in feed.collect(hub.logs)] == [None, str(missed)]
    assert feed.seen == {missed: (1, 0)}
    hub.announce(conversation, turn(told), (told, 1, 0))
    assert types(feed, hub) == ["turn"]


def test_a_message_that_opened_shows_is_not_told_again() -> None:
    feed, hub, shown, late = Feed(), TurnLog(), uuid4(), uuid4()
    feed.hold()
    for message_id in (shown, late):
        feed.put({"type": "message", "message_id": str(message_id)})
    feed.let_go(OPENED, {shown})
    assert [frame.get("message_id") for frame in feed.collect(hub.logs)] == [None, str(late)]


def test_nothing_of_a_conversation_that_may_not_be_read_comes_out() -> None:
    hub, feed, own, foreign, reply = TurnLog(), Feed(), uuid4(), uuid4(), uuid4()
    hub.join(feed, own)
    before, seen = feed.conversation_id, {reply: (1, 4)}
    hub.join(feed, foreign)
    feed.hold()
    hub.announce(foreign, turn(uuid4()))
    hub.rejoin(feed, before, seen)
    feed.let_go(None)
    hub.announce(foreign, turn(uuid4()))
    assert types(feed, hub) == []
    assert (feed.conversation_id, feed.seen) == (own, seen)
    hub.announce(own, turn(uuid4()))
    assert types(feed, hub) == ["turn"]
    hub.rejoin(feed, None, {})
    assert (feed.conversation_id, hub.feeds) == (None, {})


def test_what_opened_has_shown_is_not_announced_by_a_poll_again() -> None:
    hub, opened_with, other, conversation, reply = TurnLog(), Feed(), Feed(), uuid4(), uuid4()
    for feed in (opened_with, other):
        hub.join(feed, conversation)
    opened_with.shown = frozenset({reply})
    hub.announce(conversation, turn(reply), (reply, 1, 0))
    assert (types(opened_with, hub), types(other, hub)) == ([], ["turn"])
