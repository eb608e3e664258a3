"""Taskiq as its documentation writes it.

https://taskiq-python.github.io/available-components/brokers.html (Redis streams, the broker that acknowledges) and
https://taskiq-python.github.io/available-components/middlewares.html (smart retries). What a killed worker held comes
back after a minute, but it is looked for only when something new has come.
"""

import asyncio
import sys

import httpx
from taskiq import SmartRetryMiddleware, TaskiqEvents, TaskiqState  # type: ignore[import-not-found]  # in the peer's environment
from taskiq_redis import RedisStreamBroker  # type: ignore[import-not-found]  # in the peer's environment

from bench.peers import wish

broker = RedisStreamBroker(url=wish.REDIS, idle_timeout=60_000).with_middlewares(
    SmartRetryMiddleware(default_retry_count=6, default_delay=1, use_jitter=True, use_delay_exponent=True)
)
connections: list[httpx.AsyncClient] = []


@broker.on_event(TaskiqEvents.WORKER_STARTUP)  # type: ignore[untyped-decorator]  # not installed here
async def startup(_state: TaskiqState) -> None:
    """Open the connections that all jobs share."""
    connections.append(wish.async_client())


@broker.task(task_name="job", retry_on_error=True)  # type: ignore[untyped-decorator]  # likewise
async def job(number: int) -> None:
    """One trigger."""
    await wish.make_async(connections[0], number)


async def main() -> None:
    """Enqueue so many."""
    await broker.startup()
    for number in range(int(sys.argv[1])):
        await job.kiq(number)
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
