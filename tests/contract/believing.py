"""What one program believes of a portal, from nothing but what the client told it: the model of test_agreement.py.

Done changes the belief; refused and later leave it as it is; in doubt is settled by reading after the settle window, and
then the portal must be either as it was or as it was to become. What a look does not find is believed absent, and looked
for once more at the end: HubSpot may commit later.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Literal, TypeVar

import msgspec

from campaigns.errors import InDoubt, Later, Refused
from campaigns.hubspot.batch import Outcome, Wish, outcomes
from campaigns.hubspot.client import HubSpot
from campaigns.hubspot.types import ITEM_KINDS, BatchAnswer, Campaign, ItemFields, ItemKind
from tests.contract.looking import whole_walk

T = TypeVar("T")

SETTLE_S: Final = 10.0
PROPERTIES: Final = ("hs_name", "hs_notes", "hs_audience", "hs_campaign_status")
NOT_FOUND: Final = 404

Became = Literal["done", "nothing", "in doubt"]
Items = Mapping[str, tuple[ItemKind, float]]


class Held(msgspec.Struct, frozen=True):
    """A campaign as it is believed to be, or as it is: items by their description, which is a marker."""

    id: str
    properties: Mapping[str, str] = {}
    assets: frozenset[tuple[str, str]] = frozenset()
    items: Items = {}
    gone: bool = False

    def with_property(self, name: str, value: str) -> "Held":
        """The campaign with a property set; "" clears it."""
        told = {**self.properties, name: value}
        return msgspec.structs.replace(self, properties={name: text for name, text in told.items() if text})

    def with_items(self, items: Items) -> "Held":
        """The campaign with more items, or others in the place of those of the same description."""
        return msgspec.structs.replace(self, items={**self.items, **items})


class Believing:
    """A program with one portal.

    Args:
        hubspot: how it asks.
        wait: lets so many seconds pass.
        page: rows on a page when it looks.

    """

    def __init__(self, hubspot: HubSpot, wait: Callable[[float], None], *, page: int) -> None:
        self._hubspot = hubspot
        self._wait = wait
        self._page = page
        self._wishes = 0
        self._item_ids: dict[str, str] = {}
        self._absent: dict[str, Mapping[str, str]] = {}
        self._absent_items: dict[str, tuple[str, ItemKind, float]] = {}
        self.held: list[Held] = []

    # --- campaigns ---

    async def create(self, *, of_the_same_name: bool) -> None:
        """Create a campaign, perhaps of a name that another already has."""
        run, properties = self._wish()
        if of_the_same_name and self.held:
            properties |= {"hs_name": self.held[0].properties.get("hs_name", "Launch 1")}
        became, made = await self._attempt(self._hubspot.create(properties))
        if made is not None:
            self._learn(properties, made)
        if became == "in doubt":
            await self._look({run: properties})

    async def create_many(self, count: int) -> None:
        """Create campaigns in one batch."""
        wished = dict(self._wish() for _ in range(count))
        wishes = [Wish(properties["hs_name"], properties["hs_notes"]) for properties in wished.values()]
        told = await self._outcomes(wishes, self._hubspot.create_many(list(wished.values())))
        for properties, outcome in zip(wished.values(), told, strict=True):
            if isinstance(outcome, Campaign):
                self._learn(properties, outcome)
        doubted = [run for run, outcome in zip(wished, told, strict=True) if isinstance(outcome, InDoubt)]
        if doubted:
            self._wait(SETTLE_S)
            await self._look({run: wished[run] for run in doubted})

    async def update(self, at: int, name: str, value: str) -> None:
        """Set a property."""
        held = self.held[at]
        await self._change(at, self._hubspot.update(held.id, {name: value}), held.with_property(name, value))

    async def update_many(self, places: Sequence[int], name: str, value: str) -> None:
        """Set the same property of several campaigns in one batch."""
        ids = [self.held[at].id for at in places]
        sent = self._hubspot.update_many({campaign: {name: value} for campaign in ids})
        told = await self._outcomes([Wish(campaign=campaign) for campaign in ids], sent)
        if any(isinstance(outcome, InDoubt) for outcome in told):
            self._wait(SETTLE_S)
        for at, outcome in zip(places, told, strict=True):
            changed = self.held[at].with_property(name, value)
            if isinstance(outcome, Campaign):
                self.held[at] = changed
            elif isinstance(outcome, InDoubt):
                await self._settle(at, changed)

    async def archive(self, at: int) -> None:
        """Delete a campaign; a 204 says that it is gone, whether it was there or not."""
        await self._change(at, self._hubspot.delete(self.held[at].id), Held(self.held[at].id, gone=True))

    async def archive_many(self, places: Sequence[int]) -> None:
        """Delete several campaigns in one batch."""
        became, _ = await self._attempt(self._hubspot.archive_many([self.held[at].id for at in places]))
        for at in places:
            gone = Held(self.held[at].id, gone=True)
            if became == "done":
                self.held[at] = gone
            elif became == "in doubt":
                await self._settle(at, gone)

    # --- assets and items ---

    async def attach(self, at: int, kind: str, asset: str) -> None:
        """Attach an asset."""
        held = self.held[at]
        changed = msgspec.structs.replace(held, assets=held.assets | {(kind, asset)})
        await self._change(at, self._hubspot.attach(held.id, kind, asset), changed)

    async def detach(self, at: int, kind: str, asset: str) -> None:
        """Detach an asset."""
        held = self.held[at]
        changed = msgspec.structs.replace(held, assets=held.assets - {(kind, asset)})
        await self._change(at, self._hubspot.detach(held.id, kind, asset), changed)

    async def add_item(self, at: int, kind: ItemKind, amount: float) -> None:
        """Add an item; what is not found after a lost answer may still come."""
        marker, _ = self._wish()
        held = self.held[at]
        call = self._hubspot.add_item(held.id, kind, ItemFields("Print", amount, description=marker))
        made = await self._change(at, call, held.with_items({marker: (kind, amount)}))
        if made is not None:
            self._item_ids[marker] = made.id
        elif marker not in self.held[at].items:
            self._absent_items[marker] = (held.id, kind, amount)

    async def replace_item(self, at: int, marker: str, amount: float) -> None:
        """Write an item anew, with another amount."""
        held, (kind, _) = self.held[at], self.held[at].items[marker]
        fields = ItemFields("Print", amount, description=marker)
        call = self._hubspot.replace_item(held.id, kind, self._item_ids[marker], fields)
        await self._change(at, call, held.with_items({marker: (kind, amount)}))

    async def remove_item(self, at: int, marker: str) -> None:
        """Remove an item."""
        held, (kind, _) = self.held[at], self.held[at].items[marker]
        left = {name: item for name, item in held.items.items() if name != marker}
        call = self._hubspot.remove_item(held.id, kind, self._item_ids[marker])
        await self._change(at, call, msgspec.structs.replace(held, items=left))

    # --- reads ---

    async def read(self, at: int) -> None:
        """Read a campaign, which must be as believed; a read that gets no answer says nothing."""
        _, seen = await self._attempt(self._seen(self.held[at].id))
        if seen is not None:
            self._take_late_items(at, seen)
            assert seen == self.held[at]

    async def look_for_what_was_absent(self) -> None:
        """Look once more for all that was not found when it was looked for."""
        await self._look(dict(self._absent))
        for campaign, _, _ in list(self._absent_items.values()):
            at = next(place for place, held in enumerate(self.held) if held.id == campaign)
            self._take_late_items(at, await self._seen(campaign))

    # --- what became of it ---

    async def _attempt(self, call: Awaitable[T]) -> tuple[Became, T | None]:
        try:
            return "done", await call
        except InDoubt:
            self._wait(SETTLE_S)
            return "in doubt", None
        except (Refused, Later):
            return "nothing", None

    async def _outcomes(self, wishes: Sequence[Wish], call: Awaitable[BatchAnswer[Campaign]]) -> Sequence[Outcome]:
        try:
            return outcomes(wishes, await call)
        except (Refused, Later, InDoubt) as error:
            return outcomes(wishes, error)

    async def _change(self, at: int, call: Awaitable[T], changed: Held) -> T | None:
        """Make a change to one campaign and settle what is in doubt; the answer, if one came."""
        became, told = await self._attempt(call)
        if became == "done":
            self.held[at] = changed
        elif became == "in doubt":
            await self._settle(at, changed)
        return told

    async def _settle(self, at: int, changed: Held) -> None:
        seen = await self._seen(self.held[at].id)
        late = self._take_late_items(at, seen)
        after = changed if changed.gone else changed.with_items(late)
        assert seen in (self.held[at], after), "neither as it was nor as it was to become"
        self.held[at] = seen

    def _take_late_items(self, at: int, seen: Held) -> Items:
        """Believe in the items that were absent when they were looked for, and have come."""
        late = {marker: seen.items[marker] for marker in list(self._absent_items) if marker in seen.items}
        for marker, (kind, amount) in late.items():
            assert self._absent_items.pop(marker) == (seen.id, kind, amount)
        self.held[at] = self.held[at].with_items(late) if late else self.held[at]
        return late

    async def _seen(self, campaign: str) -> Held:
        """A campaign as the client reads it."""
        try:
            read, totals = await self._hubspot.read(campaign, PROPERTIES), await self._hubspot.totals(campaign)
        except Refused as refused:
            if refused.problem.status == NOT_FOUND:
                return Held(campaign, gone=True)
            raise
        items = {item.description: (kind, item.amount) for kind in ITEM_KINDS for item in totals.items(kind)}
        self._item_ids |= {item.description: item.id for kind in ITEM_KINDS for item in totals.items(kind)}
        assets = frozenset((kind, asset.id) for kind, page in read.assets.items() for asset in page.results)
        return Held(campaign, read.properties, assets, items)

    async def _look(self, wished: Mapping[str, Mapping[str, str]]) -> None:
        """Look for campaigns by their markers."""
        index = await whole_walk(self._hubspot, page=self._page)
        for run, properties in wished.items():
            found = index.find(run)
            assert len(found) <= 1
            if found:
                self._learn(properties, found[0].campaign)
                self._absent.pop(run, None)
            else:
                self._absent[run] = properties

    def _learn(self, properties: Mapping[str, str], campaign: Campaign) -> None:
        self.held.append(Held(campaign.id, properties))

    def _wish(self) -> tuple[str, dict[str, str]]:
        """A run of its own, and the properties of the campaign that it wishes for."""
        self._wishes += 1
        run = f"r{self._wishes}"
        return run, {"hs_name": f"Launch {self._wishes}", "hs_notes": f"[fanfare:{run}.1.-]"}
