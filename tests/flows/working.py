"""Putting example jobs into a queue, letting a worker run them, and waiting for what nothing announces."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from redis.asyncio import Redis

from campaigns.queue import CAMPAIGNS, Queue, _job
from tests.flows.worker_jobs import HERE, SURROUNDINGS, ExampleJob, Surroundings
from workers.worker import STOPPED, AsyncWorker

QUEUE = "rq:queue:campaigns"
INTERMEDIATE = "rq:queue:campaigns:intermediate"
BEGUN = "rq:wip:campaigns"
FAILED = "rq:failed:campaigns"


async def push(redis: Redis, name: str, *arguments: str) -> None:
    """Enqueue the example job *name*, or any function by its path, the way that `Queue` enqueues."""
    await Queue(redis)._push(CAMPAIGNS, [_job(name if "." in name else f"{HERE}.{name}", *arguments)])


async def push_hash(redis: Redis, job_id: str, **fields: bytes) -> None:
    """Enqueue a job that `Queue` did not write."""
    for name, value in fields.items():
        await redis.hset(f"rq:job:{job_id}", name, value)
    await redis.rpush(QUEUE, job_id)


def a_worker(redis: Redis, **options: Any) -> AsyncWorker:  # noqa: ANN401 (whatever a worker takes)
    """A worker on the campaigns' queue that runs example jobs."""
    return AsyncWorker("campaigns", connection=redis, **{"job_class": ExampleJob} | options)


@asynccontextmanager
async def working(worker: AsyncWorker, *, ends: int = STOPPED) -> AsyncIterator[None]:
    """Let *worker* run jobs, with a client of their own; stop it at the end, which must come in the way of *ends*."""
    async with Redis(unix_socket_path=worker.redis.connection_pool.connection_kwargs["path"]) as redis:
        SURROUNDINGS.set(Surroundings(redis, worker.stopping))
        running = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stopping.set()
        async with asyncio.timeout(10):
            assert await running == ends


@asynccontextmanager
async def a_process(
    *command: str, cwd: str = ".", env: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start Python with *command*; what still runs at the end is killed."""
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=cwd, env=env)
    try:
        yield process
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()


async def word(redis: Redis, name: str) -> str:
    """Wait for the next word that a job left in the list *name*."""
    for _ in range(8):  # less than the client's own time-out each; a process takes long to start on a busy machine
        found = cast("tuple[bytes, bytes] | None", await redis.blpop([name], timeout=4))
        if found:
            return found[1].decode()
    raise AssertionError(f"no job said anything in {name}")


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait until *condition* holds, at most half a minute: machines are shared."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 (what is waited for stands in Redis or HubSpot, which have no event)
            await asyncio.sleep(0.01)
