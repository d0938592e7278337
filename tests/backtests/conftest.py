"""A seeded desk whose visitors have asked things, and the sandbox behind its models."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from assistant import considering
from assistant.models import Conversation, Reply, Turn, Visitor
from assistant.who import Who
from common.clock import now
from faq import index, services
from routing import publishing
from routing.models import Condition, Rule
from tests.admin.conftest import seeded, sign_in
from tests.breakers import forget_calls
from tests.control import Control
from tests.example_rows import make_once

__all__ = ["seeded", "sign_in"]

COMMON = "Does it send texts too?"
OTHER = "Which of the two calendars shall I print for my mother?"
RESET = "How do I reset my password?"
THANKS = "Thanks, great!"

Ask = Callable[..., UUID]


def asked(
    text: str, conversation: Conversation | None = None, *, plan: str = "", purpose: str = "visitor"
) -> UUID:
    """Store a message as production decides and records it, answered; return its turn's id."""
    if conversation is None:
        visitor = Visitor.objects.create(plan=plan)
        conversation = Conversation.objects.create(visitor=visitor, purpose=purpose)
    turn = Turn.objects.create(
        conversation=conversation,
        visitor=conversation.visitor,
        ordinal=conversation.turns.count() + 1,
        client_message_id=uuid4().hex,
        text=text,
    )
    who = Who.of(conversation.visitor)
    found = considering.first(who, conversation.pk, text, publishing.current(), turn.ordinal)
    services.record_asked(turn.pk, text, found.match, found.route.slug, purpose)
    Reply.objects.create(
        turn=turn, conversation=conversation, state=Reply.State.COMPLETED, ended_by="finish", purpose=purpose,
        text="The answer that was given.", route=found.route.slug, tier=found.route.tier,
        decision=found.record(), config_number=found.config_number, first_text_ms=300, total_ms=900,
        ended_at=now(),
    )  # fmt: skip
    return turn.pk


@pytest.fixture
def rows(db: None) -> Iterator[None]:
    """Bring the database to the state of `manage.py seed`."""
    make_once("seed", lambda: call_command("seed", verbosity=0))
    publishing.forget()
    index.forget()
    yield
    publishing.forget()
    index.forget()


@pytest.fixture
def ask(rows: None) -> Ask:
    return asked


@pytest.fixture
def upstream(transactional_db: None, rows: None, sandbox: str) -> Iterator[Control]:
    """Return the controls of the sandbox behind all models, which answers at once."""
    forget_calls()
    control = Control(sandbox)
    control.clear()
    control.pace(first_text_ms=0, gap_ms=0, tokens=20)
    yield control
    control.clear()
    forget_calls()


def draft_a_rule(words: str, route: str = "complex") -> Rule:
    """Draft a rule, in front of all others, that sends messages with these words to a route."""
    first = Rule.objects.order_by("position").first()
    assert first is not None
    for rule in Rule.objects.all():
        rule.position += 1
        rule.save()
    rule = Rule.objects.create(position=0, name="Texts", route_id=route, reason="It is about texts.")
    Condition.objects.create(rule=rule, signal="words", operator="contains", value=words)
    return rule
