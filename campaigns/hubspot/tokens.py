"""Where the bearer token comes from: a private app's or service key's own, or one that OAuth refreshes. No HTTP here.

Whatever keeps tokens for all processes and lets one refresh at a time is a `Shelf`; whatever carries the refresh is a
`Post`. HubSpot: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, TypeGuard, TypeVar
from urllib.parse import urlencode

import msgspec

from campaigns.errors import CampaignsError, Later, MissingScope, Problem, Refused, Revoked, Unauthorized
from campaigns.hubspot.wire import Answer, error_of
from campaigns.hubspot.wire.fields import decoded, number, text

T = TypeVar("T")

TOKEN_PATH: Final = "/oauth/v1/token"  # noqa: S105  an address
"""On HubSpot's host. Deprecated on 2027-02-16; its successors take the same fields in the same form."""

LIFE: Final = 1_800.0
"""Seconds: "access tokens expire after 30 minutes", where an answer does not say."""

MARGIN: Final = 60.0
"""Seconds before its end at which a token is no longer used: calls on their way and clocks that differ fit into it."""

Post = Callable[[str, bytes], Awaitable[Answer]]
"""Posts a form (`application/x-www-form-urlencoded`) to a URL; raises `Later` when no answer comes."""


class Grant(msgspec.Struct, frozen=True):
    """What an installed app may ask tokens with. Never printed."""

    client_id: str
    client_secret: str
    refresh_token: str

    def __repr__(self) -> str:
        """The part that is no secret."""
        return f"Grant(client_id={self.client_id!r})"


class Access(msgspec.Struct, frozen=True):
    """An access token. Never printed.

    Attributes:
        seconds: for how long it may still be used, the margin taken off.
        refresh_token: the one that came with it: so far HubSpot always gives the same again.

    """

    token: str
    seconds: float
    refresh_token: str | None = None

    def __repr__(self) -> str:
        """The part that is no secret."""
        return f"Access(seconds={self.seconds!r})"


class Shelf(Protocol):
    """Keeps what HubSpot gave for one grant, for all processes. What raises, raises `Later`."""

    async def kept(self) -> Access | None:
        """The access token, with the seconds that it has left now; less than 0, or None, when it has ended."""
        ...

    async def refresh_token(self) -> str | None:
        """The refresh token that HubSpot gave last; None when it is still the grant's."""
        ...

    async def keep(self, access: Access) -> None:
        """Put *access*, and the refresh token that came with it, in the place of what was kept."""
        ...

    def alone(self) -> AbstractAsyncContextManager[None]:
        """Be the only one of all processes that refreshes; waits for the turn, raises `Later` if it does not come."""
        ...


class StaticToken:
    """A token that is in the settings' file or environment variable.

    Read once, and again after HubSpot rejected it: service keys rotate, both keys being good for seven days.

    Args:
        read: brings the text from where it is.

    """

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._token: str | None = None

    async def token(self) -> str:
        """The token; raises `Unauthorized` if there is none that can be sent."""
        if self._token is None:
            self._token = sendable(_brought(self._read))
        return self._token

    def rejected(self, token: str) -> None:
        """Read it anew before the next call."""
        if token == self._token:
            self._token = None


class OAuthToken:
    """A token that is refreshed before it ends and after HubSpot rejected it, by one process for all.

    A refresh that has begun is carried to its end, whoever asked for it and gave up: the answer may hold a new refresh
    token, and a slow endpoint is no reason to ask it again.

    Args:
        grant: brings what the app may ask tokens with from where it is, afresh for each refresh.
        shelf: gives the shelf of a grant; another grant is another shelf, so nothing of a former connection is used.
        post: carries the refresh.
        clock: seconds that never run backwards; only spans are measured.
        url: the token endpoint.

    """

    def __init__(
        self,
        grant: Callable[[], Grant],
        shelf: Callable[[Grant], Shelf],
        post: Post,
        *,
        clock: Callable[[], float],
        url: str,
    ) -> None:
        self._grant = grant
        self._shelf = shelf
        self._post = post
        self._clock = clock
        self._url = url
        self._renewing: asyncio.Task[str] | None = None
        self._mine: Access | None = None
        self._until = 0.0
        self._rejected: str | None = None

    async def token(self) -> str:
        """The token.

        Raises:
            Revoked: HubSpot refused to refresh; somebody must connect the app again.
            Unauthorized: the secrets that a refresh takes cannot be read.
            Later: no refresh could be had now.

        """
        if self._mine and self._clock() < self._until:
            return self._mine.token
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renewed())
        return await asyncio.shield(self._renewing)

    def rejected(self, token: str) -> None:
        """Use *token* no more; the next call refreshes, unless another process already has."""
        self._rejected = token
        if self._mine and self._mine.token == token:
            self._mine = None

    async def _renewed(self) -> str:
        """A token that is good, whoever refreshed it."""
        try:
            grant = _brought(self._grant)
            shelf = self._shelf(grant)
            return await self._found(shelf) or await self._refreshed(grant, shelf)
        finally:
            self._renewing = None

    async def _found(self, shelf: Shelf) -> str | None:
        """The token that is kept, if it is good."""
        asked = self._clock()
        access = await shelf.kept()
        return self._take(access, asked) if self._good(access) else None

    async def _refreshed(self, grant: Grant, shelf: Shelf) -> str:
        """A token that this or another process has just refreshed."""
        async with shelf.alone():
            found = await self._found(shelf)
            if found:
                return found
            newest = await shelf.refresh_token() or grant.refresh_token
            asked = self._clock()
            form = refresh_form(msgspec.structs.replace(grant, refresh_token=newest))
            access = granted(await self._post(self._url, form))
            await shelf.keep(access)
            return self._take(access, asked)

    def _take(self, access: Access, asked: float) -> str:
        self._mine, self._until = access, asked + access.seconds
        return access.token

    def _good(self, access: Access | None) -> TypeGuard[Access]:
        return access is not None and access.seconds > 0 and access.token != self._rejected


def refresh_form(grant: Grant) -> bytes:
    """The body that asks for a new access token; everything is in the form, as the newer endpoints want it."""
    fields = {
        "grant_type": "refresh_token",
        "client_id": grant.client_id,
        "client_secret": grant.client_secret,
        "refresh_token": grant.refresh_token,
    }
    return urlencode(fields).encode()


def granted(answer: Answer) -> Access:
    """The tokens in the answer to a refresh.

    Raises:
        Revoked: HubSpot refused; the same refresh will be refused again.
        Later: anything else.

    """
    if not 200 <= answer.status < 300:  # noqa: PLR2004  the class of success
        raise _refusal(error_of(answer, changes=False))
    try:
        told = decoded(answer.body)
    except ValueError as error:
        raise Later(problem=Problem("a refreshed token cannot be read", status=answer.status)) from error
    life = number(told.get("expires_in")) or LIFE
    token = sendable(text(told.get("access_token")) or "")
    return Access(token, life - min(MARGIN, life / 2), text(told.get("refresh_token")))


def sendable(token: str) -> str:
    """*token* without the line end that files have.

    Raises:
        Unauthorized: nothing is left, or something that no header can hold.

    """
    bare = token.strip()
    if not (bare and bare.isascii() and bare.isprintable() and " " not in bare):
        raise Unauthorized("there is no token, or it holds what no token holds")
    return bare


def _brought(read: Callable[[], T]) -> T:
    """What *read* brings from where it is."""
    try:
        return read()
    except OSError as error:
        raise Unauthorized(f"the token cannot be read: {error.strerror}") from error


def _refusal(error: CampaignsError) -> CampaignsError:
    """The error of a refresh: what refuses a request refuses every further refresh too."""
    if isinstance(error, Refused | Unauthorized | MissingScope):
        detail = f"HubSpot refused to refresh the token: {error.problem.detail}"
        return Revoked(problem=msgspec.structs.replace(error.problem, detail=detail))
    return error
