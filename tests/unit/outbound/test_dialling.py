"""The address that was checked is the one that is dialled: with a resolver and a network of the test's own."""

import threading
from collections.abc import Sequence

import httpx
import pytest

from campaigns.errors import Forbidden
from campaigns.outbound.addresses import Reach
from campaigns.outbound.dialling import MOST_DIALLED, CheckedTransport, Resolver
from campaigns.settings import Caller

CALLER = Caller(callback_hosts=("shop.internal", "*.shop.internal", "127.0.0.1"), callback_ranges=("10.0.0.0/8",))


class Network:
    """What was dialled; addresses that are away do not answer."""

    def __init__(self, *away: str) -> None:
        self.dialled: list[httpx.Request] = []
        self._away = away

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.dialled.append(request)
        if request.url.host in self._away:
            raise httpx.ConnectTimeout("away")
        return httpx.Response(204)


async def post(network: Network, *addresses: str, url: str = "https://shop.internal/status") -> httpx.Response:
    """Post to *url*, whose host is at *addresses*."""

    async def resolve(_: str) -> Sequence[str]:
        return addresses

    transport = CheckedTransport(Reach.of(CALLER), httpx.MockTransport(network), resolve)
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        return await client.post(url, content=b"{}")


async def test_the_checked_address_is_dialled_in_the_hosts_name() -> None:
    """Whatever the name means a moment later; the certificate is still checked against the name."""
    network = Network()
    await post(network, "10.1.2.3", url="https://shop.internal:8443/status?a=b")
    (request,) = network.dialled
    assert str(request.url) == "https://10.1.2.3:8443/status?a=b"
    assert request.headers["host"] == "shop.internal:8443"
    assert request.extensions["sni_hostname"] == "shop.internal"
    assert request.content == b"{}"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_an_address_is_not_looked_up(address: str) -> None:
    """It would cost a thread, and the waits for it."""
    before = threading.active_count()
    assert await Resolver()(address) == [address]
    assert threading.active_count() == before


async def test_an_address_of_ipv6_is_dialled_too() -> None:
    network = Network()
    await post(network, "2606:4700::1111")
    assert network.dialled[0].url.host == "2606:4700::1111"


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "192.168.0.1", "::1", "::ffff:127.0.0.1"])
async def test_an_address_outside_the_ranges_is_not_dialled(address: str) -> None:
    network = Network()
    with pytest.raises(Forbidden, match="callback_ranges"):
        await post(network, address)
    assert network.dialled == []


async def test_of_several_addresses_only_those_that_are_allowed_are_dialled() -> None:
    network = Network("10.0.0.1", "10.0.0.2")
    with pytest.raises(httpx.ConnectTimeout):
        await post(network, "127.0.0.1", "10.0.0.1", "::1", "10.0.0.2")
    assert [request.url.host for request in network.dialled] == ["10.0.0.1", "10.0.0.2"]


async def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    network = Network("10.0.0.1")
    assert (await post(network, "10.0.0.1", "10.0.0.2", "10.0.0.3")).status_code == 204
    assert [request.url.host for request in network.dialled] == ["10.0.0.1", "10.0.0.2"]


async def test_not_every_address_of_a_large_host_is_tried() -> None:
    addresses = [f"10.0.0.{n}" for n in range(20)]
    network = Network(*addresses)
    with pytest.raises(httpx.ConnectTimeout):
        await post(network, *addresses)
    assert len(network.dialled) == MOST_DIALLED


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "https://shop.internal@evil.example/", "https://10.0.0.1/", "http://2130706433/"]
)
async def test_a_host_that_is_not_named_is_not_even_looked_up(url: str) -> None:
    """10.0.0.1 is in a range; but the ranges only say where the named hosts may be."""
    network = Network()
    with pytest.raises(Forbidden, match="callback_hosts"):
        await post(network, "10.0.0.1", url=url)
    assert network.dialled == []


async def test_a_host_without_an_address_is_not_dialled() -> None:
    with pytest.raises(Forbidden):
        await post(Network())
