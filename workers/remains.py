"""Clearing away what dead workers leave in RQ's keys; nothing here brings work back, the due set does that.

RQ's own maintenance would turn each job of a killed worker into a failed one, keep its lock for fifteen minutes when it
is killed itself, and talk to Redis in blocking calls.
"""

import time
from contextlib import suppress
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import LockError
from rq import Queue
from rq.worker_registration import REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY

# Longer than any clearing takes, short enough that a worker killed in the middle keeps nobody out for long.
LOCK_SECONDS: Final = 30


class Remains:
    """The entries of dead workers in the keys of one RQ queue.

    Args:
        redis: a client that does not decode answers.
        queue: whose keys; it is only asked for their names.

    """

    def __init__(self, redis: Redis, queue: Queue) -> None:
        self._redis = redis
        self._queue = queue
        self._popped: frozenset[bytes] = frozenset()

    async def clear(self) -> int:
        """Clear away what is certainly left over; return how many jobs that were.

        One worker at a time does it; for the others there is nothing to clear. A job that a worker popped and never
        began bears no time: it is cleared by the second call that sees it, so calls should be a minute apart.
        """
        lock = self._redis.lock(self._queue.registry_cleaning_key, timeout=LOCK_SECONDS)
        if not await lock.acquire(blocking=False):
            return 0
        try:
            await self._forget_failures()
            await self._forget_workers()
            return await self._forget_begun() + await self._forget_popped()
        finally:
            with suppress(LockError):  # it has run out, and somebody else may have it now
                await lock.release()

    async def _forget_failures(self) -> None:
        # The failed jobs themselves have a TTL; only their entries in the registry have not.
        await self._redis.zremrangebyscore(self._queue.failed_job_registry.key, 0, time.time())

    async def _forget_workers(self) -> None:
        registry = WORKERS_BY_QUEUE_KEY % self._queue.name
        workers = list(await self._redis.smembers(registry))
        async with self._redis.pipeline(transaction=False) as pipeline:
            for worker in workers:
                pipeline.exists(worker)
            dead = [worker for worker, alive in zip(workers, await pipeline.execute(), strict=True) if not alive]
            if dead:
                pipeline.srem(REDIS_WORKER_KEYS, *dead)
                pipeline.srem(registry, *dead)  # the last: who is not in it any more is never looked at again
                await pipeline.execute()

    async def _forget_begun(self) -> int:
        """Forget the jobs whose worker has been silent for longer than the heartbeats allow."""
        registry = self._queue.started_job_registry.key
        silent = cast("list[bytes]", await self._redis.zrangebyscore(registry, 0, time.time()))
        async with self._redis.pipeline() as pipeline:
            for entry in silent:
                pipeline.zrem(registry, entry)
                pipeline.delete(self._job_key(entry.partition(b":")[0]))
            await pipeline.execute()
        return len(silent)

    async def _forget_popped(self) -> int:
        """Forget the jobs that a worker took out of the queue and never began."""
        popped = frozenset(cast("list[bytes]", await self._redis.lrange(self._queue.intermediate_queue_key, 0, -1)))
        stuck, self._popped = popped & self._popped, popped
        async with self._redis.pipeline() as pipeline:
            for job_id in stuck:
                pipeline.lrem(self._queue.intermediate_queue_key, 0, cast("str", job_id))  # redis-py takes both
                pipeline.delete(self._job_key(job_id))
            await pipeline.execute()
        return len(stuck)

    def _job_key(self, job_id: bytes) -> bytes:
        return self._queue.job_class.redis_job_namespace_prefix.encode() + job_id
