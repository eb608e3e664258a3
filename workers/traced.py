"""A call to HubSpot within the trace of the run for which it is made."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from campaigns.hubspot.client import HubSpot
from campaigns.model import Run
from campaigns.observe.traces import Fact, Spans


@contextmanager
def within_trace(spans: Spans, hubspot: HubSpot, place: str, operation: str, runs: Sequence[Run]) -> Iterator[HubSpot]:
    """*hubspot* for one call; a call knows one trace only, so a batch tells its first, which knows of the others.

    Args:
        spans: where the call is recorded.
        hubspot: the portal.
        place: names the call.
        operation: what HubSpot calls it.
        runs: for whom it is made.

    """
    traces = [run.trigger.traceparent for run in runs if run.trigger.traceparent]
    if not traces:
        yield hubspot
        return
    facts: dict[str, Fact] = {"fanfare.portal": runs[0].portal, "fanfare.run": runs[0].id, "fanfare.runs": len(runs)}
    with spans.span(operation, traces, place, facts) as span:
        yield hubspot.traced(span.traceparent)
