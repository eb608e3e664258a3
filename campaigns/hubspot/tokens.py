"""Where the bearer token comes from: a private app's or service key's own, or one that OAuth refreshes. No HTTP here.

Whatever keeps tokens for all processes and lets one refresh at a time is a `Shelf`; whatever carries the refresh is a
`Post`. HubSpot: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, TypeGuard
from urllib.parse import urlencode

import msgspec

from campaigns.errors import CampaignsError, Later, MissingScope, Problem, Refused, Revoked, Unauthorized
from campaigns.hubspot.wire import Answer, error_of
from campaigns.hubspot.wire.fields import decoded, number, text

TOKEN_URL: Final = "https://api.hubapi.com/oauth/v1/token"  # noqa: S105  an address
"""HubSpot deprecates it on 2027-02-16; its successors take the same fields in the same form."""

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

    """

    token: str
    seconds: float

    def __repr__(self) -> str:
        """The part that is no secret."""
        return f"Access(seconds={self.seconds!r})"


class Shelf(Protocol):
    """Keeps one portal's access token for all processes."""

    async def kept(self) -> Access | None:
        """What was kept last, with the seconds that it has left now; less than 0 when it has ended."""
        ...

    async def keep(self, access: Access) -> None:
        """Put *access* in the place of what was kept."""
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
            try:
                self._token = sendable(self._read())
            except OSError as error:
                raise Unauthorized(f"the token cannot be read: {error.strerror}") from error
        return self._token

    def rejected(self, token: str) -> None:
        """Read it anew before the next call."""
        if token == self._token:
            self._token = None


class OAuthToken:
    """A token that is refreshed before it ends and after HubSpot rejected it, by one process for all.

    Args:
        grant: what the app may ask tokens with.
        shelf: keeps the token for all processes.
        post: carries the refresh.
        clock: seconds that never run backwards; only spans are measured.
        url: the token endpoint.

    """

    def __init__(
        self, grant: Grant, shelf: Shelf, post: Post, *, clock: Callable[[], float], url: str = TOKEN_URL
    ) -> None:
        self._grant = grant
        self._shelf = shelf
        self._post = post
        self._clock = clock
        self._url = url
        self._turn = asyncio.Lock()
        self._mine: Access | None = None
        self._until = 0.0
        self._rejected: str | None = None

    async def token(self) -> str:
        """The token.

        Raises:
            Revoked: HubSpot refused to refresh; somebody must connect the app again.
            Later: no refresh could be had now.

        """
        if self._mine and self._clock() < self._until:
            return self._mine.token
        async with self._turn:
            if self._mine and self._clock() < self._until:
                return self._mine.token
            access = await self._shelf.kept()
            if not self._good(access):
                access = await self._refreshed()
            return self._take(access)

    def rejected(self, token: str) -> None:
        """Use *token* no more; the next call refreshes, unless another process already has."""
        self._rejected = token
        if self._mine and self._mine.token == token:
            self._mine = None

    async def _refreshed(self) -> Access:
        """A token that this or another process has just refreshed."""
        async with self._shelf.alone():
            kept = await self._shelf.kept()
            if self._good(kept):
                return kept
            access = granted(await self._post(self._url, refresh_form(self._grant)))
            await self._shelf.keep(access)
            return access

    def _good(self, access: Access | None) -> TypeGuard[Access]:
        return access is not None and access.seconds > 0 and access.token != self._rejected

    def _take(self, access: Access) -> str:
        self._mine, self._until = access, self._clock() + access.seconds
        return access.token


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
    """The token in the answer to a refresh. HubSpot gives the refresh token too, always the same.

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
    return Access(sendable(text(told.get("access_token")) or ""), life - min(MARGIN, life / 2))


def sendable(token: str) -> str:
    """*token* without the line end that files have.

    Raises:
        Unauthorized: nothing is left, or something that no header can hold.

    """
    bare = token.strip()
    if not (bare and bare.isascii() and bare.isprintable() and " " not in bare):
        raise Unauthorized("there is no token, or it holds what no token holds")
    return bare


def _refusal(error: CampaignsError) -> CampaignsError:
    """The error of a refresh: what refuses a request refuses every further refresh too."""
    if isinstance(error, Refused | Unauthorized | MissingScope):
        return Revoked(f"HubSpot refused to refresh the token: {error.problem.detail}", problem=error.problem)
    return error
