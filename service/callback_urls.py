"""Where a caller may have its status posted, as far as the URL itself tells. Pure.

What address a host's name has is only known when the connection is made: `campaigns.outbound` checks it then.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from campaigns.settings import Caller
from service.problems import CallbackRefused

MOST_CHARACTERS: Final = 2_048
"""What every proxy on the way takes (RFC 9110, section 4.1, asks for 8,000 octets of all of them)."""


def check(url: str, caller: Caller) -> None:
    """Raise CallbackRefused unless *caller* may have its status posted to *url*.

    The host is one of the caller's `callback_hosts`. The scheme is https; http goes only to the private addresses of
    the caller's `callback_ranges`. A host given as an address is checked here, a name when it is called.
    """
    if caller.callback_secret is None:
        raise CallbackRefused("callbacks are signed: the caller needs a callback_secret in the settings")
    host = _split(url).hostname or ""
    if not caller.may_be_posted_at(host):
        raise CallbackRefused(f"callbackurl: {host!r} is not one of the caller's callback_hosts")
    private = any(_within(host, network) for network in caller.callback_ranges)
    address = _address(host)
    if address is not None and not address.is_global and not private:
        raise CallbackRefused(f"callbackurl: {host} is a private address outside the caller's callback_ranges")
    if url.startswith("http:") and not (private if address is not None else caller.callback_ranges):
        raise CallbackRefused("callbackurl: http goes only to addresses in the caller's callback_ranges; use https")


def _split(url: str) -> SplitResult:
    """The parts of *url*, which holds nothing that two readers may read in two ways."""
    if len(url) > MOST_CHARACTERS or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise CallbackRefused("callbackurl is not a URL that is read in one way only")
    if not url.startswith(("https://", "http://")):
        raise CallbackRefused("callbackurl begins with https:// (or http://, where the settings allow it)")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise CallbackRefused(f"callbackurl: {error}") from error
    if "@" in parts.netloc:
        raise CallbackRefused("callbackurl holds a user or a password")
    return parts


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _within(host: str, network: str) -> bool:
    address = _address(host)
    return address is not None and address in ip_network(network)
