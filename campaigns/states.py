"""The states of a step: each a type that holds exactly what is true in it.

Times and spans are milliseconds; a state's time is its step's `at`, stamped by Redis when it was stored.
"""

import msgspec

from campaigns.errors import Problem


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What HubSpot gave for a step that is done.

    Attributes:
        id: HubSpot's id of what was made; for an attached asset the asset's own.
        adopted: found by a look-up rather than read from the answer of the call that made it.
        superseded: nothing was sent, as a newer run has set this.
        changed: the campaign was there before and was changed; it is not this run's to remove.
        name: what the campaign is called, if not as it was to be.

    """

    id: str
    adopted: bool = False
    superseded: bool = False
    changed: bool = False
    name: str = ""


class Pending(msgspec.Struct, frozen=True, tag_field="is", tag="pending"):
    """Nothing was sent, or all that was sent is known to have come to nothing."""


class Sent(msgspec.Struct, frozen=True, tag_field="is", tag="sent"):
    """A call is under way, or its answer is missing. The step's `at` is the attempt: it stands in the marker.

    Attributes:
        lasts: the call has surely ended this span after it was sent.
        tries: calls that failed before this one.
        since: when the first call of this step was sent; 0 when this is the first.
        problem: why the answer is missing, once that is known.
        makes: whether the call makes something, so that it may not be repeated before a look.

    """

    lasts: int
    tries: int = 0
    since: int = 0
    problem: Problem | None = None
    makes: bool = True


class Waiting(msgspec.Struct, frozen=True, tag_field="is", tag="waiting"):
    """The last call failed and may be repeated.

    Attributes:
        span: repeat it this long after the step's `at`.
        problem: why the last call failed.

    """

    span: int
    tries: int
    since: int
    problem: Problem


class Done(msgspec.Struct, frozen=True, tag_field="is", tag="done"):
    """The wish has come true."""

    receipt: Receipt


class Failed(msgspec.Struct, frozen=True, tag_field="is", tag="failed"):
    """The wish will not come true."""

    problem: Problem


State = Pending | Sent | Waiting | Done | Failed
