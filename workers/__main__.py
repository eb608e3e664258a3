"""`python -m workers campaigns|callbacks`: one worker process for one queue, ended by SIGTERM with an honest code.

Exit codes: those of `workers.worker`, and 2 when the settings are wrong or Redis is none to work with.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Final

import uvloop
from prometheus_client import CollectorRegistry

from campaigns import observe, settings
from campaigns.ending import end
from campaigns.errors import Invalid
from campaigns.observe import LoopMetrics, traces
from campaigns.queue import CALLBACKS, CAMPAIGNS, Queue
from campaigns.store import Store, connection
from campaigns.sweep import sweep
from workers.health import answering
from workers.jobs import HERE
from workers.process import Process, opened
from workers.stand_in import StandIn
from workers.worker import AsyncWorker

WRONG_SETTINGS: Final = 2


async def work(
    queue: str,
    told: settings.Settings,
    *,
    open_process: Callable[[settings.Settings, CollectorRegistry], AbstractAsyncContextManager[Process]] = opened,
    beside: Callable[[Store, Queue], Coroutine[None, None, None]] | None = None,
) -> int:
    """Work on *queue* until told to stop; the exit code.

    Args:
        queue: campaigns or callbacks.
        told: what the process is told from outside.
        open_process: makes what its jobs share.
        beside: runs beside the jobs; by default the sweep.

    Raises:
        Invalid: Redis is none to work with.

    """
    registry = CollectorRegistry()
    loop = LoopMetrics(registry)
    url = await asyncio.to_thread(connection.address, told)
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(connection.client(url))  # RQ's commands keep out of our scripts' way
        if told.health_port is not None:
            await stack.enter_async_context(answering(told.health_port, own.ping, registry))
        process = await stack.enter_async_context(open_process(told, registry))
        worker = AsyncWorker(queue, connection=own, may_pop=process.may_pop, stopping=process.stopping)
        HERE.set(process)
        stand_in = StandIn(process)
        beside = beside or partial(sweep, stand_in=stand_in.begin)
        works = (loop.watch(), beside(process.store, process.queue))
        running = [asyncio.create_task(work) for work in works]
        try:
            return await worker.run()
        finally:
            await end(running)
            await stand_in.close()


def main(arguments: list[str]) -> int:
    """Work on the queue that the one argument names."""
    observe.configure_logging()
    observe.count_without_birthdays()
    if len(arguments) != 1 or arguments[0] not in {CAMPAIGNS, CALLBACKS}:
        sys.stderr.write(f"usage: python -m workers {CAMPAIGNS}|{CALLBACKS}\n")
        return WRONG_SETTINGS
    try:
        spans = traces.of(os.environ, arguments[0]) or traces.UNRECORDED
        open_process = partial(opened, serves=arguments[0] == CAMPAIGNS, spans=spans)
        return uvloop.run(work(arguments[0], settings.read(os.environ), open_process=open_process))
    except Invalid as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
