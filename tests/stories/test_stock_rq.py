"""RQ's own workers carry our jobs as well: nothing that we need of RQ is ours alone."""

import asyncio
import sys
from pathlib import Path
from typing import cast

from redis.asyncio import Redis

from tests.receiver import Receiver
from tests.stories.conftest import Stand, until
from tests.stories.test_promises import a_launch


async def rq_worker(stand: Stand, queue: str) -> int:
    """Run a stock `rq worker` on *queue* until it is empty; its exit code."""
    rq = Path(sys.executable).with_name("rq")
    url = f"unix://{stand.trial.folder / 'valkey.sock'}"
    worker = await asyncio.create_subprocess_exec(
        str(rq), "worker", "--url", url, "--serializer", "rq.serializers.JSONSerializer", "--burst", queue,
        env=stand.trial.environment,
    )  # fmt: skip
    return await worker.wait()


async def jobs(redis: Redis) -> list[bytes]:
    """The ids of the jobs that wait for a worker."""
    return cast("list[bytes]", await redis.lrange("rq:queue:campaigns", 0, -1))


async def test_an_accepted_trigger_is_an_rq_job_and_stock_workers_do_it(stand: Stand) -> None:
    for name in ("campaigns", "callbacks"):
        stand.programs.end(name)
    async with Receiver() as receiver, Redis.from_url(f"unix://{stand.trial.folder / 'valkey.sock'}") as redis:
        run_id = await stand.accepted(a_launch("Stock", 1, 2, callbackurl=receiver.url()), key="stock")
        (job_id,) = await until(lambda: jobs(redis))  # enqueued beside the answer, not before it
        description = await redis.hget(f"rq:job:{job_id.decode()}", "description")
        assert description == b"workers.jobs.advance('acme')"

        assert await rq_worker(stand, "campaigns") == 0
        run = await stand.ended(run_id)
        assert run["status"] == "done"
        assert [campaign["assets"] for campaign in stand.hubspot.campaigns()] == [{"MARKETING_EMAIL": ["1", "2"]}]

        assert await redis.llen("rq:queue:callbacks") == 1
        assert await rq_worker(stand, "callbacks") == 0
        (callback,) = await receiver.wait_for(1)
    assert stand.verified(callback)["type"] == "run.done"
