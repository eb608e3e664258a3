"""OAuth tokens, kept for all processes, and whose turn it is to refresh them. How that is done is `hubspot.tokens`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from campaigns import keys
from campaigns.errors import Later, Unavailable
from campaigns.hubspot.tokens import Access, Grant
from campaigns.store.patience import ride_out
from campaigns.store.scripts import ScriptName, Scripts

LOOK: Final = 0.1
"""Seconds between two looks whether the turn has come: it comes once in half an hour, and takes a call."""

PATIENCE: Final = (keys.REFRESHING + keys.SECOND) / 1000
"""Seconds to wait for the turn: longer than a dead holder has it."""

LONGEST: Final = keys.DAY
"""No access token is believed for longer: HubSpot's live for half an hour."""


class Tokens:
    """The shelves of all grants."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def shelf(self, portal: str, holder: str, grant: Grant) -> "GrantShelf":
        """The shelf of a portal's *grant*.

        Args:
            portal: whose tokens they are.
            holder: names who asks; no two at the same time bear the same.
            grant: what the tokens are asked with.

        """
        return GrantShelf(self._scripts, portal, holder, grant)


class GrantShelf:
    """What HubSpot gave for one grant; a `campaigns.hubspot.tokens.Shelf`.

    The client secret is never kept, so what is kept gives nobody a new token.

    Args:
        patience: seconds to wait for the turn to refresh.

    Others as of `Tokens.shelf`.

    """

    def __init__(self, scripts: Scripts, portal: str, holder: str, grant: Grant, *, patience: float = PATIENCE) -> None:
        self._scripts = scripts
        self._name = keys.grant_name(portal, grant.client_id, grant.refresh_token)
        self._holder = holder
        self._grant = grant
        self._patience = patience

    async def kept(self) -> Access | None:
        """The access token, with the seconds that it has left now."""
        token, left, _ = await self._ask("read_access")
        return Access(token.decode(), left / 1000) if token else None

    async def refresh_token(self) -> str | None:
        """The refresh token that HubSpot gave last, unless it is the grant's."""
        _, _, refresh_token = await self._ask("read_access")
        return refresh_token.decode() or None

    async def keep(self, access: Access) -> None:
        """Put *access* in the place of what was kept; a Redis that is away is waited for, as HubSpot gives it once."""
        lasts = max(1, min(int(access.seconds * 1000), LONGEST))
        new = access.refresh_token if access.refresh_token not in {None, self._grant.refresh_token} else None
        told = (self._name, self._holder, access.token, lasts, new or "")
        await ride_out(lambda: self._scripts.run("keep_access", *told))

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Have the turn; if this process dies it ends by itself (`keys.REFRESHING`)."""
        await self._begin()
        try:
            yield
        finally:
            with suppress(Unavailable):
                await self._scripts.run("end_refresh", self._name, self._holder)

    async def _begin(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                while not await self._ask("begin_refresh", self._holder):  # noqa: ASYNC110 - the end of others' turns sets no event here
                    await asyncio.sleep(LOOK)
        except TimeoutError as error:
            raise Later("others are refreshing the token and do not come to an end") from error

    async def _ask(self, script: ScriptName, *arguments: str) -> Any:  # noqa: ANN401 - each script's own answer
        try:
            return await self._scripts.run(script, self._name, *arguments)
        except Unavailable as error:
            raise Later(f"the token cannot be looked up: {error}") from error
