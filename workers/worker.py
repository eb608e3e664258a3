"""The RQ worker that runs many coroutine jobs on one event loop; what the jobs do is no business of this module.

In the shape of RQ's own plan for such a worker (https://github.com/rq/rq/pull/2445), so that it can be replaced by it.
"""

import asyncio
import inspect
import signal
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from typing import Any, Final, ParamSpec, TypeVar, cast

from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rq import Queue
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.suspension import WORKERS_SUSPENDED
from rq.worker import BaseWorker

from campaigns.ending import end
from workers.client import asynchronous
from workers.ledger import Ledger
from workers.remains import Remains
from workers.safe import SafeJob

# How `run` ended, for whoever supervises the process.
STOPPED: Final = 0
"""Told to stop, and every job ended by itself."""
DIED: Final = 70
"""Not told to stop: a fault of the worker itself (`EX_SOFTWARE`). The jobs were ended in order nevertheless."""
CANCELLED: Final = 75
"""Told to stop, but some jobs had to be cancelled (`EX_TEMPFAIL`); the sweep of another process calls them again."""

MAX_JOBS: Final = 1_000

# Together (everything is cancelled twice) less than the 30 s that Kubernetes gives a pod to end.
GRACE_SECONDS: Final = 24.0
CANCELS: Final = 2
CANCEL_SECONDS: Final = 0.5
LEAVE_SECONDS: Final = 1.0

BEAT_SECONDS: Final = 15
CLEAR_SECONDS: Final = 60

# Less than every sensible socket time-out. A suspension, a full share or a stop is seen as soon as this.
BLOCK_SECONDS: Final = 1
# What the last pop has when the worker stops: a little more than it takes.
LAST_POP_SECONDS: Final = 1.5
# Between two looks whether a job may be popped.
PAUSE_SECONDS: Final = 0.5
# Between two tries while Redis is away: doubled from the first to the last.
FIRST_RETRY_SECONDS: Final = 0.05
LAST_RETRY_SECONDS: Final = 1.0

# Redis is away, or is there and cannot do it now: it loads, is full, or has become a replica.
OUTAGE: Final = (RedisConnectionError, RedisTimeoutError, ResponseError, OSError)

T = TypeVar("T")
P = ParamSpec("P")


def _always() -> bool:
    return True


class AsyncWorker(BaseWorker):
    """Pops the jobs of one queue and runs each as a coroutine, all on the loop that `run` is awaited on.

    A job's coroutine runs in a copy of the context in which `run` was called, so it finds what the caller has put into
    context variables. Jobs that end leave nothing in RQ but their failures. RQ's scheduler, its commands to workers
    (`send_shutdown_command` and the like) and synchronous functions are not supported; `rq suspend` is.

    Args:
        queues: the one queue, as a name (RQ's command line: a list of one queue).
        name: leave it out; a worker with a fixed name cannot come back at once after a kill.
        connection: an asynchronous client that does not decode, for the worker alone: one of its connections waits for
            jobs, up to nine more read and write, and jobs that use up the rest would keep others from beginning. RQ's
            command line gives a blocking one; only its address is used.
        max_jobs: how many jobs run at once.
        grace: seconds that the jobs have to end by themselves once `stopping` is set.
        may_pop: asked before each pop; while it says no, the jobs are left to other workers.
        stopping: the jobs' own, if they look at one.
        options: further arguments of RQ's `BaseWorker`.

    Attributes:
        stopping: set by SIGTERM, SIGINT or the caller; then no job is popped and those that run should end.

    """

    job_class: type[Job] = SafeJob

    def __init__(
        self,
        queues: str | Sequence[str] | Sequence[Queue],
        name: str | None = None,
        *,
        connection: Redis | BlockingRedis,
        max_jobs: int = MAX_JOBS,
        grace: float = GRACE_SECONDS,
        may_pop: Callable[[], bool] = _always,
        stopping: asyncio.Event | None = None,
        **options: Any,  # noqa: ANN401 (they are RQ's, and so are their types)
    ) -> None:
        defaults: dict[str, Any] = {
            "serializer": JSONSerializer,
            "job_monitoring_interval": BEAT_SECONDS,
            "maintenance_interval": CLEAR_SECONDS,
        }
        blocking = cast("BlockingRedis", connection)  # RQ is typed for it, and keeps it without using it
        # RQ would prepare for work by asking Redis, in blocking calls, for an address to show.
        super().__init__(queues, name, connection=blocking, **defaults | options | {"prepare_for_work": False})
        self.redis = asynchronous(connection)
        self.grace = grace
        self.may_pop = may_pop
        self.stopping = stopping or asyncio.Event()
        self._slots = asyncio.Semaphore(max_jobs)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Work until `stopping` is set.

        Returns:
            `STOPPED`, `CANCELLED` or `DIED`: the exit code for the process.

        Raises:
            ValueError, TypeError: the worker was given queues, a serializer or a job class that it cannot work with.

        """
        self._check()
        ledger, remains = Ledger(self, self.redis), Remains(self.redis, self.queues[0])
        for number in (signal.SIGTERM, signal.SIGINT):
            # Left in place until the loop is closed: a second signal must not kill a process that is about to end.
            asyncio.get_running_loop().add_signal_handler(number, self.stopping.set)
        popping = asyncio.create_task(self._pop_jobs(ledger, copy_context()))
        duties = (
            popping,
            asyncio.create_task(self._keep(ledger.beat, self.job_monitoring_interval)),
            asyncio.create_task(self._keep(remains.clear, self.maintenance_interval)),
        )
        told = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait((told, *duties), return_when=asyncio.FIRST_COMPLETED)
            self.stopping.set()
            # Cancelled, it could lose a job that Redis has moved already: nobody would begin it before the sweep calls.
            await asyncio.wait((popping,), timeout=LAST_POP_SECONDS)
            died = [duty for duty in duties if self._has_died(duty)]
            await end([popping], tries=CANCELS, each=CANCEL_SECONDS)
            cancelled = await self._end_jobs()
        finally:
            await end([told, *duties, *self._running], tries=CANCELS, each=CANCEL_SECONDS)
            await self._leave(ledger)
        return DIED if died else CANCELLED if cancelled else STOPPED

    def work(self, *_: Any, **options: Any) -> bool:  # noqa: ANN401 (whatever RQ's command line passes on)
        """Run under RQ's command line: `rq worker -w workers.worker.AsyncWorker -j workers.safe.SafeJob -S json Q`.

        Raises:
            ValueError: an option is set that this worker does not know, or see `run`.
            SystemExit: the worker did not end in order; RQ's command line itself would exit with 0.

        """
        unknown = [name for name in ("burst", "max_jobs", "max_idle_time", "with_scheduler") if options.get(name)]
        if unknown:
            raise ValueError(f"AsyncWorker does not know the options {', '.join(unknown)}")
        code = asyncio.run(self._run_and_close())
        if code != STOPPED:
            raise SystemExit(code)
        return bool(self.successful_job_count + self.failed_job_count)

    async def _run_and_close(self) -> int:
        async with self.redis:
            return await self.run()

    def _set_connection(self, connection: BlockingRedis) -> BlockingRedis:
        """Leave the client's time-outs alone, which RQ would raise for its long BLMOVE."""
        return connection

    def _check(self) -> None:
        if len(self.queues) != 1:
            raise ValueError(
                "AsyncWorker takes exactly one queue: popping from several, RQ loses jobs when it is killed"
            )
        if self.serializer is not JSONSerializer:
            raise ValueError("AsyncWorker takes only the JSON serializer: pickled jobs run whatever they contain")
        if not issubclass(self.job_class, SafeJob):
            raise TypeError("AsyncWorker takes only a SafeJob: other jobs run whatever function they name")

    async def _pop_jobs(self, ledger: Ledger, context: Context) -> None:
        while not self.stopping.is_set():
            await self._slots.acquire()
            job_id = await self._ride_out(self._pop)
            if job_id is None:
                self._slots.release()
                continue
            if self.stopping.is_set():
                await self._ride_out(ledger.give_back, job_id)
                return
            job = asyncio.create_task(self._run_job(job_id, ledger), context=context.copy())
            self._running.add(job)
            job.add_done_callback(self._job_ended)

    async def _pop(self) -> bytes | None:
        if not self.may_pop() or await self.redis.exists(WORKERS_SUSPENDED):
            await asyncio.sleep(PAUSE_SECONDS)
            return None
        queue = self.queues[0]
        return cast("bytes | None", await self.redis.blmove(queue.key, queue.intermediate_queue_key, BLOCK_SECONDS))

    async def _run_job(self, job_id: bytes, ledger: Ledger) -> None:
        job = await self._ride_out(ledger.read, job_id)
        if job is None:
            await self._ride_out(ledger.drop, job_id)
            return
        # What RQ's keys say of the job is not what it waits for; unsaid, it still stands where `remains` finds it.
        begun = asyncio.create_task(self._begin(job, ledger))
        failure = await self._failure_of(job)
        if failure is None:
            self.successful_job_count += 1
        else:
            self.failed_job_count += 1
        await self._ride_out(ledger.end, job, await begun, failure)

    async def _begin(self, job: Job, ledger: Ledger) -> Execution:
        await asyncio.sleep(0)  # what the job itself asks first goes before
        return await self._ride_out(ledger.begin, job)

    async def _failure_of(self, job: Job) -> str | None:
        """Run *job*; return the traceback if it fails."""
        try:
            await _coroutine_function_of(job)(*job.args, **job.kwargs)
        except (Exception, asyncio.CancelledError):
            self.log.exception("job %s failed: %s", job.id, job.description)
            return traceback.format_exc()
        return None

    def _job_ended(self, job: asyncio.Task[None]) -> None:
        self._running.discard(job)
        self._slots.release()
        if not job.cancelled() and (error := job.exception()):
            fault = None if isinstance(error, OUTAGE) else error
            self.log.error("a job's entries in RQ are left to be cleared away later: %s", error, exc_info=fault)

    async def _keep(self, duty: Callable[[], Awaitable[object]], seconds: float) -> None:
        while True:
            await self._ride_out(duty)
            await asyncio.sleep(seconds)

    async def _ride_out(self, act: Callable[P, Awaitable[T]], *args: P.args, **options: P.kwargs) -> T:
        """Do *act* as soon as Redis lets us; raise what Redis says only if the worker is told to stop."""
        retry = FIRST_RETRY_SECONDS
        while True:
            try:
                return await act(*args, **options)
            except OUTAGE as error:
                if self.stopping.is_set():
                    raise
                self.log.warning("%s waits %.2f s for Redis: %s", act.__qualname__, retry, error)
            await asyncio.sleep(retry)
            retry = min(2 * retry, LAST_RETRY_SECONDS)

    def _has_died(self, duty: asyncio.Task[None]) -> bool:
        error = duty.exception() if duty.done() else None
        # Redis's absence ends a duty only because the worker was told to stop.
        if error is None or isinstance(error, OUTAGE):
            return False
        self.log.critical("the worker ends because of a fault of its own", exc_info=error)
        return True

    async def _end_jobs(self) -> bool:
        """Let the jobs end; return whether some had to be cancelled."""
        if not self._running:
            return False
        _, late = await asyncio.wait(self._running, timeout=self.grace)
        if late:
            self.log.error("%d jobs did not end within %.0f s and are cancelled", len(late), self.grace)
            await end(late, tries=CANCELS, each=CANCEL_SECONDS)
        return bool(late)

    async def _leave(self, ledger: Ledger) -> None:
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await ledger.leave()
        except OUTAGE as error:
            self.log.warning("the worker leaves without a word: %s", error)


def _coroutine_function_of(job: Job) -> Callable[..., Awaitable[object]]:
    function: Callable[..., Awaitable[object]] = job.func
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{job.func_name} is not a coroutine function")
    return function
