"""What is seen of a scene from outside: by its callers, in HubSpot, at the receiver. Values only; `oracle` judges them."""

from collections.abc import Mapping

import msgspec

from tests.chaos.scene import Wanted


class Accepted(msgspec.Struct, frozen=True):
    """A trigger that got its 202.

    Attributes:
        runs: the ids that its 202s named: one, however often it was sent.
        notbefore: seconds since 1970.

    """

    wanted: Wanted
    runs: tuple[str, ...]
    notbefore: float = 0.0


class Item(msgspec.Struct, frozen=True):
    """A budget item in HubSpot."""

    name: str
    amount: float


class Campaign(msgspec.Struct, frozen=True):
    """A campaign as `GET /_sim/campaigns` shows it."""

    id: str
    properties: dict[str, str]
    archived: bool
    assets: dict[str, list[str]]
    budget: list[Item]

    @property
    def name(self) -> str:
        """As HubSpot has it now."""
        return self.properties.get("hs_name", "")


class Row(msgspec.Struct, frozen=True):
    """One wish to change something, as `GET /_sim/ledger` shows it."""

    method: str
    path: str
    marker: str | None
    time: float = 0.0


class Delivery(msgspec.Struct, frozen=True):
    """One callback as the receiver wrote it down; *run* and *status* stand in its body."""

    webhook_id: str
    run: str
    status: str


class Evidence(msgspec.Struct, frozen=True):
    """All that was seen from outside.

    Attributes:
        accepted: the triggers, those of one subject in the order in which they were accepted, one after the other.
        refused: keys of triggers that never got their 202, and why.
        runs: status of each run that the service knows, by id.
        campaigns: all that HubSpot ever made.
        ledger: in the order in which the requests came.
        deaths: programs that ended though nobody ended them.

    """

    accepted: tuple[Accepted, ...]
    runs: Mapping[str, str]
    campaigns: tuple[Campaign, ...] = ()
    ledger: tuple[Row, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    refused: Mapping[str, str] = {}
    deaths: tuple[str, ...] = ()
