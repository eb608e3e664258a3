"""Addresses of Redis: what they mean, and what is said about those that mean nothing. Nothing is connected to."""

from typing import Any

import pytest
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.sentinel import SentinelConnectionPool, SentinelManagedConnection, SentinelManagedSSLConnection

from campaigns.errors import Invalid
from campaigns.store.connection import PATIENCE, Patient, client


def told(url: str, *names: str) -> list[Any]:
    """What connections to *url* are told."""
    kwargs = client(url).connection_pool.connection_kwargs
    return [kwargs.get(name) for name in names]


def sentinels(url: str) -> list[dict[str, Any]]:
    """What connections to the Sentinels of *url* are told."""
    pool = client(url).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    return [sentinel.connection_pool.connection_kwargs for sentinel in pool.sentinel_manager.sentinels]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://host:1/2", Connection),
        ("rediss://host", SSLConnection),
        ("unix:///a/valkey.sock", UnixDomainSocketConnection),
        ("redis+sentinel://a,b,c/main", SentinelManagedConnection),
        ("rediss+sentinel://a,b,c/main", SentinelManagedSSLConnection),
    ],
)
def test_every_kind_of_address_is_as_patient_and_repeats_nothing(url: str, kind: type) -> None:
    assert client(url).connection_pool.connection_class is kind
    timeouts = told(url, "socket_timeout", "socket_connect_timeout")
    (retry,) = told(url, "retry")
    assert isinstance(client(url), Patient)
    assert (timeouts, retry.get_retries()) == ([None, PATIENCE], 0)


def test_sentinels_have_ports_credentials_and_a_master_with_a_database() -> None:
    url = "redis+sentinel://fanfare:p%40ss@a:1,b,[::1]:3/main/4?sentinel_password=secret"
    assert told(url, "username", "password", "db") == ["fanfare", "p@ss", 4]
    assert [(one["host"], one["port"]) for one in sentinels(url)] == [("a", 1), ("b", 26_379), ("::1", 3)]
    assert {(one["username"], one["password"]) for one in sentinels(url)} == {(None, "secret")}


def test_the_sentinels_too_are_asked_once_and_not_for_long() -> None:
    """redis-py would ask one that is away eleven times, with pauses, before it tries the next."""
    assert {(one["socket_timeout"], one["retry"].get_retries()) for one in sentinels("redis+sentinel://a,b/main")} == {
        (PATIENCE, 0)
    }


def test_tls_through_sentinel_is_tls_to_all_with_the_same_authority() -> None:
    url = "rediss+sentinel://a/main?ssl_ca_certs=/ca.pem"
    assert told(url, "ssl_ca_certs") == ["/ca.pem"]
    assert [one["ssl_ca_certs"] for one in sentinels(url)] == ["/ca.pem"]


def test_options_in_the_address_come_before_ours() -> None:
    assert told("redis://host?socket_timeout=5", "socket_timeout") == [5.0]
    assert told("redis+sentinel://a/main?socket_timeout=5", "socket_timeout") == [5.0]


@pytest.mark.parametrize(
    "url",
    [
        "http://secret@host",
        "secret@host:6379",
        "redis://:secret@host:port",
        "redis+sentinel://:secret@a",
        "redis+sentinel://:secret@/main",
        "redis+sentinel://:secret@a:port/main",
        "redis+sentinel://:secret@a,,b/main",
    ],
)
def test_an_address_that_means_nothing_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(Invalid, match="FANFARE_REDIS_URL") as error:
        client(url)
    assert "secret" not in str(error.value)
