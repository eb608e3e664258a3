"""What `keys.py` says of every key, held against the keys of a Redis: each is known, and lives as long as it should."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, cast

from redis import Redis

from campaigns import keys

CHANNELS: Final = frozenset({"wake"})
"""They are published on, and never keys."""

Lives = Literal["for ever", "open", "a time"]

OF_RQ: Final[Mapping[str, Lives]] = {
    "rq:queues": "for ever",  # the names of the queues
    "rq:queue:": "open",  # + queue: what waits in it; + queue and ":intermediate": what a worker is taking
    "rq:job:": "open",  # + job: while it waits or runs; one that failed has its failure_ttl
    "rq:wip:": "open",  # + queue: what runs
    "rq:failed:": "open",  # + queue: what failed; cleaned when workers maintain the registries
    "rq:execution:": "a time",  # + execution: as long as heartbeats come
    "rq:executions:": "open",  # + job: who runs it
    "rq:workers": "open",  # the names of the workers
    "rq:workers:": "open",  # + queue: those that serve it
    "rq:worker:": "a time",  # + worker: as long as heartbeats come
    "rq:results:": "a time",  # + job: what it came to
    "rq:clean_groups": "a time",  # somebody cleans them
    "rq:clean_registries:": "a time",  # + queue: somebody cleans them
}
"""The beginning of RQ's keys, and how long they live, as RQ 3.0 has it."""

OF_TESTS: Final = frozenset({"ballast", "begun", "ended", "noted"})
"""What tests put there for themselves."""

FILLING: Final = "key-"
"""What a Valkey fills itself with when it is told to."""

_LUA: Final = """
local answer = {redis.call('ZRANGE', ARGV[1], 0, -1)}
for _, key in ipairs(redis.call('KEYS', '*')) do
  table.insert(answer, key)
  table.insert(answer, redis.call('PTTL', key))
end
return answer
"""


def wrong_in(redis: Redis) -> list[str]:
    """What is wrong with the lifetimes of the keys of *redis*."""
    bulks, *flat = cast("list[object]", redis.eval(_LUA, 0, keys.PREFIXES["bulks"]))
    left = {cast("bytes", flat[i]).decode(): cast("int", flat[i + 1]) for i in range(0, len(flat), 2)}
    going_on = {bulk.decode() for bulk in cast("list[bytes]", bulks)}
    return wrong({key: span if span >= 0 else None for key, span in left.items()}, bulks=going_on)


def wrong(left: Mapping[str, int | None], *, bulks: set[str]) -> list[str]:
    """What is wrong with the lifetimes of keys.

    Args:
        left: milliseconds that each key has left; None when it does not end by itself.
        bulks: the ids of the bulks that are being worked off. What is told of one has no end before the bulk has.

    """
    still_open = {keys.PREFIXES["verb"] + bulk for bulk in bulks}
    return [told for key, span in sorted(left.items()) if key not in still_open for told in _wrong(key, span)]


def _wrong(key: str, left: int | None) -> Iterator[str]:
    match lives(key):
        case None:
            yield f"{key} is not in keys.py"
        case "for ever" if left is not None:
            yield f"{key} would be forgotten"
        case "a time" if left is None:
            yield f"{key} would stay for ever"


def lives(key: str) -> Lives | None:
    """How long a key lives; None when nobody has said so."""
    if key in OF_TESTS or key.startswith(FILLING):
        return "open"
    name = name_of(key)
    if name is None:
        return next((lives for prefix, lives in OF_RQ.items() if _is_one_of(key, prefix)), None)
    if name in CHANNELS:
        return None
    return "for ever" if name in keys.PERMANENT else "a time" if name in keys.PERISHABLE else "open"


def name_of(key: str) -> str | None:
    """What `keys.PREFIXES` calls a key; None when it does not know it."""
    return next((name for name, prefix in keys.PREFIXES.items() if _is_one_of(key, prefix)), None)


def _is_one_of(key: str, prefix: str) -> bool:
    return key == prefix or (prefix.endswith(":") and key.startswith(prefix))
