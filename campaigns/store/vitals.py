"""How Redis is, as it was last seen: whether it keeps what it confirms, and how full it is (judged by `durability`)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from campaigns.errors import Invalid, StoreFull, Unavailable
from campaigns.settings import Settings
from campaigns.store import durability
from campaigns.store.durability import Facts, Verdict

EACH: Final = 1.0
"""Seconds between two looks: memory grows by some ten megabytes meanwhile at the most."""

CONFIG_EACH: Final = 60
"""Looks between two at what only `CONFIG GET` tells: people change it while the server runs."""

log = structlog.get_logger()


class Vitals:
    """What was last seen of one Redis."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._replicas = settings.replicas
        self._unsafe = settings.allow_unsafe_redis
        self._config: dict[str, str] = {}
        self._looks = 0
        self._seen: Facts | None = None
        self._begun = False
        self._objection = ""
        self._cautions: set[str] = set()

    async def examine(self) -> None:
        """Make sure that Redis is one to begin with.

        Raises:
            Invalid: it would lose what it accepts, or it is none that we can work with; the message says what to do.
            Unavailable: it does not answer.

        """
        await self._look()
        if self._objection:
            raise Invalid(f"Redis: {self._objection}")

    async def verdict(self) -> Verdict:
        """What is wrong with Redis as one to begin with, and what an operator should know.

        Raises:
            Unavailable: it does not answer.

        """
        facts = await self._look()
        return durability.judge(facts, replicas=self._replicas, allow=self._unsafe, begun=False)

    async def check(self) -> None:
        """Make sure that Redis answers, takes writes and keeps them.

        Raises:
            Unavailable: it does not.

        """
        await self._look()
        self._object()

    async def admit(self) -> None:
        """Make sure, without asking again, that Redis may take more.

        Raises:
            StoreFull: it is too full.
            Unavailable: what it takes would not be safe.

        """
        facts = self._seen or await self._look()
        self._object()
        if facts.full:
            raise StoreFull(f"Redis uses {facts.used:,} of {facts.most:,} bytes; what is open still ends", after=10)

    async def watch(self) -> None:
        """Look each second until cancelled."""
        while True:
            with suppress(Unavailable):  # whoever needs Redis finds out by itself
                await self._look()
            await asyncio.sleep(EACH)

    def _object(self) -> None:
        if self._objection:
            raise Unavailable(f"Redis: {self._objection}")

    async def _look(self) -> Facts:
        before = self._seen
        try:
            told = await self._redis.info()
            if before is None or before.server != told["run_id"] or self._looks % CONFIG_EACH == 0:
                self._config = await _config(self._redis)
            self._looks += 1
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {error}") from error
        if told.get("loading"):
            raise Unavailable("Redis is loading what it keeps")  # its append-only file counts as off meanwhile
        facts = _facts(told, self._config)
        self._seen = facts
        self._judge(facts)
        return facts

    def _judge(self, facts: Facts) -> None:
        """Object to what must not be, and log what an operator should know; each thing once."""
        verdict = durability.judge(facts, replicas=self._replicas, allow=self._unsafe, begun=self._begun)
        objection, cautions = "; ".join(verdict.objections), set(verdict.cautions)
        if objection and objection != self._objection:
            log.error("redis.unfit", problem=objection)
        for caution in cautions - self._cautions:
            log.warning("redis.caution", caution=caution)
        self._objection, self._cautions = objection, cautions
        self._begun = self._begun or not objection


async def _config(redis: Redis) -> dict[str, str]:
    """What only `CONFIG GET` tells; nothing where a provider forbids it."""
    try:
        told: dict[str, str] = await redis.config_get("appendfsync", "min-replicas-to-write")  # type: ignore[assignment]  # redis-py thinks of None
    except ResponseError:
        return {}
    return told


def _facts(told: Mapping[str, Any], config: Mapping[str, str]) -> Facts:
    return Facts(
        server=str(told["run_id"]),
        version=int(str(told["redis_version"]).partition(".")[0]),
        role=str(told["role"]),
        appendonly=bool(told.get("aof_enabled")),
        appendfsync=config.get("appendfsync"),
        policy=str(told.get("maxmemory_policy", "noeviction")),
        replicas=int(told.get("connected_slaves", 0)),
        needs_replicas=int(config["min-replicas-to-write"]) if "min-replicas-to-write" in config else None,
        used=int(told.get("used_memory", 0)) - int(told.get("mem_not_counted_for_evict", 0)),
        most=int(told.get("maxmemory", 0)),
    )
