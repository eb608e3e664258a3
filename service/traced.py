"""Acceptance as a span of the trigger's trace; what follows from it belongs to that span."""

import msgspec

from campaigns.observe.traces import Spans
from campaigns.store.accept import Acceptance, Accepted, Wish


class TracedAcceptance(Acceptance):
    """Acceptance, recorded; a trigger without a trace begins one.

    Args:
        acceptance: stores.
        spans: records.

    """

    def __init__(self, acceptance: Acceptance, spans: Spans) -> None:
        self._acceptance = acceptance
        self._spans = spans

    async def accept(self, wish: Wish) -> Accepted:
        """As `Acceptance.accept`."""
        run, replace = wish.run, msgspec.structs.replace
        traces = [run.trigger.traceparent] if run.trigger.traceparent else []
        facts = {"fanfare.portal": run.portal, "fanfare.run": run.id, "fanfare.type": run.trigger.type}
        with self._spans.span("accept", traces, run.id, facts, kind="server") as span:
            traced = replace(run, trigger=replace(run.trigger, traceparent=span.traceparent))
            accepted = await self._acceptance.accept(replace(wish, run=traced))
            span.tell("fanfare.outcome", accepted.outcome)
            return accepted
