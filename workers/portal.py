"""What serving one portal takes, built from what its process shares, once it has the portal's lease."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial

import httpx
import msgspec

from campaigns import access
from campaigns.hubspot.wire import Limits
from campaigns.keys import SECOND
from campaigns.observe import PortalWork, WorkMetrics
from campaigns.observe.traces import Spans
from campaigns.quota import Allowance
from campaigns.settings import Portal, Settings
from campaigns.signing import Signing
from campaigns.store import Store
from campaigns.store.parked import Trouble
from campaigns.store.portals import Lease
from campaigns.store.wakes import Wakes
from workers.absences import Absences
from workers.advance import Advancing
from workers.by_id import Reads, Removals, Updates
from workers.calls import Calls
from workers.clock import Clock
from workers.creates import Creates
from workers.epoch import Past, Reckoning
from workers.expected import Expected
from workers.ghosts import Haunted
from workers.journal import Journal
from workers.leases import Leases
from workers.lookup import Lookup
from workers.names import Names
from workers.parking import Parking
from workers.serve import Serving
from workers.slots import Slots
from workers.steps import Ways


class Shared(msgspec.Struct, frozen=True):
    """What all portals of a process have in common.

    Attributes:
        http: for HubSpot.
        wakes: hears which portals have work.
        leases: of the process.
        slots: how many runs may be in hand, and whose.
        expected: callbacks that are about to be due.
        metrics: show what is counted.
        spans: record calls.
        lookup: makes a portal's look-up.
        call_notify: enqueues the job that delivers callbacks.
        stopping: set when the process is going.

    """

    settings: Settings
    store: Store
    http: httpx.AsyncClient
    wakes: Wakes
    leases: Leases
    slots: Slots
    expected: Expected
    metrics: WorkMetrics
    spans: Spans
    lookup: Callable[[Calls, str | None], Lookup]
    call_notify: Callable[[], Awaitable[None]]
    stopping: asyncio.Event


async def serving(
    shared: Shared, lease: Lease, now: int, trouble: Trouble, call: Callable[[], Awaitable[None]]
) -> Serving:
    """What serving the portal of *lease* takes.

    Args:
        shared: by all portals of the process.
        lease: just taken.
        now: Redis's time, in milliseconds.
        trouble: that the portal is in.
        call: enqueues the portal's RQ job.

    Raises:
        Unavailable: Redis does not answer.

    """
    told = shared.settings.portals[lease.portal]
    clock = Clock(time.monotonic)
    clock.heard(now)
    counts = shared.metrics.of(lease.portal)
    calls = _calls(shared, lease, told, clock, trouble, counts)
    lookup = shared.lookup(calls, told.marker_property)
    on = await _advancing(shared, told, clock, calls, lookup, counts, lease)
    ghosts, runs, signing, looks = shared.store.ghosts, shared.store.runs, on.ways.signing, on.absences.looks
    return Serving(
        lease=lease,
        portals=shared.store.portals,
        leases=shared.leases,
        calls=calls,
        on=on,
        haunted=Haunted(lease, ghosts, runs, calls, lookup, clock, signing, looks, counts),
        clock=clock,
        woken=shared.wakes.event(lease.portal),
        stopping=shared.stopping,
        monotonic=time.monotonic,
        call=call,
        slots=shared.slots,
        counts=counts,
    )


def _calls(shared: Shared, lease: Lease, told: Portal, clock: Clock, trouble: Trouble, counts: PortalWork) -> Calls:
    allowance = Allowance(told.limit)

    def heard(limits: Limits) -> None:
        allowance.heard(per_window=limits.max, window=limits.interval_ms)
        allowance.heard_of_day(per_day=limits.daily, left=limits.daily_remaining, now=clock.now())
        if limits.daily_remaining is not None:
            counts.day_left = limits.daily_remaining

    hubspot = access.hubspot(
        shared.settings,
        lease.portal,
        shared.http,
        shared.store.tokens,
        holder=lease.token,
        on_limits=heard,
        on_outcome=counts.called,
    )
    parking = Parking(
        shared.store.parked,
        lease,
        trouble,
        clock=clock,
        zone=told.timezone,
        probe_after=int(told.probe_after * SECOND),
    )
    return Calls(
        shared.store.portals,
        shared.leases,
        lease,
        hubspot,
        allowance=allowance,
        deadline=int(told.call_deadline * SECOND),
        clock=clock,
        parking=parking,
        spans=shared.spans,
    )


async def _advancing(
    shared: Shared, told: Portal, clock: Clock, calls: Calls, lookup: Lookup, counts: PortalWork, lease: Lease
) -> Advancing:
    signing = Signing(told.marker_property)
    reckoning = Reckoning(
        portal=lease.portal,
        epochs=shared.store.epochs,
        lookup=lookup,
        clock=clock,
        settles=int((told.call_deadline + told.settle) * SECOND),
        keys_live=shared.settings.retention,
        new=told.on_this_machine,
    )
    journal = Journal(
        shared.store.portals,
        lease,
        clock,
        ranks=calls.ranks,
        retention=shared.settings.retention,
        call_notify=shared.call_notify,
    )
    absences = Absences(journal, clock, tuple(int(span * SECOND) for span in told.ghost_looks))
    return Advancing(
        ways=Ways(
            calls=calls,
            creates=Creates(calls, lookup, signing, absences, partial(counts.left, "create")),
            reads=Reads(calls, partial(counts.left, "read")),
            updates=Updates(calls, partial(counts.left, "update")),
            removals=Removals(calls, partial(counts.left, "archive")),
            lookup=lookup,
            signing=signing,
            names=Names(calls, told.settle, told.marker_property),
        ),
        past=await Past.of(reckoning),
        journal=journal,
        clock=clock,
        settle=int(told.settle * SECOND),
        absences=absences,
        chance=random.random,
        stopping=shared.stopping.is_set,
        expected=shared.expected,
        counts=counts,
    )
