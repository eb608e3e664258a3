"""A process that runs the example jobs: `python -m tests.flows.worker_program REDIS_URL GRACE_SECONDS`."""

import asyncio
import sys

from redis.asyncio import Redis

from tests.flows.worker_jobs import SURROUNDINGS, ExampleJob, Surroundings
from workers.worker import AsyncWorker


async def main(url: str, grace: float) -> int:
    """Work on the campaigns' queue until a signal comes."""
    async with Redis.from_url(url) as redis, Redis.from_url(url) as redis_of_worker:
        worker = AsyncWorker("campaigns", connection=redis_of_worker, job_class=ExampleJob, grace=grace)
        SURROUNDINGS.set(Surroundings(redis, worker.stopping))
        return await worker.run()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], float(sys.argv[2]))))
