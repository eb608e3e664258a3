"""HubSpot over HTTP: carries requests and answers, one attempt each, and names what a failed journey means.

What an answer means is `wire`; when to ask again, how often and in which order is not decided here.
"""

import asyncio
from collections.abc import Callable, Mapping
from copy import copy
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Protocol, Self, TypeVar

import httpx

from campaigns.errors import CampaignsError, InDoubt, Later, Problem
from campaigns.hubspot import wire
from campaigns.hubspot.verbs import Verbs
from campaigns.hubspot.wire import Answer, Limits, Request

T = TypeVar("T")

BASE_URL: Final = "https://api.hubapi.com"
VERSION: Final = "2026-03"
"""HubSpot supports it until September 2027; v3 and the other dated versions are the same code."""

DEADLINE: Final = 10.0
"""Seconds for one call from token to last byte: HubSpot's own gateway gives up earlier."""

SHARE_FOR_CONNECTING: Final = 0.4
"""Of the deadline, for the pool and again for the connection: when the whole time ends, the request was on its way."""

NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""Failures after which no byte of the request has left this machine."""

MOST_CONNECTIONS: Final = 1_000
"""As many as a process has runs in flight; HubSpot's limits keep the number in use far below."""


JSON: Final = {"content-type": "application/json"}


class TokenSource(Protocol):
    """Where the bearer token comes from."""

    async def token(self) -> str:
        """The token to send now; raises `Later` (also `Unauthorized`) if there is none."""
        ...

    def rejected(self, token: str) -> None:
        """HubSpot answered 401 to *token*: do not give it out again without making sure that there is no newer one."""
        ...


def http_client() -> httpx.AsyncClient:
    """The connections of a process, for all its portals: one TLS context, no retries, no redirects, no cookies.

    Making the TLS context takes longer than a call, so a process does it once. A cookie of one portal must not reach
    another. Proxies are taken from the environment, but never to this machine.
    """
    return httpx.AsyncClient(
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        headers={"accept": "application/json", "user-agent": "fanfare"},
        limits=httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=100, keepalive_expiry=15.0),
        mounts={"all://127.0.0.1": None, "all://localhost": None},
        verify=httpx.create_ssl_context(),  # one for all: httpx would make another for each proxy
    )


class HubSpot(Verbs):
    """One portal's campaigns.

    The verbs are in `Verbs`. All raise what `wire.understand` says, and for a failed journey
    `Later` (nothing was sent, or a read) or `InDoubt` (a change that may have been made).

    Args:
        http: shared by all portals of a process; see `http_client`.
        base_url: HubSpot's host, or the simulator's.
        version: `v3`, `2026-03`, ...: decides the paths, nothing else.
        token: gives the bearer token.
        deadline: seconds for one call, everything included.
        on_limits: is told what the headers of each answer say about the quota.
        on_outcome: is told what each call ended in; None when it was done.

    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        token: TokenSource,
        base_url: str = BASE_URL,
        version: str = VERSION,
        deadline: float = DEADLINE,
        on_limits: Callable[[Limits], None] | None = None,
        on_outcome: Callable[[CampaignsError | None], None] = lambda _: None,
    ) -> None:
        self._http = http
        self._token = token
        self._root = base_url.rstrip("/") + wire.prefix_of(version)
        self._deadline = deadline
        self._on_limits = on_limits
        self._on_outcome = on_outcome
        self._extra: Mapping[str, str] = {}

    def traced(self, traceparent: str) -> Self:
        """The same portal, for calls that belong to a trace (W3C Trace Context)."""
        other = copy(self)
        other._extra = {"traceparent": traceparent}  # noqa: SLF001  the copy is ours
        return other

    def within(self, seconds: float) -> Self:
        """The same portal, for a call that has only *seconds*, if that is less than its deadline."""
        other = copy(self)
        other._deadline = min(self._deadline, seconds)  # noqa: SLF001  likewise
        return other

    async def send(self, request: Request[T]) -> Answer:
        """Send *request* once and bring what came back, whatever its status: the only I/O of this package.

        Raises:
            Later: nothing was sent, or nothing that changes anything.
            InDoubt: a change was sent and no answer came.

        """
        may_have_changed = False
        connecting = self._deadline * SHARE_FOR_CONNECTING
        try:
            async with asyncio.timeout(self._deadline):
                token = await self._token.token()
                may_have_changed = request.changes
                answer = await _carried(
                    self._http,
                    request.method,
                    self._root + request.target,
                    body=request.body,
                    headers={"authorization": f"Bearer {token}", **self._extra, **(JSON if request.body else {})},
                    timeout=httpx.Timeout(None, connect=connecting, pool=connecting),
                )
        except NOT_SENT as error:
            raise Later(problem=Problem(f"HubSpot was not reached: {_told(error)}")) from error
        except (httpx.RequestError, TimeoutError) as error:
            problem = Problem(f"no answer to {request.operation}: {_told(error)}")
            raise (InDoubt(problem=problem) if may_have_changed else Later(problem=problem)) from error
        if answer.status == httpx.codes.UNAUTHORIZED:
            self._token.rejected(token)
        limits = wire.limits_of(answer.headers)
        if self._on_limits and limits:
            self._on_limits(limits)
        return answer

    async def call(self, request: Request[T]) -> T:
        """Send *request* once and give what its answer holds."""
        try:
            answer = wire.understand(request, await self.send(request))
        except CampaignsError as error:
            self._on_outcome(error)
            raise
        self._on_outcome(None)
        return answer


async def post_form(http: httpx.AsyncClient, url: str, form: bytes, *, deadline: float = DEADLINE) -> Answer:
    """Post a form, as OAuth's token endpoint wants it; the `Post` of `tokens`.

    Raises:
        Later: no answer came. A refresh may be repeated.

    """
    content = {"content-type": "application/x-www-form-urlencoded"}
    try:
        async with asyncio.timeout(deadline):
            return await _carried(http, "POST", url, body=form, headers=content, timeout=httpx.Timeout(None))
    except (httpx.RequestError, TimeoutError) as error:
        raise Later(problem=Problem(f"no answer from {url}: {_told(error)}")) from error


async def _carried(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout: httpx.Timeout,  # noqa: ASYNC109  the time to connect; the whole is bounded by the callers
) -> Answer:
    """One journey there and back."""
    response = await http.request(
        method, url, content=body, headers=dict(headers), timeout=timeout, follow_redirects=False
    )
    return Answer(
        response.status_code, {name.lower(): value for name, value in response.headers.items()}, response.content
    )


def _told(error: Exception) -> str:
    """An error by its kind, since many of httpx's have no text."""
    return f"{type(error).__name__} {error}".strip()
