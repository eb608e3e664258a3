"""What RQ's keys say of one worker and of the jobs it runs; when to run them is decided in `worker`.

Everything is written by pipelines of redis.asyncio. RQ's methods that are given a pipeline only add commands to it, so
the asynchronous one serves them as well (it is `Any` here because they are typed for the blocking one); those that talk
to Redis themselves are not used.
"""

import asyncio
import math
import os
import socket
from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError
from rq.executions import Execution
from rq.job import Job
from rq.job_lifecycle import record_job_failure
from rq.utils import now
from rq.worker import BaseWorker, WorkerStatus
from rq.worker_registration import register, unregister

# A thousand jobs that end at once must not open a thousand connections.
WRITERS: Final = 8
# Three beats may be lost before a worker and its jobs count as dead.
BEATS_TO_LIVE: Final = 4


class Ledger:
    """The entries of *worker*, which works on one queue.

    Every method raises redis.exceptions.RedisError when Redis is away, and may then be called again. What is never
    written, another worker clears away later (`remains`).
    """

    def __init__(self, worker: BaseWorker, redis: Redis) -> None:
        self._worker = worker
        self._queue = worker.queues[0]
        self._redis = redis
        self._writers = asyncio.Semaphore(WRITERS)
        self._unsure: dict[str, list[Execution]] = {}  # by job: written perhaps, as no answer came
        self._life = math.ceil(BEATS_TO_LIVE * worker.job_monitoring_interval)
        worker.birth_date, worker.hostname, worker.pid = now(), socket.gethostname(), os.getpid()

    async def read(self, job_id: bytes) -> Job | None:
        """Return the job that was popped; None if there is none, or nothing that could be one."""
        try:
            # Like RQ's queues, the job only keeps the client and never uses it.
            job = self._worker.job_class(job_id.decode(), self._worker.connection, self._worker.serializer)
            async with self._writers:
                fields = await self._redis.hgetall(job.key)
        except (ValueError, ResponseError) as error:  # not an id that RQ could have given, not a hash
            self._worker.log.warning("%r in the queue is no job: %s", job_id, error)
            return None
        if not fields:
            return None
        job.restore(fields)
        # The registries that the job will be entered into are named by this, and only ours are kept clean.
        job.origin = self._queue.name
        return job

    async def drop(self, job_id: bytes) -> None:
        """Take out of the intermediate queue what is no job."""
        async with self._writers:
            await self._redis.lrem(self._queue.intermediate_queue_key, 1, cast("str", job_id))  # redis-py takes both

    async def give_back(self, job_id: bytes) -> None:
        """Put what was popped and is not begun back in front of the queue."""
        pipeline: Any = self._redis.pipeline()
        pipeline.lrem(self._queue.intermediate_queue_key, 1, job_id)
        pipeline.lpush(self._queue.key, job_id)
        await self._write(pipeline)

    async def begin(self, job: Job) -> Execution:
        """Enter *job* as begun by this worker; again, in the place of what may have been entered before."""
        pipeline: Any = self._redis.pipeline()
        unsure = self._unsure.setdefault(job.id, [])
        for former in unsure:
            former.delete(job, pipeline)
        execution = Execution.create(job, self._life, pipeline, worker_name=self._worker.name)
        unsure.append(execution)
        job.prepare_for_execution(self._worker.name, pipeline)
        pipeline.lrem(self._queue.intermediate_queue_key, 1, job.id)
        await self._write(pipeline)
        del self._unsure[job.id]
        self._worker.executions[execution.id] = execution
        return execution

    async def end(self, job: Job, execution: Execution, failure: str | None) -> None:
        """Enter *job* as ended: forgotten, or, with the traceback *failure*, among the failed for a day."""
        job.ended_at = now()
        pipeline: Any = self._redis.pipeline()
        self._worker.cleanup_execution(job, pipeline, execution)
        # A failed job is written anew, so that only fields that RQ can read are kept.
        pipeline.delete(job.key)
        if failure is not None:
            record_job_failure(job, failure, pipeline)
        await self._write(pipeline)

    async def beat(self) -> None:
        """Say that this worker and all its jobs live, in one round trip; the first time it makes the worker known.

        All of it or nothing: half of it would be a worker without a TTL, which nobody would ever take for dead.
        """
        worker, running = self._worker, list(self._worker.executions.values())
        pipeline: Any = self._redis.pipeline()
        worker.last_heartbeat = now()
        worker.set_state(WorkerStatus.BUSY if running else WorkerStatus.IDLE, pipeline)
        counts = {"successful_job_count": worker.successful_job_count, "failed_job_count": worker.failed_job_count}
        pipeline.hset(worker.key, mapping=worker.serialize() | counts)
        register(worker, pipeline)
        worker.heartbeat(self._life, pipeline)
        for execution in running:
            execution.heartbeat(self._queue.started_job_registry, self._life, pipeline)
        await self._write(pipeline)
        # The beat has written a new hash for a job that ended while it was under way.
        ended = [execution.key for execution in running if execution.id not in worker.executions]
        if ended:
            await self._redis.delete(*ended)

    async def leave(self) -> None:
        """Make this worker unknown."""
        pipeline: Any = self._redis.pipeline()
        unregister(self._worker, pipeline)
        pipeline.delete(self._worker.key, self._worker.executions_key)
        await self._write(pipeline)

    async def _write(self, pipeline: Any) -> None:  # noqa: ANN401 (see the module's docstring)
        async with self._writers:
            await pipeline.execute()
