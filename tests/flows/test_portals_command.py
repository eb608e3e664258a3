"""`fanfare portals diff` at a service of its own, with a real Valkey and the simulator."""

import asyncio
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from campaigns.wishes import CreateCampaign
from cli.main import app
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import advanced, engine
from tests.flows.serving import a_program
from tests.settings import API_KEYS


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "shop"
    file.write_text(API_KEYS["shop"] + "\n")
    return file


async def fanfare(service: str, key: Path, *words: str) -> Result:
    told = ["portals", "diff", *words, "--service", service, "--key", str(key)]
    return await asyncio.to_thread(CliRunner().invoke, app, told)


async def a_campaign(redis_url: str, hubspot: Running, subject: str) -> str:
    async with engine(redis_url, hubspot.url) as process:
        (made,) = await advanced(process, [a_run(subject, CreateCampaign({"hs_name": "Lamp"}), subject=subject)])
    return str(made.run.campaign)


async def a_person_renames(hubspot: Running, campaign: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.patch(
            f"{hubspot.url}/marketing/campaigns/2026-03/{campaign}",
            json={"properties": {"hs_name": "Lampe"}},
            headers={"authorization": "Bearer pat-test"},
        )
    answer.raise_for_status()


async def test_what_differs_is_printed_and_told_by_the_exit_code(
    redis: Redis, redis_url: str, hubspot: Running, tmp_path: Path, key: Path
) -> None:
    await redis.flushall()
    same, drifted = [await a_campaign(redis_url, hubspot, subject) for subject in ("sku-1", "sku/2")]
    async with a_program(tmp_path, redis_url, hubspot=hubspot.url) as (_, http):
        service = str(http.base_url)
        as_wanted = await fanfare(service, key, "acme", "sku-1")
        await a_person_renames(hubspot, drifted)
        differs = await fanfare(service, key, "acme", "sku-1", "sku/2")
        unknown = await fanfare(service, key, "acme", "sku-1", "sku-3")
    assert (as_wanted.exit_code, as_wanted.output) == (0, f"acme, sku-1: campaign {same} is as it is wanted\n")
    assert differs.exit_code == 1
    assert differs.output.splitlines() == [
        f"acme, sku-1: campaign {same} is as it is wanted",
        f"acme, sku/2: campaign {drifted}",
        "  hs_name: 'Lamp' is wanted, HubSpot has 'Lampe'",
        "  -> to mend it, send a trigger of the type campaign.mend with this portal and subject",
    ]
    assert unknown.exit_code == 2
    assert unknown.output.splitlines()[1:] == ["acme, sku-3: There is no such thing: nothing is kept of this subject"]


async def test_without_a_key_or_a_service_nobody_can_say(tmp_path: Path, key: Path) -> None:
    nowhere = await fanfare("http://127.0.0.1:9", key, "acme", "sku-1")
    assert (nowhere.exit_code, "the service at http://127.0.0.1:9: " in nowhere.output) == (2, True)
    keyless = await fanfare("http://127.0.0.1:9", tmp_path / "none", "acme", "sku-1")
    assert (keyless.exit_code, "the API key: " in keyless.output) == (2, True)
