"""What a Redis says of itself, and what follows from it."""

from typing import Any

import msgspec
import pytest

from campaigns.store.durability import FULL_FROM, Facts, cautions, hopeless, losses, untold

SAFE = Facts(
    server="f52b",
    version=7,
    role="master",
    appendonly=True,
    appendfsync="always",
    policy="noeviction",
    replicas=0,
    needs_replicas=0,
    used=0,
    most=0,
)


def but(**told: Any) -> Facts:  # noqa: ANN401 - whatever a fact may be
    """The safe Redis, save for what is told."""
    return msgspec.structs.replace(SAFE, **told)


def test_a_safe_redis_of_its_own_has_nothing_said_against_it() -> None:
    assert [*hopeless(SAFE), *losses(SAFE), *untold(SAFE, None), *cautions(SAFE, 0)] == []


@pytest.mark.parametrize(
    ("told", "advice"), [({"version": 6}, "Redis 7 or later, or any Valkey"), ({"role": "slave"}, "name its master")]
)
def test_an_old_redis_and_a_replica_are_of_no_use(told: dict[str, object], advice: str) -> None:
    (reason,) = hopeless(but(**told))
    assert advice in reason


@pytest.mark.parametrize(
    ("told", "advice"),
    [
        ({"appendonly": False, "appendfsync": "everysec"}, "set `appendonly yes`"),
        ({"appendfsync": "everysec"}, "set `appendfsync always`"),
        ({"appendfsync": "no"}, "set `appendfsync always`"),
        ({"policy": "allkeys-lru"}, "set `maxmemory-policy noeviction`"),
        ({"policy": "volatile-ttl"}, "set `maxmemory-policy noeviction`"),
    ],
)
def test_each_way_to_lose_something_says_how_to_close_it(told: dict[str, object], advice: str) -> None:
    (loss,) = losses(but(**told))
    assert advice in loss


def test_what_a_provider_does_not_tell_is_the_operators_to_make_sure_of() -> None:
    managed = but(appendfsync=None, needs_replicas=None)
    assert list(losses(managed)) == []
    (caution,) = cautions(managed, 0)
    assert "make sure that `appendfsync` is `always`" in caution


def test_replicas_that_are_there_must_be_spoken_of() -> None:
    replicated = but(replicas=2)
    assert [bool(list(untold(replicated, said))) for said in (None, 0, 1)] == [True, False, False]


def test_with_replicas_an_operator_hears_what_is_missing() -> None:
    assert "only 1 of 2 replicas" in " ".join(cautions(but(replicas=1, needs_replicas=1), 2))
    assert "min-replicas-to-write 1" in " ".join(cautions(but(replicas=1, needs_replicas=0), 1))
    assert list(cautions(but(replicas=1, needs_replicas=1), 1)) == []


def test_a_memory_is_full_from_four_fifths_and_one_without_a_limit_never() -> None:
    assert FULL_FROM == 0.8
    assert [but(used=used, most=1_000).full for used in (799, 800, 1_200)] == [False, True, True]
    assert not but(used=10**12, most=0).full
