"""The RQ queues and the jobs put into them: the only module that enqueues; what the jobs do lives in `workers`.

A job only wakes a process up: Redis says what there is to do (design, invariant 3). A job that is lost is called again
by the sweep, a job that comes twice finds the lease taken, so nothing of RQ's own retries or uniqueness is used.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, cast

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, RedisError
from rq import Queue as RQQueue
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from campaigns.errors import Unavailable

if TYPE_CHECKING:
    from redis import Redis as BlockingRedis
    from redis.client import Pipeline as BlockingPipeline

QueueName = Literal["campaigns", "callbacks"]

CAMPAIGNS: Final[QueueName] = "campaigns"
CALLBACKS: Final[QueueName] = "callbacks"

ADVANCE: Final = "workers.jobs.advance"
NOTIFY: Final = "workers.jobs.notify"

# Serving a portal ends when its line is empty; a time limit would only cut work in the middle.
TIMEOUT: Final = -1
# Nobody asks RQ what became of a job: a finished one leaves nothing behind.
RESULT_TTL: Final = 0
# A failed job means a fault of ours; a day is enough for somebody to look at it.
FAILURE_TTL: Final = 24 * 60 * 60

# RQ asks the server for its version, in a blocking call, unless it is told one. Nothing that we use of RQ depends on
# the number; it is the one that every Valkey gives for compatibility.
SERVER_VERSION: Final = (7, 2, 4)


NOTHING: Final = f"{RQQueue.redis_queue_namespace_prefix}nothing"
"""A queue that nobody ever fills."""


class Queue:
    """Puts jobs into RQ's queues in the form that any stock `rq worker --serializer json` can run.

    Args:
        redis: a client that does not decode answers. All commands of one call go in one transaction; if its answer is
            lost and the client repeats it, the jobs come twice, which does no harm.

    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queues = {name: _rq_queue(name, redis) for name in (CAMPAIGNS, CALLBACKS)}

    async def enqueue_advance(self, portals: Sequence[str]) -> None:
        """Call a process for each of *portals*, in one round trip.

        Raises:
            Unavailable: Redis is away or refuses to store more.

        """
        await self._push(CAMPAIGNS, [_job(ADVANCE, portal) for portal in portals])

    async def enqueue_notify(self) -> None:
        """Call a process for the callbacks that are due.

        Raises:
            Unavailable: Redis is away or refuses to store more.

        """
        await self._push(CALLBACKS, [_job(NOTIFY)])

    async def length(self, name: QueueName) -> int:
        """How many jobs wait in the queue *name*; jobs that have begun are not counted.

        Raises:
            Unavailable: Redis is away.

        """
        try:
            return await self._redis.llen(self._queues[name].key)
        except RedisError as error:
            raise Unavailable(f"the length of the queue {name} cannot be read: {error}") from error

    async def refused(self) -> bool:
        """Whether Redis's memory is too full for RQ: no job can be put into a queue then, nor taken out of one.

        Raises:
            Unavailable: Redis is away.

        """
        try:
            await self._redis.lmove(NOTHING, NOTHING)  # refused like the BLMOVE by which workers take jobs
        except OutOfMemoryError:
            return True
        except RedisError as error:
            raise Unavailable(f"Redis: {error}") from error
        return False

    async def _push(self, name: QueueName, jobs: Sequence[EnqueueData]) -> None:
        if not jobs:
            return
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                # RQ only adds commands to a pipeline that it is given, so an asynchronous one serves as well.
                self._queues[name].enqueue_many(jobs, pipeline=cast("BlockingPipeline", pipeline))
                await pipeline.execute()
        except RedisError as error:
            raise Unavailable(f"no job could be put into the queue {name}: {error}") from error


def _rq_queue(name: QueueName, redis: Redis) -> RQQueue:
    # RQ is typed for the blocking client; it is only ever given pipelines of this one.
    queue = RQQueue(name, connection=cast("BlockingRedis", redis), serializer=JSONSerializer)
    queue.redis_server_version = SERVER_VERSION
    return queue


def _job(path: str, *arguments: str) -> EnqueueData:
    return RQQueue.prepare_data(
        path,
        args=arguments,
        timeout=TIMEOUT,
        result_ttl=RESULT_TTL,
        failure_ttl=FAILURE_TTL,
    )
