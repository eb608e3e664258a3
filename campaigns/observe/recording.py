"""Spans recorded by OpenTelemetry. Imported only where they are wanted, as it is an extra (`traces`)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from campaigns.observe.traces import Fact, Kind, Span

KINDS: Final[Mapping[Kind, SpanKind]] = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT}

_w3c: Final = TraceContextTextMapPropagator()


class Recorded:
    """A span that is recorded."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """As it is sent (W3C Trace Context, section 3.2)."""
        told = self._span.get_span_context()
        return f"00-{told.trace_id:032x}-{told.span_id:016x}-{told.trace_flags:02x}"

    def tell(self, name: str, fact: Fact) -> None:
        """Add what came of it."""
        self._span.set_attribute(name, fact)


class Recording:
    """Records spans with *provider*."""

    def __init__(self, provider: trace.TracerProvider) -> None:
        self._tracer = provider.get_tracer("fanfare")

    @contextmanager
    def span(
        self, name: str, traces: Sequence[str], call: str, facts: Mapping[str, Fact], *, kind: Kind = "client"
    ) -> Iterator[Span]:
        """As `traces.Spans` says; a span without a trace begins one."""
        del call  # OpenTelemetry numbers its spans
        parent, *others = [_context(told) for told in traces] or [Context()]
        links = [Link(trace.get_current_span(other).get_span_context()) for other in others]
        span = self._tracer.start_span(name, parent, KINDS[kind], dict(facts), links)
        try:
            yield Recorded(span)
        except BaseException as error:
            span.set_status(StatusCode.ERROR, str(error))
            span.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            span.end()


def exported(program: str) -> Recording:
    """Spans of *program* that are sent where `OTEL_*` says, by OTLP over HTTP; what is left at the end, too."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"fanfare-{program}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Recording(provider)


def _context(traceparent: str) -> Context:
    return _w3c.extract({"traceparent": traceparent}, Context())
