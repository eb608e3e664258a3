"""What a caller is told of a trigger that was taken."""

import msgspec

from campaigns.errors import KeyReused
from campaigns.store.accept import Accepted, Wish


class TriggerTaken(msgspec.Struct, frozen=True):
    """The body of a 202; a repeat of the trigger gets the same."""

    id: str
    status: str
    portal: str
    subject: str | None


def taken_of(wish: Wish, accepted: Accepted) -> TriggerTaken:
    """What the caller is told of a wish that was accepted, now or before.

    Raises:
        KeyReused: its key names another.

    """
    if accepted.outcome == "reused":
        raise KeyReused(f"this key already names run {accepted.run}, made of another trigger")
    return TriggerTaken(accepted.run, accepted.status, accepted.portal, wish.run.subject)
