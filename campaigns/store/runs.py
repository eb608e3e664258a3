"""Reading runs: one by its id, or a page of some callers'."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from campaigns import keys
from campaigns.errors import NotFound, Unavailable
from campaigns.model import Stored
from campaigns.store import records
from campaigns.store.scripts import Scripts

MOST_LOOKED_AT: Final = 1_000
"""A page whose filter passes little ends after this many runs, so that no request costs more than about 50 ms."""


AT_ONCE: Final = 200
"""Runs read by one round trip of a walk: a few milliseconds of the loop."""


class Page(msgspec.Struct, frozen=True):
    """Runs, newest first, and where the next page begins; None at the end."""

    runs: tuple[Stored, ...]
    after: int | None


class Runs:
    """The runs, open and ended, until they are trimmed."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def read(self, run_id: str) -> Stored:
        """The run of that id.

        Raises:
            NotFound: there is none.
            Unavailable: Redis does not answer.

        """
        return records.read(await self.fields(run_id))

    async def fields(self, run_id: str) -> dict[str, bytes]:
        """The run of that id as it is written; raises as `read`."""
        try:
            fields = _fields(await self._redis.hgetall(keys.PREFIXES["run"] + run_id))
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {error}") from error
        if not fields:
            raise NotFound("there is no such run")
        return fields

    async def under_key(self, key: str) -> tuple[str, str] | None:
        """The run that *key* (`keys.key_hash`) names and the fingerprint of its trigger; None: the key is new.

        Raises:
            Unavailable: Redis does not answer.

        """
        try:
            told = cast("bytes | None", await self._redis.get(keys.PREFIXES["key"] + key))
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {error}") from error
        run, _, fingerprint = (told or b"").decode().partition(" ")
        return (run, fingerprint) if run else None

    async def page(
        self, callers: Sequence[str], wanted: Callable[[Stored], bool], *, after: int | None, limit: int
    ) -> Page:
        """Up to *limit* of the callers' runs that are *wanted*, newest first, from behind acceptance number *after*.

        A page may be short, even empty, though more follow: `Page.after` tells.

        Raises:
            Unavailable: Redis does not answer.

        """
        try:
            return await self._page(callers, wanted, after, limit)
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {error}") from error

    async def walk(self, caller: str, since: int | None, until: int | None) -> AsyncIterator[Stored]:
        """Every run of the caller that was accepted from *since* to before *until* (ms), oldest first.

        Raises:
            Unavailable: Redis does not answer.

        """
        first = 0 if since is None else await self._scripts.run("number_at", caller, since)
        after = f"({first - 1}"
        while first >= 0:
            try:
                rows = await self._rows(caller, after)
            except (RedisError, OSError) as error:
                raise Unavailable(f"Redis: {error}") from error
            for number, fields in rows:
                after = f"({number}"
                if not fields:
                    continue
                stored = records.read(fields)
                if until is not None and stored.accepted >= until:
                    return
                yield stored
            if not rows:
                return

    async def _rows(self, caller: str, after: str) -> list[tuple[int, dict[str, bytes]]]:
        rows = cast(
            "list[tuple[bytes, float]]",
            await self._redis.zrange(
                keys.PREFIXES["index"] + caller, after, "+inf", byscore=True, offset=0, num=AT_ONCE, withscores=True
            ),
        )
        pipeline = self._redis.pipeline(transaction=False)
        for run_id, _ in rows:
            pipeline.hgetall(keys.PREFIXES["run"] + run_id.decode())
        found = await pipeline.execute() if rows else []
        return [(int(number), _fields(fields)) for (_, number), fields in zip(rows, found, strict=True)]

    async def _page(
        self, callers: Sequence[str], wanted: Callable[[Stored], bool], after: int | None, limit: int
    ) -> Page:
        found: list[Stored] = []
        looked_at = 0
        while looked_at < MOST_LOOKED_AT:
            rows = await self._newest(callers, after, limit)
            if not rows:
                return Page(tuple(found), None)
            pipeline = self._redis.pipeline(transaction=False)
            for _, run_id in rows:
                pipeline.hgetall(keys.PREFIXES["run"] + run_id)
            for (number, _), fields in zip(rows, await pipeline.execute(), strict=True):
                after = number
                if not fields:
                    continue
                stored = records.read(_fields(fields))
                if wanted(stored):
                    found.append(stored)
                if len(found) == limit:
                    return Page(tuple(found), after)
            looked_at += len(rows)
        return Page(tuple(found), after)

    async def _newest(self, callers: Sequence[str], after: int | None, limit: int) -> list[tuple[int, str]]:
        """Number of acceptance and id of the newest runs of *callers*; one series of numbers is for all of them."""
        end = f"({after}" if after is not None else "+inf"
        pipeline = self._redis.pipeline(transaction=False)
        for caller in callers:
            index = keys.PREFIXES["index"] + caller
            pipeline.zrange(index, end, "-inf", desc=True, byscore=True, offset=0, num=limit, withscores=True)
        rows = ((int(number), run_id.decode()) for of_one in await pipeline.execute() for run_id, number in of_one)
        return sorted(rows, reverse=True)[:limit]


def _fields(answer: Any) -> dict[str, bytes]:  # noqa: ANN401 - redis-py's answers depend on its settings
    return {name.decode(): value for name, value in answer.items()}
