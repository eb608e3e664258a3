"""SAQ as its documentation writes it: https://saq-py.readthedocs.io/en/latest/ (getting started; retries)."""

import asyncio
import sys
from typing import Any

from saq import Queue  # type: ignore[import-not-found]  # in the peer's environment

from bench.peers import wish

queue = Queue.from_url(wish.REDIS)


async def job(ctx: dict[str, Any], *, number: int) -> None:
    """One trigger."""
    await wish.make_async(ctx["http"], number)


async def startup(ctx: dict[str, Any]) -> None:
    """Open the connections that all jobs share."""
    ctx["http"] = wish.async_client()


async def shutdown(ctx: dict[str, Any]) -> None:
    """Close them."""
    await ctx["http"].aclose()


settings = {
    "queue": queue,
    "functions": [job],
    "concurrency": wish.CONCURRENCY,
    "startup": startup,
    "shutdown": shutdown,
}


async def main() -> None:
    """Enqueue so many."""
    await queue.connect()
    for number in range(int(sys.argv[1])):
        await queue.enqueue("job", number=number, retries=6, retry_delay=1.0, retry_backoff=30.0, timeout=60)
    await queue.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
