"""A message that is stored while others write into its conversation, or begin it, at the same moment."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from assistant import services
from assistant.models import Conversation, Reply, Turn, Visitor
from assistant.selectors import NotFound
from assistant.services import Conflict
from assistant.starting import Started
from assistant.who import Who
from common.clock import ticks
from routing.models import Budget, ModelCall

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("seeded")]

RESET = "How do I reset my password?"
TEXTS = "Does it send texts too?"
ME, OTHER = Who(UUID(int=1)), Who(UUID(int=2))


def send(who: Who, conversation: UUID, message: str, text: str) -> Started:
    return services.accept_message(who, conversation, message, text, ticks(), uuid4())


def send_while(rival: Callable[[], Any], who: Who, conversation: UUID, message: str, text: str) -> Started:
    """Send a message when another process does `rival` after the conversation was looked for."""
    done: list[Any] = []

    def meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if '"assistant_visitor"."plan" AS' in sql and not done:
            done.append(True)
            rival()
        return found

    with connection.execute_wrapper(meanwhile):
        started = send(who, conversation, message, text)
    assert done
    return started


@pytest.mark.parametrize("stored", [RESET, TEXTS], ids=["answered", "running"])
@pytest.mark.parametrize("begun", [False, True], ids=["new", "begun"])
def test_two_messages_of_a_conversation_at_once_are_both_stored_in_order(begun: bool, stored: str) -> None:
    conversation = uuid4()
    if begun:
        send(ME, conversation, "a", RESET)
    mine = send_while(lambda: send(ME, conversation, "b", stored), ME, conversation, "c", TEXTS)
    turns = list(
        Turn.objects.filter(conversation_id=conversation).values_list("client_message_id", "ordinal")
    )
    assert turns == ([("a", 1)] if begun else []) + [("b", 1 + begun), ("c", 2 + begun)]
    # Behind a reply that runs it waits; behind one that has ended already there is nothing to wait for.
    waits = stored == TEXTS
    assert mine.reply.state == ("queued" if waits else "streaming")
    assert Reply.objects.filter(state="streaming").count() == 1
    running = ModelCall.objects.get(ended_at=None)
    assert Budget.objects.get().reserved_pico == running.reserved_pico


def test_a_conversation_that_another_visitor_begins_at_once_is_not_there_for_this_one() -> None:
    conversation = uuid4()
    with pytest.raises(NotFound):
        send_while(lambda: send(OTHER, conversation, "a", RESET), ME, conversation, "b", TEXTS)
    assert list(Turn.objects.values_list("visitor_id", flat=True)) == [OTHER.visitor_id]
    assert not ModelCall.objects.exists()
    with pytest.raises(NotFound):
        send(ME, conversation, "c", TEXTS)


def test_a_message_that_comes_twice_at_once_is_stored_once_and_its_id_stands_for_its_text() -> None:
    conversation = uuid4()
    again = send_while(lambda: send(ME, conversation, "a", TEXTS), ME, conversation, "a", TEXTS)
    assert again.repeated
    assert again.reply == Reply.objects.get()
    assert ModelCall.objects.count() == 1
    elsewhere = uuid4()
    with pytest.raises(Conflict):
        send_while(lambda: send(ME, elsewhere, "b", TEXTS), ME, elsewhere, "b", RESET)
    assert Turn.objects.filter(client_message_id="b").count() == 1


def test_a_visitor_with_a_row_keeps_it_and_a_conversation_that_is_gone_meanwhile_is_begun_anew() -> None:
    Visitor.objects.create(pk=ME.visitor_id, plan="studio")
    conversation = uuid4()
    first = send(ME, conversation, "a", RESET)
    assert first.reply.decision["signals"]["plan_name"] == "studio"
    assert Visitor.objects.get().plan == "studio"
    before = Conversation.objects.get()
    later = send(ME, conversation, "b", "How do I change my e-mail address?")
    assert later.turn.ordinal == 2
    assert Conversation.objects.get().updated_at > before.updated_at

    def erase() -> None:
        Conversation.objects.all().delete()
        Visitor.objects.all().delete()

    anew = send_while(erase, ME, conversation, "c", RESET)
    assert anew.turn.ordinal == 1
    assert Conversation.objects.get().title == RESET
