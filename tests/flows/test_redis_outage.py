"""Redis is killed under load and comes back after seconds: no process ends, and nothing is lost or doubled."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from campaigns import embedded
from cli.demo import free_ports
from cli.trial import lay_out
from tests.flows.load import Load, standing
from tests.stories.conftest import Stand, until


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    """All programs, with a Valkey of their own."""
    with tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        async with standing(lay_out(Path(folder), free_ports(), settle=0.5, call_deadline=3.0)) as found:
            yield found


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "seconds",
    [pytest.param(2, id="shorter than a lease"), pytest.param(8, id="longer than a lease", marks=pytest.mark.slow)],
)
async def test_an_outage_under_load_ends_no_process_and_loses_nothing(stand: Stand, seconds: float) -> None:
    load = Load(stand)
    async with load.sending():
        await load.until_more_are_accepted(50)
        stand.hubspot.plan({"method": "POST", "do": "delay", "delay_ms": 1_000, "share": 0.5, "times": 3})
        await load.until_more_are_accepted(10)  # creates are on their way when Redis dies
        os.kill(int((stand.trial.folder / "valkey.pid").read_text()), signal.SIGKILL)
        await until(lambda: is_refused(load))
        assert not (await stand.read("/readyz")).is_success
        assert (await stand.read("/livez")).is_success
        await asyncio.sleep(seconds)
        stand.programs.check()
        embedded.ensure(stand.trial.folder)
        again = await load.until_more_are_accepted(50)
    print(f"50 more accepted {again:.1f} s after Redis was back; refused meanwhile: {load.refusals}")
    await load.has_come_true_once()


async def is_refused(load: Load) -> bool:
    """Whether callers are told that the store is away."""
    return load.refusals["unavailable"] > 0
