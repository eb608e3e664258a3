"""HubSpot's operations as typed verbs over one abstract `call`. Knows no network: `client` carries the requests."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from campaigns.hubspot import wire
from campaigns.hubspot.types import (
    Asset,
    BatchAnswer,
    Campaign,
    CampaignWithAssets,
    Item,
    ItemFields,
    ItemKind,
    Metrics,
    Page,
    Revenue,
    Totals,
)
from campaigns.hubspot.wire import AttributionModel, ContactType, Request

T = TypeVar("T")

BeforePage = Callable[[], Awaitable[None]]
"""Awaited before each page of a walk, so that the caller can take a place in the quota for it."""


class Verbs(ABC):
    """What can be asked of one portal. Every method is one call, except the walks `campaigns` and `assets`."""

    @abstractmethod
    async def call(self, request: Request[T]) -> T:
        """Send *request* once and give what its answer holds; raises what `wire.understand` says."""

    async def _walk(
        self, page_after: Callable[[str | None], Request[Page[T]]], before_page: BeforePage | None
    ) -> AsyncIterator[T]:
        """Every row, until a cursor comes again; the last page's None is the first page's, come again."""
        after: str | None = None
        walked: set[str | None] = set()
        while after not in walked:
            walked.add(after)
            if before_page:
                await before_page()
            page = await self.call(page_after(after))
            for row in page.results:
                yield row
            after = page.after

    # --- campaigns ---

    async def create(self, properties: Mapping[str, str]) -> Campaign:
        """Create a campaign; see `wire.create`."""
        return await self.call(wire.create(properties))

    async def read(
        self,
        campaign: str,
        properties: Iterable[str] = (),
        *,
        start_date: str | None = None,
        end_date: str | None = None,
    ) -> CampaignWithAssets:
        """Read a campaign and the first page of its assets of each type; see `wire.read`."""
        return await self.call(wire.read(campaign, properties, start_date=start_date, end_date=end_date))

    async def find(
        self,
        *,
        name: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        after: str | None = None,
        properties: Iterable[str] = (),
    ) -> Page[Campaign]:
        """Read one page of campaigns; see `wire.find`."""
        return await self.call(wire.find(name=name, sort=sort, limit=limit, after=after, properties=properties))

    async def update(self, campaign: str, properties: Mapping[str, str]) -> Campaign:
        """Overwrite these properties; see `wire.update`."""
        return await self.call(wire.update(campaign, properties))

    async def delete(self, campaign: str) -> None:
        """Delete a campaign; done whether or not there was one."""
        await self.call(wire.delete(campaign))

    async def create_many(self, wishes: Sequence[Mapping[str, str]]) -> BatchAnswer[Campaign]:
        """Create at most 50 campaigns; `batch.outcomes` says what became of each."""
        return await self.call(wire.create_many(wishes))

    async def read_many(
        self,
        campaigns: Sequence[str],
        properties: Iterable[str] = (),
        *,
        start_date: str | None = None,
        end_date: str | None = None,
    ) -> BatchAnswer[CampaignWithAssets]:
        """Read at most 50 campaigns with the first page of their assets."""
        return await self.call(wire.read_many(campaigns, properties, start_date=start_date, end_date=end_date))

    async def update_many(self, changes: Mapping[str, Mapping[str, str]]) -> BatchAnswer[Campaign]:
        """Overwrite properties of at most 50 campaigns, by id."""
        return await self.call(wire.update_many(changes))

    async def archive_many(self, campaigns: Sequence[str]) -> None:
        """Delete at most 50 campaigns; done whether or not there were any."""
        await self.call(wire.archive_many(campaigns))

    async def campaigns(
        self,
        *,
        name: str | None = None,
        sort: str | None = None,
        limit: int = wire.MOST_ON_A_PAGE,
        properties: Sequence[str] = (),
        before_page: BeforePage | None = None,
    ) -> AsyncIterator[Campaign]:
        """Walk all campaigns. Rows may repeat or be skipped while others create and delete; `walk` notices that."""

        def page(after: str | None) -> Request[Page[Campaign]]:
            return wire.find(name=name, sort=sort, limit=limit, after=after, properties=properties)

        async for campaign in self._walk(page, before_page):
            yield campaign

    # --- assets ---

    async def attach(self, campaign: str, asset_type: str, asset: str) -> None:
        """Attach an asset."""
        await self.call(wire.attach(campaign, asset_type, asset))

    async def detach(self, campaign: str, asset_type: str, asset: str) -> None:
        """Detach an asset."""
        await self.call(wire.detach(campaign, asset_type, asset))

    async def assets_page(
        self,
        campaign: str,
        asset_type: str,
        *,
        limit: int | None = None,
        after: str | None = None,
        start_date: str | None = None,
        end_date: str | None = None,
    ) -> Page[Asset]:
        """Read one page of a campaign's assets of one type; see `wire.assets_page`."""
        request = wire.assets_page(
            campaign, asset_type, limit=limit, after=after, start_date=start_date, end_date=end_date
        )
        return await self.call(request)

    async def assets(
        self,
        campaign: str,
        asset_type: str,
        *,
        limit: int = wire.MOST_ON_A_PAGE,
        start_date: str | None = None,
        end_date: str | None = None,
        before_page: BeforePage | None = None,
    ) -> AsyncIterator[Asset]:
        """Walk all of a campaign's assets of one type."""

        def page(after: str | None) -> Request[Page[Asset]]:
            return wire.assets_page(
                campaign, asset_type, limit=limit, after=after, start_date=start_date, end_date=end_date
            )

        async for asset in self._walk(page, before_page):
            yield asset

    async def asset_types(self) -> tuple[str, ...]:
        """The codes of the types that may be attached (2026-09-beta only)."""
        return await self.call(wire.asset_types())

    # --- budget and spend ---

    async def add_item(self, campaign: str, kind: ItemKind, fields: ItemFields) -> Item:
        """Add a budget or spend item."""
        return await self.call(wire.add_item(campaign, kind, fields))

    async def read_item(self, campaign: str, kind: ItemKind, item: str) -> Item:
        """Read one item by its id."""
        return await self.call(wire.read_item(campaign, kind, item))

    async def replace_item(self, campaign: str, kind: ItemKind, item: str, fields: ItemFields) -> Item:
        """Write all of an item anew."""
        return await self.call(wire.replace_item(campaign, kind, item, fields))

    async def remove_item(self, campaign: str, kind: ItemKind, item: str) -> None:
        """Remove an item."""
        await self.call(wire.remove_item(campaign, kind, item))

    async def totals(self, campaign: str) -> Totals:
        """Read a campaign's money with all its items."""
        return await self.call(wire.totals(campaign))

    # --- reports ---

    async def metrics(self, campaign: str, *, start_date: str, end_date: str) -> Metrics:
        """Read what a campaign brought in between two dates (YYYY-MM-DD)."""
        return await self.call(wire.metrics(campaign, start_date=start_date, end_date=end_date))

    async def revenue(
        self, campaign: str, *, start_date: str, end_date: str, attribution: AttributionModel = "LINEAR"
    ) -> Revenue:
        """Read the money attributed to a campaign between two dates."""
        return await self.call(
            wire.revenue(campaign, start_date=start_date, end_date=end_date, attribution=attribution)
        )

    async def contacts(
        self,
        campaign: str,
        contact_type: ContactType,
        *,
        start_date: str,
        end_date: str,
        before_page: BeforePage | None = None,
    ) -> AsyncIterator[str]:
        """Walk the ids of the contacts that a campaign reached between two dates."""

        def page(after: str | None) -> Request[Page[str]]:
            return wire.contacts_page(campaign, contact_type, start_date=start_date, end_date=end_date, after=after)

        async for contact in self._walk(page, before_page):
            yield contact
