"""Connections that go only where a caller's callbacks may go: the address that was checked is the one that is dialled.

The check itself is `addresses`.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Final

import httpx

from campaigns.errors import Forbidden
from campaigns.outbound.addresses import Reach

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the addresses of a host, the preferred one first; raises OSError when it has none."""

MOST_LOOKUPS: Final = 64
"""A name server that is away holds a thread for half a minute; other hosts' names must not wait for it."""

MOST_DIALLED: Final = 3
"""Addresses of one host that are tried for one post."""


class CheckedTransport(httpx.AsyncBaseTransport):
    """Looks a host up itself, and hands on a request that names an address instead of the host.

    Args:
        reach: where requests may go.
        dial: makes the connection. It must not keep connections: one that was made for a host with TLS would be
            taken for another host at the same address.
        resolve: gives the addresses of a host.

    """

    def __init__(self, reach: Reach, dial: httpx.AsyncBaseTransport, resolve: Resolve) -> None:
        self._reach = reach
        self._dial = dial
        self._resolve = resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* to the first address of its host that answers.

        Raises:
            Forbidden: the host is not named, or none of its addresses may be dialled; nothing was sent.
            OSError: the host has no address.
            httpx.TransportError: the connection failed.

        """
        addresses = await self._checked(request.url.raw_host.decode("ascii"))
        for address in addresses[:-1]:
            try:
                return await self._dial.handle_async_request(_directed(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent
        return await self._dial.handle_async_request(_directed(request, addresses[-1]))

    async def _checked(self, host: str) -> Sequence[str]:
        if not self._reach.names(host):
            raise Forbidden(f"{host} is not one of the caller's callback_hosts")
        found = await self._resolve(host)
        addresses = [address for address in found if self._reach.may_dial(address)]
        if not addresses:
            shown = ", ".join(found[:MOST_DIALLED])
            raise Forbidden(f"{host} is at {shown}, which is neither public nor in the caller's callback_ranges")
        return addresses[:MOST_DIALLED]


class Resolver:
    """Asks the system for addresses (`getaddrinfo`: the hosts file, then DNS), in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_LOOKUPS, thread_name_prefix="resolve")

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of *host*; an address is its own."""
        if _is_address(host):
            return [host]
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host)
        return list(dict.fromkeys(found))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _look_up(host: str) -> list[str]:
    return [str(place[0]) for *_, place in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def _directed(request: httpx.Request, address: str) -> httpx.Request:
    """*request* to *address*: the Host header and the name in the certificate stay the host's."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
