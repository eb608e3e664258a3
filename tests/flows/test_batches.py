"""Calls that go together: how many a backlog takes, counted at HubSpot, and what a batch does not tell of its campaigns."""

from collections import Counter

import httpx
import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from campaigns.model import Run
from campaigns.states import Failed
from campaigns.store.verbs import Command
from campaigns.wishes import ArchiveCampaign, AttachAsset, CreateCampaign, UpdateCampaign
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, engine, serving, settings_of
from tests.flows.working import until
from workers.process import Process, opened

pytestmark = pytest.mark.usefixtures("redis")

PER_10S = 1_900
"""Ten times HubSpot's limit: the same waits, each a tenth as long."""


def creating(key: str, *more: AttachAsset, subject: str | None = None) -> Run:
    return a_run(key, CreateCampaign({"hs_name": key}), *more, subject=subject)


def batches(hubspot: Running, operation: str) -> list[int]:
    """How many campaigns each batch was for."""
    rows = [row for row in hubspot.ledger() if row["path"].endswith(f"/batch/{operation}")]
    return list(Counter(row["time"] for row in rows).values())


def requests(hubspot: Running) -> int:
    return int(hubspot.stats()["requests"])


def standing(hubspot: Running) -> int:
    return sum(not campaign["archived"] for campaign in hubspot.campaigns())


async def undone(process: Process, runs: list[Run]) -> list[Run]:
    """The runs once all have been undone."""
    for run in runs:
        await process.store.verbs.cancel(run.id, "undo", Command("office"))
    async with serving(process):
        return [stored.run for stored in await ended(process, runs)]


async def test_the_creates_of_a_drain_fill_their_batches(redis_url: str, hubspot: Running) -> None:
    """Attachments end runs, and a run that ends makes room for one more create: they go before a batch with room."""
    hubspot.limit(per_10s=PER_10S)
    hubspot.plan({"do": "delay", "delay_ms": 15})
    assets = (AttachAsset("FORM", "1"), AttachAsset("FORM", "2"))
    runs = [creating(f"k-{number}", *assets) for number in range(600)]
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, runs)
    assert requests(hubspot) - len(assets) * len(runs) <= 0.025 * len(runs), batches(hubspot, "create")


async def test_updates_go_together_and_so_do_the_reads_before_them(redis_url: str, hubspot: Running) -> None:
    hubspot.plan({"do": "delay", "delay_ms": 15})
    subjects = [f"sku-{number}" for number in range(120)]
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [creating(subject, subject=subject) for subject in subjects])
        before = requests(hubspot)
        wish = UpdateCampaign({"hs_audience": "all"})
        await advanced(process, [a_run(f"u-{subject}", wish, subject=subject) for subject in subjects])
    assert {one["properties"].get("hs_audience") for one in hubspot.campaigns()} == {"all"}
    assert requests(hubspot) - before <= 0.15 * len(subjects), batches(hubspot, "update")


async def test_a_batch_of_removals_is_confirmed_as_hubspot_grants_whatever_becomes_of_it(
    redis_url: str, hubspot: Running
) -> None:
    subjects = [f"sku-{number}" for number in range(20)]
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, [creating(subject, subject=subject) for subject in subjects])
        before = requests(hubspot)
        found = await advanced(process, [a_run(f"a-{name}", ArchiveCampaign(), subject=name) for name in subjects])
    assert {stored.ending for stored in found} == {"done"}
    assert standing(hubspot) == 0
    assert requests(hubspot) - before <= 8, "a removal alone, the others together, and a read of all of these"


async def test_the_metrics_tell_for_how_many_campaigns_each_call_was(redis_url: str, hubspot: Running) -> None:
    subjects = [f"sku-{number}" for number in range(20)]
    registry = CollectorRegistry()

    def told(what: str, operation: str) -> float | None:
        return registry.get_sample_value(f"fanfare_batch_size_{what}", {"portal": "acme", "operation": operation})

    async with opened(settings_of(redis_url, hubspot.url), registry) as process:
        await advanced(process, [creating(subject, subject=subject) for subject in subjects])
        change = UpdateCampaign({"hs_audience": "all"})
        await advanced(process, [a_run(f"u-{name}", change, subject=name) for name in subjects])
        await advanced(process, [a_run(f"a-{name}", ArchiveCampaign(), subject=name) for name in subjects])
    assert [told("sum", operation) for operation in ("create", "update", "archive")] == [20, 20, 20]
    assert all((told("count", operation) or 0) <= 3 for operation in ("create", "update", "archive")), (
        "they go together"
    )
    assert (told("sum", "read") or 0) >= len(subjects), "before the updates, and after the removals"


async def test_many_runs_are_undone_with_one_call_each_besides_what_goes_together(
    redis_url: str, hubspot: Running
) -> None:
    """That call asks for the campaign's items, which nothing tells of several at once."""
    hubspot.plan({"do": "delay", "delay_ms": 15})
    runs = [creating(f"k-{number}") for number in range(120)]
    async with engine(redis_url, hubspot.url) as process:
        await advanced(process, runs)
        before = requests(hubspot)
        await undone(process, runs)
    assert standing(hubspot) == 0
    assert requests(hubspot) - before <= 1.25 * len(runs)


async def test_of_many_that_are_undone_the_one_that_somebody_has_edited_stays(redis_url: str, hubspot: Running) -> None:
    runs = [creating(f"k-{number}", AttachAsset("FORM", "1")) for number in range(30)]
    async with engine(redis_url, hubspot.url) as process:
        campaigns = [stored.run.campaign for stored in await advanced(process, runs)]
        async with httpx.AsyncClient(trust_env=False, headers={"authorization": "Bearer pat-test"}) as http:
            path = f"{hubspot.url}/marketing/campaigns/2026-03/{campaigns[7]}"
            (await http.patch(path, json={"properties": {"hs_name": "Mine"}})).raise_for_status()
        found = await undone(process, runs)
    assert [one["id"] for one in hubspot.campaigns() if not one["archived"]] == [campaigns[7]]
    state = found[7].step("undo create_campaign").state
    assert isinstance(state, Failed)
    assert state.problem.detail == "left: somebody has edited hs_name"


@pytest.mark.parametrize("switches", [{"lookup_lag_s": 30}, {"all_failed": "400"}, {"batch_status": "PROCESSING"}])
async def test_what_a_batch_does_not_show_is_asked_for_alone(
    redis_url: str, hubspot: Running, switches: dict[str, str | int]
) -> None:
    runs = [creating(f"k-{number}") for number in range(12)]
    async with engine(redis_url, hubspot.url) as process:
        hubspot.turn(lookup_lag_s=switches.get("lookup_lag_s", 0))
        await advanced(process, runs)
        hubspot.turn(**switches)
        found = await undone(process, runs)
    assert standing(hubspot) == 0
    assert not [step for run in found for step in run.steps if isinstance(step.state, Failed)]


@pytest.mark.parametrize(("fault", "ghosts"), [("status_before", True), ("status_after", False)])
async def test_a_batch_that_is_refused_as_a_whole_is_looked_up_and_sent_in_halves(
    redis_url: str, redis: Redis, hubspot: Running, fault: str, *, ghosts: bool
) -> None:
    """What the look does not show may still appear: each attempt of it is a ghost of its own."""
    hubspot.plan({"method": "POST", "path": "/batch/create", "do": fault, "status": 400, "times": 1})
    runs = [creating(f"k-{number}") for number in range(40)]
    async with engine(redis_url, hubspot.url) as process:
        found = await advanced(process, runs)
    assert {stored.ending for stored in found} == {"done"}
    assert len(hubspot.campaigns()) == len(runs)
    refused, *_ = batches(hubspot, "create")
    assert await redis.zcard("fanfare:ghosts:acme") == (refused if ghosts else 0)


async def test_priority_high_does_not_wait_for_the_halves_of_a_refused_batch(redis_url: str, hubspot: Running) -> None:
    slow, refused = {"do": "delay", "delay_ms": 50}, {"do": "status_before", "status": 400, "times": 7}
    hubspot.plan({"method": "POST", "path": "/batch/create", **refused}, slow)
    bulk = [a_run(f"b-{number}", CreateCampaign({"hs_name": f"b-{number}"}), priority="bulk") for number in range(40)]
    high = a_run("high", CreateCampaign({"hs_name": "high"}), priority="high")

    async def one_is_refused() -> bool:
        return len(batches(hubspot, "create")) == 1

    async with engine(redis_url, hubspot.url) as process:
        await accept(process, bulk)
        async with serving(process):
            await until(one_is_refused)
            await accept(process, [high])
            await ended(process, [*bulk, high])
    rows = [row for row in hubspot.ledger() if row["method"] == "POST"]  # the creates
    calls = list(dict.fromkeys(row["time"] for row in rows))
    (its,) = {row["time"] for row in rows if high.id in (row["marker"] or "")}
    assert calls.index(its) <= 4, f"of {len(calls)}: one alone, the batch, and a half that was about to leave"


async def test_what_a_refused_batch_makes_late_is_removed(redis_url: str, hubspot: Running) -> None:
    late = {"do": "late_commit", "status": 400, "delay_ms": 800}
    hubspot.plan({"method": "POST", "path": "/batch/create", "times": 1, **late})
    runs = [creating(f"k-{number}") for number in range(12)]
    async with engine(redis_url, hubspot.url, ghost_looks=(2.0, 4.0)) as process, serving(process):
        await accept(process, runs)
        kept = {stored.run.campaign for stored in await ended(process, runs)}

        async def appeared() -> bool:
            return len(hubspot.campaigns()) > len(runs)

        async def removed() -> bool:
            return {one["id"] for one in hubspot.campaigns() if not one["archived"]} == kept

        await until(appeared)
        await until(removed)
