"""What may be wrong: one type for each way in which a promise can be broken."""

from typing import Literal

import msgspec


class Duplicate(msgspec.Struct, frozen=True):
    """More than one of what was wished for once: runs of a key, campaigns of a subject, items of a trigger."""

    of: str
    what: Literal["run", "campaign", "item"]
    found: tuple[str, ...]


class Lost(msgspec.Struct, frozen=True):
    """Accepted, and forgotten: the service knows no such run, or it is done and HubSpot has no campaign."""

    key: str
    run: str


class Stuck(msgspec.Struct, frozen=True):
    """A run that has not ended when everything had time to."""

    key: str
    run: str
    status: str


class Unaccepted(msgspec.Struct, frozen=True):
    """A trigger that was refused, or never got its 202."""

    key: str
    why: str


class WrongEnding(msgspec.Struct, frozen=True):
    """Nothing was wrong with the wish, and the run ended otherwise than done."""

    key: str
    run: str
    status: str


class WrongAssets(msgspec.Struct, frozen=True):
    """The subject's campaign has other assets than its triggers planned."""

    subject: str
    missing: tuple[str, ...]
    unasked: tuple[str, ...]


class WrongItems(msgspec.Struct, frozen=True):
    """The subject's campaign has other items than its triggers planned."""

    subject: str
    missing: tuple[str, ...]
    unasked: tuple[str, ...]


class WrongName(msgspec.Struct, frozen=True):
    """The subject's campaign has a name that none of its triggers gave."""

    subject: str
    found: str


class OutOfOrder(msgspec.Struct, frozen=True):
    """HubSpot heard of *later* before *earlier*, for the same subject, had come to its end; or *earlier* had its way."""

    subject: str
    earlier: str
    later: str


class Early(msgspec.Struct, frozen=True):
    """HubSpot heard of a trigger before its `notbefore`; by how many seconds."""

    key: str
    seconds: float


class Unreported(msgspec.Struct, frozen=True):
    """The final status of an ended run never came."""

    key: str
    run: str


class Misreported(msgspec.Struct, frozen=True):
    """The final status came under several ids, or was another than the run's."""

    key: str
    told: tuple[str, ...]


class Unasked(msgspec.Struct, frozen=True):
    """A campaign that nobody's accepted wish explains."""

    campaign: str
    name: str


class Died(msgspec.Struct, frozen=True):
    """A program ended by itself."""

    program: str


Verdict = (
    Duplicate
    | Lost
    | Stuck
    | Unaccepted
    | WrongEnding
    | WrongAssets
    | WrongItems
    | WrongName
    | OutOfOrder
    | Early
    | Unreported
    | Misreported
    | Unasked
    | Died
)
