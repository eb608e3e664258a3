"""The primary is killed under load and its replica takes over: every program goes on, and nothing is lost or doubled."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cli.demo import free_ports
from cli.trial import lay_out
from tests.flows.load import Load, standing
from tests.flows.valkeys import Watched, a_watched_pair
from tests.stories.conftest import Stand, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def watched() -> Iterator[Watched]:
    with a_watched_pair() as found:
        yield found


@pytest.fixture
async def stand(watched: Watched) -> AsyncIterator[Stand]:
    """All programs, which learn from the Sentinels where Redis is."""
    with tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        trial = lay_out(Path(folder), free_ports(), settle=0.5, call_deadline=3.0)
        settings = trial.folder / "fanfare.toml"
        settings.write_text(f"replicas = 1\n{settings.read_text()}")
        trial.environment["FANFARE_REDIS_URL"] = watched.url
        async with standing(trial) as found:
            yield found


async def test_a_failover_under_load_loses_nothing_and_doubles_nothing(watched: Watched, stand: Stand) -> None:
    async def taken_over() -> bool:
        return await asyncio.to_thread(lambda: watched.leader is watched.replica)

    async def not_yet_durable() -> bool:
        return load.refusals["not-yet-durable"] > 0

    load = Load(stand)
    async with load.sending():
        await load.until_more_are_accepted(50)
        stand.hubspot.plan({"method": "POST", "do": "delay", "delay_ms": 2_000, "share": 0.5, "times": 3})
        await load.until_more_are_accepted(10)  # creates are on their way when the primary dies
        watched.primary.kill()
        await until(taken_over)
        first = next(iter(load.accepted.values()))
        await until(lambda: is_shown(stand, first))  # reading needs no replica
        await until(not_yet_durable)  # accepting does
        watched.primary.start("--replicaof", "127.0.0.1", str(watched.replica.port))  # as its supervisor does
        seconds = await load.until_more_are_accepted(50)
    print(
        f"50 accepted {seconds:.1f} s after the new primary's replica was started; refused meanwhile: {load.refusals}"
    )
    await load.has_come_true_once()


async def is_shown(stand: Stand, run: str) -> bool:
    """Whether the service reads the run."""
    return (await stand.read(f"/v1/runs/{run}")).status_code == 200
