"""`python -m workers campaigns|callbacks`: one worker process for one queue, ended by SIGTERM with an honest code.

Exit codes: those of `workers.worker`, and 2 when the settings are wrong.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final

import uvloop
from redis.asyncio import Redis

from campaigns import observe, settings
from campaigns.errors import Invalid
from campaigns.queue import CALLBACKS, CAMPAIGNS, Queue
from campaigns.store import Store
from campaigns.sweep import sweep
from workers.health import answering
from workers.process import HERE, Process, opened, redis_url
from workers.worker import AsyncWorker

WRONG_SETTINGS: Final = 2


async def work(
    queue: str,
    told: settings.Settings,
    *,
    open_process: Callable[[settings.Settings], AbstractAsyncContextManager[Process]] = opened,
    beside: Callable[[Store, Queue], Coroutine[None, None, None]] = sweep,
) -> int:
    """Work on *queue* until told to stop; the exit code.

    Args:
        queue: campaigns or callbacks.
        told: what the process is told from outside.
        open_process: makes what its jobs share.
        beside: runs beside the jobs.

    """
    url = await redis_url(told)
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(Redis.from_url(url))  # RQ's commands keep out of our scripts' way
        process = await stack.enter_async_context(open_process(told))
        if told.health_port is not None:
            await stack.enter_async_context(answering(told.health_port, process.ping))
        worker = AsyncWorker(queue, connection=own)
        process.stopping = worker.stopping
        HERE.set(process)
        sweeping = asyncio.create_task(beside(process.store, process.queue))
        try:
            return await worker.run()
        finally:
            sweeping.cancel()


def main(arguments: list[str]) -> int:
    """Work on the queue that the one argument names."""
    observe.configure_logging()
    if len(arguments) != 1 or arguments[0] not in {CAMPAIGNS, CALLBACKS}:
        sys.stderr.write(f"usage: python -m workers {CAMPAIGNS}|{CALLBACKS}\n")
        return WRONG_SETTINGS
    try:
        told = settings.read(os.environ)
    except Invalid as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    return uvloop.run(work(arguments[0], told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
