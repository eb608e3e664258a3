"""Ghosts: attempts declared absent that may still appear, and what is done about one that does. Pure."""

from collections.abc import Sequence
from typing import Final, Literal, cast, get_args

import msgspec

from campaigns.keys import Marker, marker_in
from campaigns.model import Run, Stored
from campaigns.states import Done
from campaigns.wishes import AddItem, CreateCampaign

Kind = Literal["campaign", "budget", "spend"]

NOWHERE: Final = "-"
"""Where a campaign would appear: in no other campaign."""


class Ghost(msgspec.Struct, frozen=True):
    """One attempt that may still appear.

    Attributes:
        kind: what it would have made.
        campaign: in which campaign an item would appear.
        step: the number of its step in the run, from 0.

    """

    kind: Kind
    campaign: str
    step: int
    marker: Marker

    def __str__(self) -> str:
        """As it stands in Redis."""
        return f"{self.kind} {self.campaign} {self.step} {self.marker}"


class Seen(msgspec.Struct, frozen=True):
    """What bears a ghost's marker in HubSpot.

    Attributes:
        id: of the campaign or item.
        touched: whether it has an asset, an item or an edit that its attempt did not make.

    """

    id: str
    touched: bool


class Remove(msgspec.Struct, frozen=True):
    """It stands beside the one in the receipt and nobody uses it: remove it."""

    id: str


class Show(msgspec.Struct, frozen=True):
    """It may be somebody's: leave it, and tell people."""

    id: str
    why: str


class Leave(msgspec.Struct, frozen=True):
    """It is the one in the receipt."""


class Wait(msgspec.Struct, frozen=True):
    """Its run has not ended: it will adopt it, or get another. Only then it is known what to do."""


Verdict = Remove | Show | Leave | Wait


def of_step(run: Run, name: str, marker: Marker) -> Ghost | None:
    """The ghost of an attempt of the step *name*; None for a step that may be repeated: no second of it can appear."""
    number = [step.name for step in run.steps].index(name)
    match run.steps[number].wish:
        case CreateCampaign():
            return Ghost("campaign", NOWHERE, number, marker)
        case AddItem(kind=kind):
            return Ghost(kind, run.campaign or NOWHERE, number, marker)
        case _:
            return None


def read(text: str) -> Ghost | None:
    """The ghost that *text* names; None for what another version wrote."""
    words = text.split(" ")
    marker = marker_in(words[-1])
    if len(words) != len(Ghost.__struct_fields__) or words[0] not in get_args(Kind) or marker is None:
        return None
    if not (words[2].isascii() and words[2].isdigit()):
        return None
    return Ghost(cast("Kind", words[0]), words[1], int(words[2]), marker)


def next_look(attempt: int, now: int, looks: Sequence[int]) -> int | None:
    """When the ghost of *attempt* is looked for next; None when it has been looked for often enough.

    Args:
        attempt: when it was sent.
        now: Redis's time.
        looks: spans after the attempt (ms), the shortest first.

    """
    return next((attempt + look for look in looks if attempt + look > now), None)


def verdict(ghost: Ghost, seen: Seen, stored: Stored | None) -> Verdict:
    """What to do about a ghost that has appeared; what a receipt names is never removed, whichever is older.

    Args:
        ghost: the attempt.
        seen: what bears its marker.
        stored: its run; None when that has been trimmed, or was lost.

    """
    state = stored.run.steps[ghost.step].state if stored else None
    if isinstance(state, Done):
        if state.receipt.id == seen.id:
            return Leave()
        if seen.touched:
            return Show(seen.id, "somebody uses or has changed it")
        return Remove(seen.id)
    if stored is not None and stored.ending is None:
        return Wait()
    return Show(seen.id, "its run has no receipt, so this may be the only one")
