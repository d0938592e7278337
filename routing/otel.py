"""OpenTelemetry: a trace for each turn with a span for each model call, and the GenAI histograms.

Off unless an endpoint is configured. Everything is handed to the SDK's own queues, which drop when they are
full: an exporter that is away costs no reply. The trace of a turn has the turn's id, so spans that several
processes send of one turn stand together.
"""

from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import Histogram as HistogramInstrument
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context
from opentelemetry.trace.status import Status, StatusCode

from routing import telemetry_names as names
from routing.telemetry import Told

SERVICE = "support-desk"
EXPORT_EVERY_MS = 15_000  # as often as Prometheus is usually told to scrape
LOWEST_64 = (1 << 64) - 1

_given: ContextVar[tuple[int, int] | None] = ContextVar("given ids", default=None)


class _Ids(RandomIdGenerator):
    """Gives a span the ids that its row has, and others any."""

    def generate_span_id(self) -> int:
        given = _given.get()
        return given[1] if given else super().generate_span_id()

    def generate_trace_id(self) -> int:
        given = _given.get()
        return given[0] if given else super().generate_trace_id()


def _span_of(number: UUID) -> int:
    return (number.int & LOWEST_64) or 1


class Exporter:
    """Turns what is told into spans and measurements; closes with `shutdown`."""

    def __init__(self, processor: SpanProcessor, reader: MetricReader, service: str) -> None:
        resource = Resource.create({"service.name": service})
        self._traces = TracerProvider(resource=resource, id_generator=_Ids(), shutdown_on_exit=True)
        self._traces.add_span_processor(processor)
        self._meters = MeterProvider(
            [reader],
            resource=resource,
            views=[
                View(
                    instrument_type=HistogramInstrument,
                    instrument_name=name,
                    aggregation=ExplicitBucketHistogramAggregation(list(bounds)),
                )
                for name, bounds in names.BOUNDARIES.items()
            ],
        )
        self._tracer = self._traces.get_tracer("support")
        meter = self._meters.get_meter("support")
        self._measures = {
            name: meter.create_histogram(name, unit, text) for name, (unit, text, _) in names.METRICS.items()
        }

    def __call__(self, told: Told) -> None:
        """Send the span of `told`, and of a call its measurements."""
        if told.kind == "call":
            self._span(told, f"{names.CHAT} {told.facts['asked_model']}", SpanKind.CLIENT)
            self._measure(told)
        elif told.kind == "turn":
            self._span(told, f"turn {told.facts['route']}", SpanKind.SERVER)
        else:
            self._evaluation(told)

    def _span(self, told: Told, name: str, kind: SpanKind) -> None:
        is_call = told.kind == "call"
        parent = _parent(told) if is_call else None
        mark = _given.set((told.turn_id.int, _span_of(told.span_id)))
        try:
            span = self._tracer.start_span(name, context=parent, kind=kind, start_time=_ns(told.began))
        finally:
            _given.reset(mark)
        if is_call:
            span.set_attribute("gen_ai.operation.name", names.CHAT)
        span.set_attributes(names.attributes(told.facts))
        if told.facts.get("error") or told.facts.get("state") == "failed":
            span.set_status(Status(StatusCode.ERROR))
        span.end(_ns(max(told.ended, told.began)))

    def _evaluation(self, told: Told) -> None:
        span = self._tracer.start_span("evaluation", context=_parent(told), start_time=_ns(told.began))
        span.add_event(names.EVALUATION, names.attributes(told.facts), timestamp=_ns(told.began))
        span.end(_ns(told.ended))

    def _measure(self, told: Told) -> None:
        facts, under = told.facts, names.dimensions(told.facts)
        for name, fact in ((names.DURATION, "duration_ms"), (names.FIRST_CHUNK, "first_text_ms")):
            value = facts.get(fact)
            if isinstance(value, int | float):
                self._measures[name].record(value / 1000, under)
        for kind in ("input", "output"):
            value = facts.get(f"{kind}_tokens")
            if isinstance(value, int):
                self._measures[names.TOKENS].record(value, {**under, "gen_ai.token.type": kind})

    def shutdown(self) -> None:
        """Send what waits, and stop."""
        self._traces.shutdown()
        self._meters.shutdown()


def _parent(told: Told) -> Context:
    """Return the context of the reply's own span, which may be sent later and by another process."""
    flags = TraceFlags(TraceFlags.SAMPLED)
    above = SpanContext(told.turn_id.int, _span_of(told.reply_id), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(above))


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000


def to_collector(endpoint: str, headers: dict[str, str], service: str) -> Exporter:
    """Return an exporter to the OTLP/HTTP collector at `endpoint`, such as http://collector:4318."""
    base = endpoint.rstrip("/")
    spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces", headers=headers)
    metrics = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", headers=headers)
    reader = PeriodicExportingMetricReader(metrics, export_interval_millis=EXPORT_EVERY_MS)
    return Exporter(BatchSpanProcessor(spans), reader, service)
