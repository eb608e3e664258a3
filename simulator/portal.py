"""The state of one HubSpot portal: its campaigns with assets and items. What a request may do to them is in routes/.

Times are whole milliseconds since 1970. Nothing here reads a clock or decides what to answer.
"""

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

FIRST_NUMBER: Final = 100_001  # an object id of HubSpot's is a number of many digits
LONGEST_ID: Final = 18  # digits that an int64 holds, whichever they are
# A follow-up write on HubSpot's side moves updatedAt of a new campaign by this much (recorded, 2 of 3 rows).
FOLLOW_UP_MS: Final = (160, 250)


class Item(msgspec.Struct):
    """A budget or spend item."""

    id: int
    name: str
    amount: float
    order: int
    description: str | None
    created: int
    updated: int


class Campaign(msgspec.Struct, eq=False):
    """A campaign as the portal holds it.

    Attributes:
        id: the GUID.
        number: `hs_object_id`, growing with each creation.
        properties: what was set; sums of items are not in here.
        created: when it was committed, updated: when it last changed.
        visible: from when on list and batch read know it; 0: always.
        archived: deleted; the API no longer knows it.
        assets: asset ids by type, in numeric order.
        budget: items, oldest first; spend likewise.
    """

    id: str
    number: int
    properties: dict[str, str]
    created: int
    updated: int
    visible: int
    archived: bool = False
    assets: dict[str, list[str]] = {}
    budget: list[Item] = []
    spend: list[Item] = []

    @property
    def name(self) -> str:
        """The campaign's `hs_name`."""
        return self.properties.get("hs_name", "")

    def all_properties(self) -> dict[str, str]:
        """Return what was set and what HubSpot computes."""
        sums = {"hs_budget_items_sum_amount": self.budget, "hs_spend_items_sum_amount": self.spend}
        return self.properties | {name: str(total(items)) for name, items in sums.items() if items}


class Portal:
    """All campaigns of a portal, in the order of their creation.

    `changes` grows with every change that can move a row of a list.
    """

    def __init__(self, dice: random.Random) -> None:
        self._random = dice
        self._by_id: dict[str, Campaign] = {}
        self._names: Counter[str] = Counter()
        self._next_number = FIRST_NUMBER
        self._latest = 0
        self.standing: list[Campaign] = []
        self.hidden_until = 0
        self.changes = 0
        self.missing_assets: frozenset[str] = frozenset()

    def create(self, properties: dict[str, str], *, now: int, lag: int) -> Campaign:
        """Make a campaign; list and batch read see it `lag` ms later."""
        # Creation order and createdAt must agree, also when the clock is set back.
        self._latest = created = max(now, self._latest)
        number = self.next_number()
        campaign = Campaign(
            id=str(UUID(int=self._random.getrandbits(128), version=4)),
            number=number,
            properties={**properties, "hs_object_id": str(number)},
            created=created,
            updated=created + self._random.randint(*FOLLOW_UP_MS),
            visible=created + lag if lag else 0,
        )
        self._by_id[campaign.id] = campaign
        self.standing.append(campaign)
        self._names[campaign.name] += 1
        self.hidden_until = max(self.hidden_until, campaign.visible)
        self.changes += 1
        return campaign

    def next_number(self) -> int:
        """Return a number that no object of this portal has."""
        self._next_number += 1
        return self._next_number - 1

    def find(self, campaign_id: str) -> Campaign | None:
        """Return the campaign of this GUID unless it was deleted."""
        campaign = self._by_id.get(campaign_id)
        return None if campaign is None or campaign.archived else campaign

    def is_taken(self, name: str) -> bool:
        """Say whether a standing campaign bears this name."""
        return self._names[name] > 0

    def change(self, campaign: Campaign, properties: dict[str, str], now: int) -> None:
        """Overwrite the given properties; an empty value clears."""
        before = campaign.name
        campaign.properties = {name: value for name, value in (campaign.properties | properties).items() if value}
        if campaign.name != before:
            self._forget_name(before)
            self._names[campaign.name] += 1
        self.touch(campaign, now)

    def touch(self, campaign: Campaign, now: int) -> None:
        """Note that the campaign changed."""
        campaign.updated = max(now, campaign.updated)
        self.changes += 1

    def archive(self, campaign: Campaign) -> None:
        """Delete the campaign: it stays to be shown to tests, the API forgets it."""
        campaign.archived = True
        del self.standing[bisect_left(self.standing, campaign.number, key=lambda other: other.number)]
        self._forget_name(campaign.name)
        self.changes += 1

    def ever(self) -> Iterable[Campaign]:
        """Return every campaign that was ever made, oldest first."""
        return self._by_id.values()

    def has_asset(self, asset_id: str) -> bool:
        """Say whether an asset exists: every numeric id does, unless it was declared missing."""
        numeric = asset_id.isascii() and asset_id.isdigit() and len(asset_id) <= LONGEST_ID
        return numeric and asset_id not in self.missing_assets

    def _forget_name(self, name: str) -> None:
        self._names[name] -= 1
        if not self._names[name]:
            del self._names[name]


def total(items: Iterable[Item]) -> float:
    """Add up the amounts of items, to the cent."""
    return round(sum((item.amount for item in items), 0.0), 2)
