"""Before anything is made in an epoch: the portal is walked to its end, and first attempts are looked up there."""

import asyncio
from typing import Final

import msgspec
import structlog

from campaigns.errors import CampaignsError
from campaigns.keys import DAY
from campaigns.model import Run, Step
from campaigns.states import Receipt
from campaigns.store.epochs import Epoch, Epochs
from campaigns.store.patience import ride_out
from campaigns.wishes import AddItem, CreateCampaign
from workers.calls import Stopping
from workers.clock import Clock
from workers.lookup import Lookup
from workers.steps import Ways, find_item

BACK_TO_THE_END: Final = 0
ONCE_MORE: Final = 5.0
"""Seconds after which a walk that HubSpot did not let us take is tried again."""

OPEN_FOR: Final = 7 * DAY
"""A key lives from the end of its run: as long as runs may have stayed open since they made their campaigns."""

log = structlog.get_logger()


class Reckoning(msgspec.Struct, frozen=True):
    """What reckoning with an epoch takes.

    Attributes:
        settles: how long after the epoch's beginning the last call before it may still take effect (ms).
        keys_live: how long a key stays after its run has ended (ms).
        new: the portal is on this machine, so a missing birth record means that all is new.

    """

    portal: str
    epochs: Epochs
    lookup: Lookup
    clock: Clock
    settles: int
    keys_live: int
    new: bool


class Past:
    """What HubSpot may know of a portal's runs and we do not. Asked before each first attempt."""

    def __init__(self, on: Reckoning, epoch: Epoch | None) -> None:
        self._on = on
        self._epoch = epoch if epoch is not None and epoch.counts(on_this_machine=on.new) else None
        self._walked = self._epoch is None or self._epoch.walked
        self._walking: asyncio.Task[None] | None = None
        self._stopped = False

    @classmethod
    async def of(cls, on: Reckoning) -> "Past":
        """The past of the portal that *on* names."""
        return cls(on, await ride_out(lambda: on.epochs.of(on.portal)))

    async def receipt(self, ways: Ways, run: Run, step: Step) -> Receipt | None:
        """What an attempt that we have forgotten has made; None when there is none, or nothing was forgotten.

        Raises:
            Later: HubSpot cannot be read now.
            LeaseLost, Stopping: see `Calls.depart`.

        """
        if self._epoch is None or step.at > self._epoch.began:
            return None
        match step.wish:
            case CreateCampaign():
                await self._until_walked()
                campaign = await ride_out(lambda: self._on.epochs.found(self._on.portal, run.id))
                return Receipt(campaign, adopted=True) if campaign else None
            case AddItem() as wish:
                item = await find_item(ways.calls, run, wish)
                return item.receipt if item else None
            case _:
                return None

    def stop(self) -> None:
        """The portal is given back: walk no further, and let nobody wait for it."""
        self._stopped = True
        if self._walking is not None:
            self._walking.cancel()

    async def _until_walked(self) -> None:
        if self._walked:
            return
        if self._stopped:
            raise Stopping
        if self._walking is None:
            self._walking = asyncio.create_task(self._walk_when_settled())
        await asyncio.wait({self._walking})
        if self._walking.cancelled():
            raise Stopping
        self._walking.result()  # raises what ended the walk

    async def _walk_when_settled(self) -> None:
        epoch = self._epoch
        if epoch is None:
            return
        await asyncio.sleep(max(0, epoch.began + self._on.settles - self._on.clock.now()) / 1000)
        while True:
            try:
                index = await self._on.lookup.look(BACK_TO_THE_END)
                break
            except CampaignsError as error:
                log.warning("epoch.unwalked", portal=self._on.portal, problem=error.problem.detail)
                await asyncio.sleep(ONCE_MORE)
        # Of several campaigns of one run the earliest attempt's is taken: the others are its ghosts.
        # What is older than keys live was made by a run that had its key before.
        oldest = epoch.began - self._on.keys_live - OPEN_FOR
        young = [one for one in index.all_markers() if one.attempt >= oldest]
        found = {one.run: one.campaign.id for one in reversed(young)}
        await ride_out(lambda: self._on.epochs.save(self._on.portal, epoch, found))
        log.info("epoch.walked", portal=self._on.portal, campaigns=len(index), runs=len(found))
        self._walked = True
