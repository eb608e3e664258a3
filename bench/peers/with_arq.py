"""arq as its documentation writes it: https://arq-docs.helpmanual.io/ (usage; retrying jobs)."""

import asyncio
import sys
from typing import Any

import httpx
from arq import Retry, create_pool  # type: ignore[import-not-found]  # in the peer's environment
from arq.connections import RedisSettings  # type: ignore[import-not-found]  # in the peer's environment

from bench.peers import wish

REDIS = RedisSettings.from_dsn(wish.REDIS)


async def job(ctx: dict[str, Any], number: int) -> None:
    """One trigger."""
    try:
        await wish.make_async(ctx["http"], number)
    except httpx.HTTPError as error:
        raise Retry(defer=2 ** ctx["job_try"]) from error


async def startup(ctx: dict[str, Any]) -> None:
    """Open the connections that all jobs share."""
    ctx["http"] = wish.async_client()


async def shutdown(ctx: dict[str, Any]) -> None:
    """Close them."""
    await ctx["http"].aclose()


class WorkerSettings:
    """What `arq with_arq.WorkerSettings` runs."""

    functions = (job,)
    redis_settings = REDIS
    on_startup = startup
    on_shutdown = shutdown
    max_jobs = wish.CONCURRENCY
    max_tries = 6
    job_timeout = 60


async def main() -> None:
    """Enqueue so many."""
    pool = await create_pool(REDIS)
    for number in range(int(sys.argv[1])):
        await pool.enqueue_job("job", number)
    await pool.aclose()


if __name__ == "__main__":
    asyncio.run(main())
