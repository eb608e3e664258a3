"""Spans of a trigger's trace: its acceptance, the calls to HubSpot, the posts of its callback.

OpenTelemetry records them where it is installed and `OTEL_*` says where they go. Else it is not even imported, and
the trace is only told on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Literal, Protocol

import msgspec
import structlog

from campaigns import tracing

Kind = Literal["server", "client"]
Fact = str | int

WANTED: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Variables that say where spans go; without one of them nobody waits for any."""

log = structlog.get_logger()


class Span(Protocol):
    """What happens now, as a part of a trace."""

    @property
    def traceparent(self) -> str:
        """For what belongs to it."""
        ...

    def tell(self, name: str, fact: Fact) -> None:
        """Add what came of it."""
        ...


class Spans(Protocol):
    """Where spans come from."""

    def span(
        self, name: str, traces: Sequence[str], call: str, facts: Mapping[str, Fact], *, kind: Kind = "client"
    ) -> AbstractContextManager[Span]:
        """A span as long as the context lasts; an error that leaves it is told.

        Args:
            name: of few values.
            traces: the traceparent to which it belongs, and those of others whom it concerns as well.
            call: tells it from all others of the trace.
            facts: what is known of it by now.
            kind: whether somebody asks us, or we ask somebody.

        """
        ...


class Passed(msgspec.Struct, frozen=True):
    """A span that nobody records."""

    traceparent: str

    def tell(self, name: str, fact: Fact) -> None:
        """Keep nothing."""


class Unrecorded:
    """The trace is told on, and nothing is recorded."""

    @contextmanager
    def span(
        self, name: str, traces: Sequence[str], call: str, facts: Mapping[str, Fact], *, kind: Kind = "client"
    ) -> Iterator[Span]:
        """A span that nobody records: its parent id is made of *call*."""
        del name, facts, kind
        yield Passed(tracing.child(traces[0], call))


UNRECORDED: Final = Unrecorded()


def of(environment: Mapping[str, str], program: str) -> Spans | None:
    """What records the spans of *program*; None when nobody asks for them."""
    if not any(environment.get(name) for name in WANTED) or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from campaigns.observe import recording  # noqa: PLC0415 - it costs a second, and is an extra
    except ImportError:
        log.warning("traces.not_installed", problem="OTEL_* asks for traces: install requirements/traces.txt")
        return None
    return recording.exported(program)
