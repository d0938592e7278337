"""One visitor's data: all of it is handed out, all of it goes, and nobody else's."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from assistant.models import (
    Conversation,
    Message,
    Reply,
    Request,
    RequestEvent,
    RequestSummary,
    Transcript,
    Turn,
    Visitor,
    VisitorDataAction,
    Worker,
)
from assistant.privacy import erase, export
from assistant.privacy.erasing import hash_of
from common.clock import now
from common.versions import read_version
from faq.models import AskedQuestion
from routing.models import ModelCall, RouteOutcome, StoredAnswer, TransferResult
from tests.privacy.conftest import MARK, Told, tell

# Every model that belongs to a visitor by a chain of foreign keys, or names a turn or a reply by its id.
KNOWN = {
    Conversation, Turn, Reply, Request, Message, AskedQuestion, ModelCall, RouteOutcome, StoredAnswer,
    RequestEvent, RequestSummary, Transcript,
}  # fmt: skip
BY_ID = {AskedQuestion}
# Names the reply of a staff test, which no visitor has asked for.
OF_STAFF = {TransferResult}


def everything() -> str:
    """Return every row of every table, as text."""
    rows = [
        {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        for model in apps.get_models()
        for row in model._default_manager.all()
    ]
    return json.dumps(rows, cls=DjangoJSONEncoder, ensure_ascii=False, default=str)


def belongs(model: type[models.Model], seen: frozenset[type[models.Model]] = frozenset()) -> bool:
    ties = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    targets = {field.related_model for field in ties} - {model}
    named = {"turn_id", "reply_id"} & {field.attname for field in model._meta.concrete_fields}
    return (
        (bool(named) and model not in OF_STAFF)
        or Visitor in targets
        or any(target not in seen and belongs(target, seen | {model}) for target in targets)
    )


def test_no_store_of_a_visitors_data_is_unknown_here() -> None:
    found = {model for model in apps.get_models() if belongs(model)}
    assert found | BY_ID == KNOWN, "a new store has to be exported and erased as well"


def test_an_export_holds_every_text_and_every_field(told: Told) -> None:
    other = tell("Powidl", number=2)
    document = export(told.visitor_id)
    text = json.dumps(document, ensure_ascii=False)
    assert "Powidl" not in text
    assert str(other.visitor_id) not in text
    conversation = document["conversations"][0]
    assert conversation["turns"][0]["text"] == f"My {MARK} does not arrive, why?"
    answer = conversation["turns"][0]["replies"][0]
    assert (answer["text"], answer["rating_comment"]) == (f"The {MARK} is late.", f"no {MARK}")
    assert conversation["messages"][0]["text"] == f"Your {MARK} comes."
    request = document["requests"][0]
    assert (request["email"], request["messages"][0]["author"]) == (f"{MARK}@example.org".lower(), "staff")
    assert request["events"][0]["note"] == f"Asked for {MARK}"
    assert request["summary"][0]["text"] == f"Wants {MARK}."
    assert conversation["transcripts"][0]["email"] == f"{MARK}@example.org".lower()
    assert document["asked_questions"][0]["uuid"] == conversation["turns"][0]["id"]
    assert document["model_calls"][0]["partial_output"] == f"The {MARK} is"
    assert document["stored_answers"][0]["answer"] == f"The {MARK} is late."
    assert document["outcomes"][0]["reply_id"] == str(told.reply.pk)
    assert document["providers"] == {"gemini": 1}
    assert document["visitor"]["id"] == str(told.visitor_id)


def test_erasing_leaves_no_text_no_id_and_the_figures(told: Told) -> None:
    other = tell("Powidl", number=2)
    before, ids = everything(), [told.visitor_id, told.conversation.pk, told.reply.pk, told.reply.turn_id]
    assert MARK in before
    counter = read_version("erased")
    counts = erase(told.visitor_id, "admin")
    after = everything()
    assert MARK not in after
    assert MARK.lower() not in after
    assert [each for each in ids if str(each) in after or each.hex in after] == []
    assert counts == {
        "conversations": 1, "messages of the visitor": 1, "answers": 1, "messages of staff": 1, "requests": 1,
        "asked questions": 1, "model calls": 1, "stored answers": 1,
    }  # fmt: skip
    assert after.count("Powidl") == before.count("Powidl")
    assert export(other.visitor_id)["requests"]
    call = ModelCall.objects.get(pk=told.call.pk)
    outcome = RouteOutcome.objects.exclude(pk=other.reply.pk).get()
    assert (call.reply_id, call.turn_id) == (outcome.pk, outcome.turn_id), "they stay together, under new ids"
    assert (outcome.cost_pico, call.input_tokens) == (7, told.call.input_tokens)
    row = VisitorDataAction.objects.get()
    assert (row.action, row.by, row.visitor_hash, row.counts) == (
        "erase",
        "admin",
        hash_of(told.visitor_id),
        counts,
    )
    assert read_version("erased") == counter + 1
    assert not any(erase(told.visitor_id).values())
    assert VisitorDataAction.objects.count() == 1, "nothing was there the second time"


def test_a_queued_answer_is_cancelled_and_one_that_does_not_stop_is_taken_away(told: Told) -> None:
    Reply.objects.filter(pk=told.reply.pk).update(state="queued", ended_at=None, ended_by="")
    RouteOutcome.objects.all().delete()
    assert erase(told.visitor_id)["answers"] == 1
    again = tell(number=3)
    RouteOutcome.objects.filter(pk=again.reply.pk).delete()
    ModelCall.objects.filter(pk=again.call.pk).update(ended_at=None)
    worker = Worker.objects.create(boot="alive", expires_at=now() + timedelta(minutes=5))
    Reply.objects.filter(pk=again.reply.pk).update(
        state="streaming", ended_at=None, owner=worker.pk, started_at=now()
    )
    assert erase(again.visitor_id, patience_s=0.3)["answers"] == 1
    assert MARK not in everything()
    call = ModelCall.objects.get(pk=again.call.pk)
    assert call.ended_at is not None, "its process cannot settle it any more, and so cannot write its text"


def test_the_command_exports_and_erases(told: Told, tmp_path: Path) -> None:
    target = tmp_path / "export.json"
    call_command("visitor_data", "export", str(told.visitor_id), "--output", str(target), stdout=StringIO())
    written: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    assert written["format"] == 1
    assert MARK in target.read_text(encoding="utf-8")
    out = StringIO()
    call_command("visitor_data", "erase", str(told.visitor_id), "--yes", stdout=out)
    assert "1 conversation, " in out.getvalue()
    assert MARK not in everything()
    with pytest.raises(CommandError, match="Nothing is stored"):
        call_command("visitor_data", "export", str(uuid4()))
    assert [row.action for row in VisitorDataAction.objects.order_by("at")] == ["export", "erase"]
