"""Where a caller's callbacks may go: which hosts, and which addresses of theirs. Pure; nothing is looked up here."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import msgspec

from campaigns.settings import Caller

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that IANA has given out for public use."""

NAT64: Final = IPv6Network("64:ff9b::/96")
"""A gateway sends what goes here on to the IPv4 address in the last 32 bits (RFC 6052)."""

NOT_PUBLIC: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "168.63.129.16/32",  # public by the registry, but on Azure it answers as part of the virtual machine's host
        "2001::/23",  # IETF protocol assignments, Teredo among them (RFC 2928)
        "2002::/16",  # 6to4: an IPv4 address in disguise (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
"""What `ipaddress` takes for public, in some version of Python that we run on, and is not."""


class Reach(msgspec.Struct, frozen=True):
    """Where one caller's callbacks may go.

    Attributes:
        caller: whose settings name the hosts, international ones as `xn--`.
        ranges: addresses that these hosts may have although they are not public.

    """

    caller: Caller
    ranges: tuple[Network, ...]

    @classmethod
    def of(cls, caller: Caller) -> "Reach":
        """What the settings say of *caller*."""
        return cls(caller, tuple(ip_network(text) for text in caller.callback_ranges))

    def names(self, host: str) -> bool:
        """Whether *host*, as it stands in a URL, is one of the hosts."""
        return self.caller.may_be_posted_at(host)

    def may_dial(self, address: str) -> bool:
        """Whether a host that is named may be dialled at *address*: a public one, or one in the ranges."""
        told = ip_address(address)
        meant = _meant(told)
        return _is_public(meant) or any(told in network or meant in network for network in self.ranges)


def _meant(address: Address) -> Address:
    """The address that is reached in the end: an IPv4 one where an IPv6 one only wraps it."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address not in GLOBAL_UNICAST or address.scope_id is not None):
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in NOT_PUBLIC)
