"""One trace from the caller's span through Redis and HubSpot to the callback, as OpenTelemetry records it."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import msgspec
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from campaigns.observe import traces
from campaigns.observe.recording import Recording
from simulator.fixture import Running
from tests.flows.engine import serving
from tests.flows.serving import a_program, a_service, send
from tests.receiver import SECRET, Receiver
from tests.settings import CALLBACK_SECRET, SECRETS, some_settings
from workers.process import opened

TRACE, CALLER = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
TRACEPARENT = f"00-{TRACE:032x}-{CALLER:016x}-01"


def a_recording() -> tuple[Recording, InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Recording(provider), exporter


def traceparent_of(span: ReadableSpan) -> str:
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"


def parent_of(span: ReadableSpan) -> int:
    assert span.parent
    return span.parent.span_id


async def carried(
    redis_url: str, hubspot: str, spans: Recording, headers: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Send a trigger and carry it to its callback: the traces that HubSpot and the receiver were told."""
    asked: list[str] = []

    async def written_down(request: httpx.Request) -> None:
        asked.append(request.headers.get("traceparent", ""))

    secrets = SECRETS | {CALLBACK_SECRET: SECRET}
    settings = msgspec.structs.replace(some_settings(redis_url, hubspot=hubspot, secrets=secrets, settle=0.3))
    async with (
        Receiver() as receiver,
        a_service(settings, spans=spans) as http,
        opened(settings, spans=spans) as process,
    ):
        process.shared.http.event_hooks = {"request": [written_down]}
        await send(http, headers=headers, callbackurl=receiver.url())
        posting = asyncio.create_task(process.notify())
        async with serving(process):
            [callback] = await receiver.wait_for(1)
            process.stopping.set()
            await posting
    return asked, [callback.headers["traceparent"]]


@pytest.mark.usefixtures("redis")  # which is empty then
async def test_acceptance_calls_and_callback_belong_to_the_callers_trace(redis_url: str, hubspot: Running) -> None:
    spans, exporter = a_recording()
    asked, posted = await carried(redis_url, hubspot.url, spans, {"traceparent": TRACEPARENT})
    found = exporter.get_finished_spans()
    [accept] = [span for span in found if span.name == "accept"]
    [callback] = [span for span in found if span.name == "callback"]
    calls = [span for span in found if span not in (accept, callback)]
    assert {span.context.trace_id for span in found} == {TRACE}
    assert parent_of(accept) == CALLER
    assert {parent_of(span) for span in (*calls, callback)} == {accept.context.span_id}
    assert [traceparent_of(span) for span in calls] == asked
    assert asked
    assert posted == [traceparent_of(callback)]
    assert accept.attributes
    assert accept.attributes["fanfare.outcome"] == "accepted"
    assert callback.attributes
    assert callback.attributes["http.response.status_code"] == 204


@pytest.mark.usefixtures("redis")
async def test_a_trigger_without_a_trace_begins_one(redis_url: str, hubspot: Running) -> None:
    spans, exporter = a_recording()
    asked, posted = await carried(redis_url, hubspot.url, spans, {})
    [accept] = [span for span in exporter.get_finished_spans() if span.name == "accept"]
    assert accept.parent is None
    assert {told[:36] for told in asked + posted} == {traceparent_of(accept)[:36]}


def test_a_span_says_what_went_wrong_and_a_batch_knows_of_its_other_traces() -> None:
    spans, exporter = a_recording()
    others = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
    with pytest.raises(ZeroDivisionError), spans.span("call", [TRACEPARENT, *others], "1", {}):
        _ = 1 / 0
    [span] = exporter.get_finished_spans()
    assert not span.status.is_ok
    assert span.attributes == {"error.type": "ZeroDivisionError"}
    assert [(link.context.trace_id, link.context.span_id) for link in span.links] == [(1, 1), (2, 2)]


@pytest.mark.usefixtures("redis")
async def test_a_program_that_is_told_where_sends_its_spans_there(tmp_path: Path, redis_url: str) -> None:
    async with Receiver() as collector:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}", "NO_PROXY": "127.0.0.1"}
        async with a_program(tmp_path, redis_url, **told) as (process, http):
            await send(http)
            process.send_signal(signal.SIGTERM)  # what is left is sent at the end
            [received] = await collector.wait_for(1)
            assert await process.wait() == 0
    assert received.target == "/v1/traces"
    assert b"fanfare-service" in received.body
    assert b"accept" in received.body


@pytest.mark.parametrize(
    "environment", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://here", "OTEL_SDK_DISABLED": "true"}]
)
def test_nobody_records_what_nobody_asked_for(environment: dict[str, str]) -> None:
    assert traces.of(environment, "service") is None


def test_what_is_not_asked_for_is_not_imported() -> None:
    told = "import sys, service.__main__, workers.__main__; print('campaigns.observe.recording' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", told]).strip() == b"False"
