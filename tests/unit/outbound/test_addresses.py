"""Where a caller's callbacks may go, and where they never may."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.outbound.addresses import Reach
from campaigns.settings import Caller


def reach(*ranges: str, hosts: tuple[str, ...] = ("shop.internal",)) -> Reach:
    return Reach.of(Caller(callback_hosts=hosts, callback_ranges=ranges))


NOWHERE_PRIVATE = reach()


@pytest.mark.parametrize(
    ("told", "host", "named"),
    [
        ("shop.internal", "shop.internal", True),
        ("Shop.Internal", "sHOP.iNTERNAL", True),
        ("shop.internal", "a.shop.internal", False),
        ("shop.internal", "shop.internal.evil.example", False),
        ("shop.internal", "evil-shop.internal", False),
        ("shop.internal", "shop.internal.", False),
        ("*.shop.internal", "a.shop.internal", True),
        ("*.shop.internal", "a.b.shop.internal", True),
        ("*.shop.internal", "shop.internal", False),
        ("*.shop.internal", "evilshop.internal", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "2130706433", False),
        ("[::1]", "::1", True),
    ],
)
def test_a_host_is_named_exactly_or_by_what_follows_a_star(told: str, host: str, named: bool) -> None:
    assert reach(hosts=(told,)).names(host) is named


def test_a_caller_without_hosts_reaches_none() -> None:
    assert not Reach.of(Caller()).names("shop.internal")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_a_public_address_may_be_dialled(address: str) -> None:
    assert NOWHERE_PRIVATE.may_dial(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
        "2606:4700::1111%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_no_other_address_may_be_dialled_unless_a_range_holds_it(address: str) -> None:
    assert not NOWHERE_PRIVATE.may_dial(address)
    assert reach("0.0.0.0/0", "::/0").may_dial(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3"])
def test_a_range_holds_its_addresses_however_they_are_written(address: str) -> None:
    assert reach("10.0.0.0/8").may_dial(address)
    assert not reach("192.168.0.0/16", "fd00::/8").may_dial(address)


def test_a_range_of_private_addresses_does_not_let_the_clouds_metadata_be_reached() -> None:
    told = reach("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd12::/16")
    assert not told.may_dial("169.254.169.254")
    assert not told.may_dial("fd00:ec2::254")


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_changes_nothing(address: IPv4Address) -> None:
    told = reach("10.0.0.0/8")
    mapped = IPv6Address(0xFFFF_0000_0000 | int(address))
    translated = IPv6Address((0x64_FF9B << 96) | int(address))
    assert told.may_dial(str(mapped)) == told.may_dial(str(translated)) == told.may_dial(str(address))


@given(st.ip_addresses())
def test_what_may_be_dialled_without_ranges_is_global(address: IPv4Address | IPv6Address) -> None:
    may = NOWHERE_PRIVATE.may_dial(str(address))
    assert not may or (address.is_global and not address.is_multicast and not address.is_loopback)
