"""The doctor at HubSpot's accounts: a read, and questions that change nothing; each takes its place in the quota."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import msgspec

from campaigns import access
from campaigns.errors import CampaignsError, Later, MissingScope
from campaigns.hubspot import wire
from campaigns.hubspot.wire import Answer, Request
from campaigns.keys import SECOND
from campaigns.settings import Settings
from campaigns.store import Store
from cli.doctor import findings
from cli.doctor.findings import Finding, Right

HOLDER: Final = "doctor"

NOWHERE: Final = "00000000-0000-0000-0000-000000000000"
"""A campaign that no account has: HubSpot refuses what is asked of it, for the want of a scope or of the campaign."""

RIGHTS: Final[tuple[tuple[Right, Request[Any]], ...]] = (
    (Right("change campaigns", "marketing.campaigns.write", "wrong"), wire.update(NOWHERE, {})),
    (
        Right("report revenue", "marketing.campaigns.revenue.read", "look"),
        wire.revenue(NOWHERE, start_date="2026-01-01", end_date="2026-01-02"),
    ),
)
"""What a token must be able to do beside reading, and a question that shows whether it is."""


class Full(Later):
    """HubSpot's window has no place left."""


class Asking(msgspec.Struct, frozen=True):
    """The way to one portal."""

    settings: Settings
    portal: str
    http: httpx.AsyncClient
    store: Store

    async def ask(self, request: Request[Any]) -> Answer:
        """The answer to a request.

        Raises:
            Full: no call is left in the window.
            CampaignsError: what the answer means, if it is not what was asked for.

        """
        told = self.settings.portals[self.portal]
        place = f"{HOLDER}.{secrets.token_hex(6)}"
        if await self.store.places.take(self.portal, place, told.limit, int(told.call_deadline * SECOND)) is None:
            raise Full
        try:
            client = access.hubspot(self.settings, self.portal, self.http, self.store.tokens, holder=place)
            answer = await client.send(request)
            wire.understand(request, answer)
        finally:
            await self.store.portals.answered(self.portal, [place])
        return answer


async def look(asking: Asking, now: Callable[[], Awaitable[int]]) -> AsyncIterator[Finding]:
    """Everything that the doctor finds on one portal; *now* is Redis's time."""
    what = f"portal {asking.portal}"
    told = asking.settings.portals[asking.portal]
    epoch = await asking.store.epochs.of(asking.portal)
    counts = epoch is not None and epoch.counts(on_this_machine=told.on_this_machine)
    yield findings.of_epoch(what, epoch if counts else None)
    try:
        answer = await asking.ask(wire.find(limit=1))
    except Full:
        yield Finding("look", what, "no call is left in HubSpot's window", "ask again in ten seconds")
        return
    except CampaignsError as error:
        yield findings.of_answer(what, error)
        return
    yield Finding("ok", what, "HubSpot answers, and takes the token")
    for right, request in RIGHTS:
        yield findings.of_right(what, right, await _refusal(asking, request))
    for finding in findings.of_limits(what, wire.limits_of(answer.headers), told.limit):
        yield finding
    if "date" in answer.headers:
        said = int(parsedate_to_datetime(answer.headers["date"]).timestamp() * SECOND)
        yield findings.of_clock(f"{what}, HubSpot's clock", said - await now())


async def _refusal(asking: Asking, request: Request[Any]) -> CampaignsError | None:
    """Why the portal does not let the token ask *request*; None when it does, or says nothing about that."""
    try:
        await asking.ask(request)
    except (MissingScope, Later) as error:
        return error
    except CampaignsError:
        return None  # there is no such campaign: the token would have been allowed to
    return None
