"""Posting callbacks and messages: one attempt each, signed, within a deadline. When to try again is `attempts`."""

import asyncio
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Self

import httpx

from campaigns.errors import Forbidden
from campaigns.model import Stored
from campaigns.observe.traces import UNRECORDED, Spans
from campaigns.outbound import callback
from campaigns.outbound.addresses import Reach
from campaigns.outbound.attempts import Answered, Attempt, Unanswered, seconds_asked
from campaigns.outbound.callback import Callback, callback_of
from campaigns.outbound.dialling import CheckedTransport, Resolve, Resolver
from campaigns.outbound.operations import message_of
from campaigns.parking import Message
from campaigns.settings import Caller, Settings

DEADLINE: Final = 10.0
"""Seconds for one attempt, the look-up of the host included; a claimed callback comes back after 15."""

CONNECT: Final = 3.0
"""Seconds for one address of a host, so that the next one has a chance within the deadline."""

MOST_READ: Final = 20_000
"""Bytes of an answer's body that are taken before the connection is closed; nothing in them is used."""


class Posts:
    """Posts to all callers, and to their operators; to each only where the settings let that caller be reached.

    Every attempt has a connection of its own: so each address is checked, a receiver's new place is found at once, and
    no attempt fails for a connection that the receiver has just given up.

    Args:
        settings: the callers, and the secrets that sign.
        dial: makes connections, and keeps none.
        resolve: gives the addresses of a host.
        deadline: seconds for one attempt, everything included.
        spans: record the attempts.

    """

    def __init__(
        self,
        settings: Settings,
        *,
        dial: httpx.AsyncBaseTransport,
        resolve: Resolve,
        deadline: float = DEADLINE,
        spans: Spans = UNRECORDED,
    ) -> None:
        self._spans = spans
        self._settings = settings
        self._dial = dial
        self._deadline = deadline
        self._clients = {
            name: _client(CheckedTransport(Reach.of(caller), dial, resolve))
            for name, caller in settings.callers.items()
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._dial.aclose()

    def where(self, what: Stored | Message) -> str | None:
        """The URL to which *what* is posted; None when nobody wants it."""
        if isinstance(what, Stored):
            return what.run.trigger.callbackurl
        caller = self._settings.callers.get(what.caller)
        return caller.operations_url if caller else None

    async def post(self, what: Stored | Message, sequence: int, now: int) -> Attempt:
        """Post the status of an ended run, or a message, once.

        Args:
            what: a run whose trigger names a callback URL, or a message whose caller has an `operations_url`.
            sequence: the number of the run's status, from 1.
            now: the time that is signed, ms since the epoch; receivers refuse one that is minutes off theirs.

        """
        name = what.run.caller if isinstance(what, Stored) else what.caller
        caller = self._settings.callers.get(name)
        if caller is None or caller.callback_secret is None:
            return Unanswered(f"the settings have no callers.{name}.callback_secret, and nothing is sent unsigned")
        told = callback_of(what, sequence) if isinstance(what, Stored) else message_of(what, self.where(what) or "")
        headers = callback.headers(told, self._settings.secret(caller.callback_secret), now)
        if not isinstance(what, Stored) or not what.run.trigger.traceparent:
            return await self._attempt(self._clients[name], told, headers, now)
        facts = {"fanfare.portal": what.run.portal, "fanfare.run": what.run.id}
        with self._spans.span("callback", [what.run.trigger.traceparent], f"{told.id} {now}", facts) as span:
            headers["traceparent"] = span.traceparent
            attempt = await self._attempt(self._clients[name], told, headers, now)
            span.tell(*_fact(attempt))
            return attempt

    async def _attempt(self, client: httpx.AsyncClient, told: Callback, headers: dict[str, str], now: int) -> Attempt:
        answered: Answered | None = None
        try:
            async with (
                asyncio.timeout(self._deadline),
                client.stream("POST", told.url, content=told.body, headers=headers) as response,
            ):
                asked = seconds_asked(response.headers.get("retry-after"), response.headers.get("date"), now)
                answered = Answered(response.status_code, asked)
                await _read_some(response)
        except (httpx.HTTPError, httpx.InvalidURL, Forbidden, OSError, UnicodeError) as error:
            # The status is the answer: what happens to the body behind it changes nothing.
            return answered or Unanswered(_told(error))
        return answered


def connected(settings: Settings, spans: Spans = UNRECORDED) -> Posts:
    """Posts to the network as it is: no proxies, one TLS context (its own authorities by `SSL_CERT_FILE`)."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return Posts(settings, dial=httpx.AsyncHTTPTransport(limits=limits), resolve=Resolver(), spans=spans)


def why_not(url: str, caller: Caller) -> str | None:
    """Why nothing can be posted to *url* for *caller*, as far as that is known before it is tried; None: it can."""
    try:
        told = httpx.URL(url)
    except httpx.InvalidURL as error:
        return f"callbackurl is not a URL: {error}"
    host = told.raw_host.decode("ascii")
    if told.scheme not in {"http", "https"} or not host:
        return "callbackurl is not an http or https URL"
    if not Reach.of(caller).names(host):
        return f"callbackurl names the host {host}, which is not one of the caller's callback_hosts"
    if caller.callback_secret is None:
        return "the caller has no callback_secret, and no callback is sent unsigned"
    return None


def host_of(url: str) -> str:
    """The host of *url* in lower case; "" when it has none."""
    try:
        return httpx.URL(url).host.lower()
    except httpx.InvalidURL:
        return ""


def _client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"user-agent": "fanfare", "connection": "close"},
        timeout=httpx.Timeout(None, connect=CONNECT),
    )


async def _read_some(response: httpx.Response) -> None:
    """Take the beginning of the body, as it came: receivers dislike being cut off, and must not flood us."""
    read = 0
    async for part in response.aiter_raw():
        read += len(part)
        if read >= MOST_READ:
            return


def _fact(attempt: Attempt) -> tuple[str, str | int]:
    """What came of an attempt, by OpenTelemetry's names."""
    if isinstance(attempt, Answered):
        return "http.response.status_code", attempt.status
    return "error.type", attempt.problem


def _told(error: Exception) -> str:
    """An error in words; by its kind where it has no text, as many of httpx's."""
    if isinstance(error, Forbidden):
        return str(error)
    if isinstance(error, TimeoutError):
        return "no answer within the deadline"
    return f"no answer: {type(error).__name__} {error}".strip()
