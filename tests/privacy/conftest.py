"""A visitor with something in every store."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from assistant.models import (
    Conversation,
    Message,
    Reply,
    Request,
    RequestEvent,
    RequestSummary,
    Transcript,
    Turn,
)
from common.clock import now
from faq.models import AskedQuestion
from routing.models import ModelCall, RouteOutcome, StoredAnswer
from tests.admin.conftest import seeded, sign_in
from tests.admin.pages import add_call, make_conversation

__all__ = ["seeded", "sign_in"]

MARK = "Zwetschgenknödel"  # in every text that is the visitor's; nowhere else


@dataclass
class Told:
    """A visitor who has told something, and where it stands."""

    conversation: Conversation
    reply: Reply
    call: ModelCall
    request: Request

    @property
    def visitor_id(self) -> UUID:
        return self.conversation.visitor_id


def tell(mark: str = MARK, number: int = 1) -> Told:
    """Store a conversation with a request, staff's mail, a broken call and all that comes with them."""
    conversation = make_conversation(f"My {mark} does not arrive, why?")
    turn = Turn.objects.get(conversation=conversation)
    reply = Reply.objects.get(turn=turn)
    Reply.objects.filter(pk=reply.pk).update(
        text=f"The {mark} is late.",
        html=f"<p>The {mark} is late.</p>",
        rating=-1,
        rating_comment=f"no {mark}",
    )
    call = add_call(reply, partial_output=f"The {mark} is", error_detail=f"could not say {mark}")
    RouteOutcome.objects.create(
        reply_id=reply.pk, turn_id=turn.pk, route="common", tier="lite", state="completed", ended_by="finish",
        ended_at=now(), cost_pico=7, rolled_up=True, conversation_id=conversation.pk,
    )  # fmt: skip
    StoredAnswer.objects.create(
        digest=uuid4().hex, route="common", model="m", tier="lite", question=turn.text,
        answer=f"The {mark} is late.", reply_id=reply.pk, turn_id=turn.pk, written_at=now(),
    )  # fmt: skip
    AskedQuestion.objects.create(uuid=turn.pk, text=turn.text, route="common")
    request = Request.objects.create(
        number=number, visitor=conversation.visitor, conversation=conversation, reply=reply, reason="asked",
        client_request_id="one", email=f"{mark}@example.org".lower(), text=f"Where is my {mark}?",
    )  # fmt: skip
    Message.objects.create(
        conversation=conversation, request=request, author="staff", text=f"Your {mark} comes."
    )
    RequestEvent.objects.create(request=request, kind="closed", note=f"Asked for {mark}", created_at=now())
    RequestSummary.objects.create(request=request, text=f"Wants {mark}.", ordered_at=now())
    Transcript.objects.create(conversation=conversation, email=f"{mark}@example.org".lower())
    user, _ = User.objects.get_or_create(username="support")
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(Request), object_id=str(request.pk),
        object_repr=f"Request of {mark}", action_flag=CHANGE,
    )  # fmt: skip
    return Told(conversation, reply, call, request)


@pytest.fixture
def told(seeded: None) -> Told:
    return tell()
