"""What an operator's Prometheus sees of a run on its way through every program."""

import re

import httpx
from prometheus_client import CollectorRegistry

from tests.receiver import Receiver
from tests.stories.conftest import Stand, until
from tests.stories.test_promises import a_launch
from tests.system import metrics


async def scraped(port: int) -> dict[str, float]:
    """Each sample of the program on *port* and its value."""
    async with httpx.AsyncClient(trust_env=False) as http:
        lines = (await http.get(f"http://127.0.0.1:{port}/metrics")).text.splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in samples}


async def test_a_run_is_counted_by_the_service_and_by_both_workers(stand: Stand) -> None:
    ports = stand.trial.ports
    done, delivered = (
        'fanfare_hubspot_calls_total{outcome="done",portal="acme"}',
        'fanfare_callbacks_total{outcome="delivered"}',
    )
    calls, posts = (await scraped(ports.campaigns)).get(done, 0), (await scraped(ports.callbacks)).get(delivered, 0)
    async with Receiver() as receiver:
        await stand.ended(await stand.accepted(a_launch("Watched", callbackurl=receiver.url()), key="watched"))
        await receiver.wait_for(1)

        async def counted() -> bool:
            return (await scraped(ports.callbacks)).get(delivered, 0) == posts + 1

        assert await until(counted)
    assert (await scraped(ports.campaigns))[done] >= calls + 3
    service = await scraped(ports.service)
    assert service['fanfare_triggers_total{outcome="accepted"}'] >= 1
    assert service["fanfare_lateness_seconds"] == 0.0


async def names(port: int) -> set[str]:
    """The metrics of ours that the program on *port* tells."""
    async with httpx.AsyncClient(trust_env=False) as http:
        told = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    assert "_created" not in told
    assert "process_resident_memory_bytes" in told
    return set(re.findall(r"^# TYPE (fanfare_\w+?)(?:_total)? ", told, re.MULTILINE))


async def test_the_programs_tell_what_the_page_says_and_nothing_else(stand: Stand) -> None:
    """The page, the alerts and the dashboard are held to `tests.system.metrics`, and that to the programs here."""

    def known(registry: CollectorRegistry) -> set[str]:
        return {one.name for one in metrics.families(registry)}

    ports = stand.trial.ports
    assert await names(ports.service) == known(metrics.of_service())
    assert await names(ports.campaigns) == await names(ports.callbacks) == known(metrics.of_workers())
