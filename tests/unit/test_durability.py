"""What a Redis says of itself, and what follows from it."""

from typing import Any

import msgspec
import pytest

from campaigns.store.durability import FULL_FROM, Facts, cautions, hopeless, judge, losses, untold

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


def test_what_is_allowed_is_said_and_objected_to_no_more() -> None:
    facts = but(appendonly=False, replicas=1, role="slave")
    refused = judge(facts, replicas=None, allow=False, begun=False)
    assert [len(refused.objections), len(refused.cautions)] == [4, 0]  # the role, the file, what to do, the replica
    allowed = judge(facts, replicas=None, allow=True, begun=False)
    assert [len(allowed.objections), len(allowed.cautions)] == [1, 2]


def test_a_replica_that_comes_later_stops_nobody_and_a_loss_does() -> None:
    """Somebody adds one for backups: the intake goes on, and the log says what to decide."""
    later = judge(but(replicas=1), replicas=None, allow=False, begun=True)
    assert [bool(later.objections), bool(later.cautions)] == [False, True]
    assert judge(but(appendonly=False), replicas=None, allow=False, begun=True).objections
