"""What names a thing in every line of the log that speaks of it: by it the lines of all programs are found."""

from campaigns import tracing
from campaigns.model import Run
from campaigns.parking import Message


def named(what: Run | Message) -> dict[str, str | None]:
    """The ids of a run, or of a message to operators: ours, its caller's, and that of the trace which it belongs to."""
    if isinstance(what, Message):
        return {"message": what.id, "portal": what.portal, "caller": what.caller}
    return {
        "run": what.id,
        "portal": what.portal,
        "caller": what.caller,
        "subject": what.subject,
        "trace": tracing.trace_of(what.trigger.traceparent),
    }
