"""What HubSpot tells us, as values. How they are read from bytes is `wire`; what they mean to a run is not known here.

Every time is milliseconds since the epoch, although HubSpot writes ISO 8601 for campaigns and numbers for items.
Whatever HubSpot may leave out has a default: the documentation's "required" does not hold on the wire.
"""

from typing import Final, Generic, Literal, TypeVar, get_args

import msgspec

from campaigns.errors import Problem

T_co = TypeVar("T_co", covariant=True)

ItemKind = Literal["budget", "spend"]
ITEM_KINDS: Final[tuple[ItemKind, ...]] = get_args(ItemKind)


class Page(msgspec.Struct, Generic[T_co], frozen=True):
    """One page of a collection.

    Attributes:
        after: the cursor of the next page, already percent-decoded; None on the last page.
        total: rows in the whole collection; None where HubSpot does not count (assets, contacts).

    """

    results: tuple[T_co, ...] = ()
    after: str | None = None
    total: int | None = None


class Campaign(msgspec.Struct, frozen=True):
    """A marketing campaign.

    Attributes:
        id: the campaign's GUID, the one in paths (`hs_object_id` is another).
        properties: those asked for that have a value; money is text too.
        business_units: ids of the brands that it belongs to.

    """

    id: str
    properties: dict[str, str] = {}
    created_at: int | None = None
    updated_at: int | None = None
    business_units: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """`hs_name`, or "" where it was not asked for."""
        return self.properties.get("hs_name", "")


class Asset(msgspec.Struct, frozen=True):
    """Something attached to a campaign; *metrics* only if both dates were given."""

    id: str
    name: str | None = None
    metrics: dict[str, float] = {}


class CampaignWithAssets(Campaign, frozen=True):
    """A campaign and, for each asset type that it has, the first page of its assets."""

    assets: dict[str, Page[Asset]] = {}


class ItemFields(msgspec.Struct, frozen=True):
    """What we write into a budget or spend item. A replacement writes all of it, so there are no partial updates.

    Attributes:
        order: the place among the campaign's items, 0 being the oldest.

    """

    name: str
    amount: float
    order: int = 0
    description: str = ""


class Item(msgspec.Struct, frozen=True):
    """A budget or spend item: HubSpot's two schemas are the same."""

    id: str
    name: str = ""
    amount: float = 0.0
    order: int = 0
    description: str = ""
    created_at: int | None = None
    updated_at: int | None = None


class Totals(msgspec.Struct, frozen=True):
    """A campaign's money, and the only way to enumerate its items (which come in any order)."""

    budget_items: tuple[Item, ...] = ()
    spend_items: tuple[Item, ...] = ()
    budget_total: float | None = None
    spend_total: float | None = None
    remaining_budget: float | None = None
    currency_code: str | None = None

    def items(self, kind: ItemKind) -> tuple[Item, ...]:
        """The items of one kind."""
        return self.budget_items if kind == "budget" else self.spend_items


class Metrics(msgspec.Struct, frozen=True):
    """What a campaign brought in between two dates."""

    sessions: int = 0
    new_contacts_first_touch: int = 0
    new_contacts_last_touch: int = 0
    influenced_contacts: int = 0


class Revenue(msgspec.Struct, frozen=True):
    """Money attributed to a campaign; each part may be missing."""

    contacts: int | None = None
    deals: int | None = None
    deal_amount: float | None = None
    revenue_amount: float | None = None
    currency_code: str | None = None


class ItemProblem(msgspec.Struct, frozen=True):
    """Why one item of a batch was not done. HubSpot gives neither its position nor its id.

    Attributes:
        text: every text that HubSpot wrote about it, one a line; the item can only be guessed from it.

    """

    problem: Problem
    text: str = ""


class BatchAnswer(msgspec.Struct, Generic[T_co], frozen=True):
    """The answer to a batch, results in any order.

    Attributes:
        status: COMPLETE even when items failed; PENDING, PROCESSING or CANCELED leave missing results in doubt.
        problems: read from `errors` on any 2xx, not only on a 207.

    """

    results: tuple[T_co, ...] = ()
    problems: tuple[ItemProblem, ...] = ()
    status: str | None = None
