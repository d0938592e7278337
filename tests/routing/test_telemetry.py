"""What is told of calls and replies, to a collector and to the log: once stored, and without any text."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.status import StatusCode

from routing import telemetry, telemetry_log
from routing.events import UsageReport
from routing.otel import Exporter
from routing.recorder import record_outcome, settle_call, start_call
from routing.telemetry_names import ATTRIBUTES, METRICS
from tests.environment import ROOT
from tests.routing.ledger import NOON, attempt, config, outcome_facts, result

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "what the visitor said"


class Collector:
    """An exporter whose spans and measurements stay in memory."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.exporter = Exporter(SimpleSpanProcessor(self._spans), self._reader, "desk")

    @property
    def spans(self) -> list[Any]:
        return list(self._spans.get_finished_spans())

    def measured(self) -> dict[str, list[Any]]:
        data = self._reader.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    telemetry.listen(found.exporter)
    yield found
    telemetry.unlisten(found.exporter)
    found.exporter.shutdown()


def one_turn(**changes: Any) -> tuple[Any, Any]:
    """Have one call and its reply stored; returns the attempt and the reply's facts."""
    start = attempt()
    start_call(start)
    ended = NOON + timedelta(milliseconds=900)
    settle_call(start, result(ended_at=ended, partial_output=SECRET, error_detail=SECRET, **changes))
    facts = outcome_facts(
        reply_id=start.reply_id, turn_id=start.turn_id, ended_at=ended, total_ms=950, conversation_id=uuid4()
    )
    record_outcome(facts, config())
    return start, facts


def test_a_turn_is_a_trace_with_its_calls_under_its_reply(collector: Collector) -> None:
    start, facts = one_turn()
    call, turn = collector.spans
    assert (call.name, turn.name) == ("chat small", "turn common")
    assert {span.context.trace_id for span in (call, turn)} == {start.turn_id.int}
    assert call.parent.span_id == turn.context.span_id
    assert (call.end_time - call.start_time, turn.end_time - turn.start_time) == (900_000_000, 950_000_000)
    said = dict(call.attributes)
    assert said["gen_ai.request.model"] == said["gen_ai.response.model"] == "small"
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (1000, 100)
    assert said["support.cost.pico_usd"] == 300_000_000
    assert turn.attributes["gen_ai.conversation.id"] == str(facts.conversation_id)
    assert turn.attributes["support.state"] == "completed"
    assert SECRET not in f"{said}{dict(turn.attributes)}"


def test_the_histograms_hold_what_the_calls_took(collector: Collector) -> None:
    one_turn()
    one_turn(error_class="Stalled", usage=None, first_text_ms=None)
    found = collector.measured()
    assert set(found) == set(METRICS)
    durations = {
        point.attributes.get("error.type", ""): point for point in found["gen_ai.client.operation.duration"]
    }
    assert {error: (point.count, point.sum) for error, point in durations.items()} == {
        "": (1, pytest.approx(0.9)),
        "Stalled": (1, pytest.approx(0.9)),
    }
    assert [point.count for point in found["gen_ai.client.operation.time_to_first_chunk"]] == [1]
    tokens = {
        point.attributes["gen_ai.token.type"]: point.sum for point in found["gen_ai.client.token.usage"]
    }
    assert tokens == {"input": 1000, "output": 100}  # unknown is not zero


def test_a_failed_call_is_an_error_and_unknown_tokens_are_left_out(collector: Collector) -> None:
    one_turn(error_class="Stalled", usage=UsageReport())
    call = collector.spans[0]
    assert call.status.status_code is StatusCode.ERROR
    assert not [name for name in call.attributes if name.startswith("gen_ai.usage.")]


def test_an_evaluation_is_an_event_of_the_conventions(collector: Collector) -> None:
    turn, reply = uuid4(), uuid4()
    telemetry.tell(telemetry.of_evaluation(reply, turn, "common", 0.75, "unsupported", "words", NOON))
    (span,) = collector.spans
    (event,) = span.events
    assert (event.name, span.context.trace_id) == ("gen_ai.evaluation.result", turn.int)
    assert event.attributes["gen_ai.evaluation.score.value"] == 0.75
    assert event.attributes["gen_ai.evaluation.score.label"] == "unsupported"


def test_nothing_is_told_that_was_not_stored(collector: Collector) -> None:
    class Away(Exception):
        pass

    with pytest.raises(Away), transaction.atomic():
        one_turn()
        raise Away
    assert collector.spans == []
    one_turn()
    assert len(collector.spans) == 2


def test_each_is_one_line_of_json_without_text(caplog: pytest.LogCaptureFixture) -> None:
    telemetry.listen(telemetry_log.write)
    try:
        with caplog.at_level(logging.INFO, "desk.events"):
            start, _ = one_turn()
    finally:
        telemetry.unlisten(telemetry_log.write)
    call, turn = (
        json.loads(record.getMessage()) for record in caplog.records if record.name == "desk.events"
    )
    assert (call["event"], call["call"], call["turn"]) == ("call", str(start.call_id), str(start.turn_id))
    assert (turn["event"], turn["reply"], turn["total_ms"]) == ("turn", str(start.reply_id), 950)
    assert SECRET not in caplog.text
    named = {"event", "turn", "reply", "call", *ATTRIBUTES}
    assert set(call) | set(turn) <= named


def test_the_documents_repeat_the_table_of_names() -> None:
    rows = [
        line.split("|")
        for line in (ROOT / "docs" / "export.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    said = {row[1].strip(" `"): row for row in rows}
    assert {name: row[2].strip(" `") for name, row in said.items() if name in ATTRIBUTES} == dict(ATTRIBUTES)
    metrics = {
        name: tuple(cell.strip(" `") for cell in row[2:5]) for name, row in said.items() if name in METRICS
    }
    assert metrics == dict(METRICS)
    assert set(said) == set(ATTRIBUTES) | set(METRICS)
    ours = (ROOT / "docs" / "metrics.md").read_text()
    for name, (_, _, metric) in METRICS.items():
        (line,) = (line for line in ours.splitlines() if line.startswith(f"| `{metric}`"))
        assert name in line
