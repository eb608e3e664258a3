"""Drift on a real Valkey and the simulator: what people change in HubSpot is told, and mended where it was ours."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from campaigns import keys
from campaigns.errors import Conflict
from campaigns.keys import marker_in
from campaigns.model import Run, Stored, Trigger
from campaigns.plan import Sender, plan
from campaigns.recipes import MEND, Recipes
from campaigns.states import Failed
from campaigns.store import Store
from campaigns.store.verbs import Command
from campaigns.wishes import ArchiveCampaign, AttachAsset, CreateCampaign, DetachAssets, UpdateCampaign, Wish
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.engine import accept, advanced, ended, engine, serving
from tests.flows.serving import a_service, problem
from tests.settings import a_caller, bearer, some_settings
from workers.process import Process

CALLERS = {
    "shop": a_caller("shop", rights=("read", "operate")),
    "office": a_caller("office", rights=("read",), portals=()),
}
PATH = "/v1/subjects/acme/sku-1/diff"
MARKER_LOST, GONE = {"is": "marker_lost"}, {"is": "campaign_gone"}


@pytest.fixture
async def http(redis: Redis, redis_url: str, hubspot: Running) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url, callers=CALLERS, hubspot=hubspot.url)) as client:
        yield client


@pytest.fixture
async def process(http: httpx.AsyncClient, redis_url: str, hubspot: Running) -> AsyncIterator[Process]:  # noqa: ARG001 - http empties Redis
    async with engine(redis_url, hubspot.url) as process:
        yield process


def of(key: str, *wishes: Wish, time: int) -> Run:
    """A run for the one subject of these tests, of a trigger of that *time*."""
    return a_run(key, *wishes, subject="sku-1", time=time)


def a_mend(key: str, **more: Any) -> Run:  # noqa: ANN401 - any attribute of a trigger
    trigger = Trigger(type=MEND, subject="sku-1", portal="acme", **more)
    return plan(trigger, Recipes(), Sender("test", "shop", "shared"), key)


LAUNCH = (
    CreateCampaign({"hs_name": "Lamp", "hs_audience": "all"}),
    AttachAsset("FORM", "1"),
    AttachAsset("FORM", "3"),
    DetachAssets(),
)
CHANGE = (UpdateCampaign({"hs_name": "Lamp II"}), AttachAsset("FORM", "1"), AttachAsset("FORM", "2"), DetachAssets())


async def launched(process: Process) -> str:
    """A campaign that has the name Lamp II and the forms 1 and 2, and had form 3 before."""
    await advanced(process, [of("launch", *LAUNCH, time=1_000)])
    (changed,) = await advanced(process, [of("change", *CHANGE, time=3_000)])
    return str(changed.run.campaign)


async def mended(process: Process, key: str = "mend", **more: Any) -> Stored:  # noqa: ANN401 - any attribute
    (found,) = await advanced(process, [a_mend(key, **more)])
    return found


async def a_person(hubspot: Running, method: str, path: str, **properties: str) -> None:
    """What somebody does in HubSpot."""
    async with httpx.AsyncClient(trust_env=False, base_url=f"{hubspot.url}/marketing/campaigns/2026-03/") as client:
        json = {"properties": properties} if properties else None
        answer = await client.request(method, path, json=json, headers={"authorization": "Bearer pat-test"})
    answer.raise_for_status()


async def meddled(hubspot: Running, campaign: str) -> None:
    await a_person(hubspot, "PATCH", campaign, hs_name="Lampe", hs_utm="theirs", hs_notes="mine now")
    await a_person(hubspot, "DELETE", f"{campaign}/assets/FORM/1")
    await a_person(hubspot, "PUT", f"{campaign}/assets/FORM/3")
    await a_person(hubspot, "PUT", f"{campaign}/assets/FORM/9")


async def report(http: httpx.AsyncClient) -> dict[str, Any]:
    answer = await http.get(PATH, headers=bearer("shop"))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def shown(hubspot: Running) -> dict[str, Any]:
    (campaign,) = (one for one in hubspot.campaigns() if not one["archived"])
    return campaign


async def test_what_differs_is_told_mended_and_not_touched_again(
    http: httpx.AsyncClient, process: Process, hubspot: Running
) -> None:
    campaign = await launched(process)
    assert (await report(http))["differences"] == []
    await meddled(hubspot, campaign)
    told = await report(http)
    assert told["differences"] == [
        {"is": "property_differs", "name": "hs_name", "wanted": "Lamp II", "found": "Lampe"},
        {"is": "asset_missing", "type": "FORM", "id": "1"},
        {"is": "asset_left", "type": "FORM", "id": "3"},
        MARKER_LOST,
    ]
    forms = [{"type": "FORM", "id": number} for number in "123"]
    assert (told["portal"], told["subject"], told["campaign"]) == ("acme", "sku-1", campaign)
    assert told["wanted"] == {"properties": {"hs_name": "Lamp II", "hs_audience": "all"}, "assets": forms[:2]}
    assert told["found"] == {"properties": {"hs_name": "Lampe", "hs_audience": "all"}, "assets": forms[1:]}

    before = len(hubspot.ledger())
    first = await mended(process)
    assert (first.ending, (await report(http))["differences"]) == ("done", [])
    after = [(one["method"], one["path"].rpartition(campaign)[2]) for one in hubspot.ledger()[before:]]
    assert after == [("PATCH", ""), ("PUT", "/assets/FORM/1"), ("DELETE", "/assets/FORM/3")]
    properties = shown(hubspot)["properties"]
    assert (properties["hs_name"], properties["hs_utm"]) == ("Lamp II", "theirs")
    assert properties["hs_notes"].startswith("mine now\n[fanfare:")
    assert sorted(shown(hubspot)["assets"]["FORM"]) == ["1", "2", "9"]

    second = await mended(process, "again")
    assert (second.ending, len(hubspot.ledger())) == ("done", before + 3)


async def test_a_mend_sets_nothing_anew_so_what_is_older_but_newest_of_its_kind_still_counts(
    process: Process, hubspot: Running
) -> None:
    campaign = await launched(process)
    lane = keys.lane_name("acme", "shared", "sku-1")
    before = await process.store.bindings.read(lane)
    await meddled(hubspot, campaign)
    await mended(process, time=9_000)
    assert await process.store.bindings.read(lane) == before
    late = of("late", UpdateCampaign({"hs_name": "late", "hs_audience": "few"}), time=2_000)
    (told,) = await advanced(process, [late])
    properties = shown(hubspot)["properties"]
    assert (told.ending, properties["hs_name"], properties["hs_audience"]) == ("done", "Lamp II", "few")


async def test_a_mend_of_long_ago_brings_back_what_newer_triggers_have_set(process: Process, hubspot: Running) -> None:
    await meddled(hubspot, await launched(process))
    assert (await mended(process, time=500)).ending == "done"
    assert shown(hubspot)["properties"]["hs_name"] == "Lamp II"


async def test_a_mend_that_waits_in_the_lane_mends_what_those_before_it_have_set(
    http: httpx.AsyncClient, process: Process, hubspot: Running
) -> None:
    campaign = await launched(process)
    await meddled(hubspot, campaign)
    newer = of("newer", UpdateCampaign({"hs_name": "Lamp III"}), time=5_000)
    await accept(process, [newer])
    await accept(process, [a_mend("behind", time=9_000)])
    async with serving(process):
        assert [one.ending for one in await ended(process, [newer, a_mend("behind")])] == ["done", "done"]
    assert (await report(http))["differences"] == []
    assert shown(hubspot)["properties"]["hs_name"] == "Lamp III"


@pytest.mark.parametrize("name_spaces", ["kept", "trimmed"])
async def test_what_hubspot_makes_of_a_value_is_no_drift(
    http: httpx.AsyncClient, process: Process, hubspot: Running, name_spaces: str
) -> None:
    hubspot.turn(status_casing="upper", name_spaces=name_spaces, assigned_utm="later")
    properties = {
        "hs_name": " Lamp ",
        "hs_campaign_status": "planned",
        "hs_goal": "fame",
        "hs_start_date": "2026-03-01",
    }
    await advanced(process, [of("make", CreateCampaign(properties), time=1_000)])
    changes = len(hubspot.ledger())
    assert (await report(http))["differences"] == []
    assert ((await mended(process)).ending, len(hubspot.ledger())) == ("done", changes)


async def test_a_name_that_was_numbered_is_the_one_that_is_wanted(http: httpx.AsyncClient, process: Process) -> None:
    await advanced(process, [a_run("theirs", CreateCampaign({"hs_name": "Lamp"}))])
    await advanced(process, [of("ours", CreateCampaign({"hs_name": "Lamp"}, taken="number"), time=1_000)])
    told = await report(http)
    assert (told["wanted"]["properties"], told["differences"]) == ({"hs_name": "Lamp (2)"}, [])


async def test_a_mend_whose_answers_are_lost_is_made_again(
    http: httpx.AsyncClient, process: Process, hubspot: Running
) -> None:
    await meddled(hubspot, await launched(process))
    lost: list[dict[str, object]] = [
        {"method": method, "do": "cut_after", "times": 1} for method in ("PATCH", "PUT", "DELETE")
    ]
    hubspot.plan(*lost, {"method": "PUT", "do": "cut_before", "times": 1})
    assert (await mended(process)).ending == "done"
    assert (await report(http))["differences"] == []


async def test_an_asset_that_hubspot_refuses_keeps_nothing_else_from_being_mended(
    http: httpx.AsyncClient, process: Process, hubspot: Running
) -> None:
    await meddled(hubspot, await launched(process))
    hubspot.lose_assets("1")
    found = await mended(process)
    assert found.ending == "partial"
    assert isinstance(found.run.step("mend_assets").state, Failed)
    assert (await report(http))["differences"] == [{"is": "asset_missing", "type": "FORM", "id": "1"}]
    hubspot.lose_assets()
    await process.store.verbs.retry(found.run.id, Command("office"))
    async with serving(process):
        (retried,) = await ended(process, [found.run])
    assert (retried.ending, (await report(http))["differences"]) == ("done", [])


async def test_a_mend_of_a_subject_without_a_campaign_makes_none(process: Process, hubspot: Running) -> None:
    state = (await mended(process)).run.steps[0].state
    assert isinstance(state, Failed)
    assert state.problem.detail.startswith("no-campaign")
    assert hubspot.ledger() == []


async def test_an_archived_campaign_is_as_it_is_wanted_and_one_that_is_gone_is_told_and_not_made_again(
    http: httpx.AsyncClient, process: Process, hubspot: Running
) -> None:
    campaign = await launched(process)
    await a_person(hubspot, "DELETE", campaign)
    told = await report(http)
    assert (told["campaign"], told["found"], told["differences"]) == (campaign, None, [GONE])
    assert (await mended(process)).ending == "failed"
    await advanced(process, [of("archive", ArchiveCampaign(), time=7_000)])
    told = await report(http)
    nothing: dict[str, Any] = {"properties": {}, "assets": []}
    assert (told["campaign"], told["wanted"], told["found"], told["differences"]) == (None, nothing, None, [])


async def test_a_mend_is_not_undone(process: Process, hubspot: Running) -> None:
    await meddled(hubspot, await launched(process))
    run = (await mended(process)).run
    with pytest.raises(Conflict):
        await process.store.verbs.cancel(run.id, "undo", Command("office"))


async def test_where_markers_have_a_property_of_their_own_it_is_mended_and_notes_stay_clean(
    http: httpx.AsyncClient, redis_url: str, hubspot: Running
) -> None:
    assert http is not None
    hubspot.turn(custom_properties="any")
    async with engine(redis_url, hubspot.url, marker_property="fanfare_marker") as process:
        campaign = await launched(process)
        await a_person(hubspot, "PATCH", campaign, fanfare_marker="", hs_notes="theirs")
        assert (await mended(process)).ending == "done"
    properties = shown(hubspot)["properties"]
    assert marker_in(properties["fanfare_marker"]) is not None
    assert properties["hs_notes"] == "theirs"


async def test_each_read_takes_a_place_in_the_quota_and_a_full_one_lets_none_leave(
    http: httpx.AsyncClient, process: Process, redis: Redis, hubspot: Running
) -> None:
    await launched(process)
    before = await redis.zcard("fanfare:quota:acme")
    await report(http)
    assert await redis.zcard("fanfare:quota:acme") == before + 1
    await redis.zadd("fanfare:quota:acme", {str(place): 4_000_000_000_000 for place in range(190)})
    asked = hubspot.stats()["requests"]
    assert problem(await http.get(PATH, headers=bearer("shop"))) == (503, "hubspot-away")
    assert hubspot.stats()["requests"] == asked


async def test_what_is_not_the_callers_or_not_there_is_refused(http: httpx.AsyncClient, redis: Redis) -> None:
    await Store(redis).bindings.bind(keys.lane_name("acme", "shared", "sku-1"), "c-1", "shop")
    assert problem(await http.get(PATH)) == (401, "unauthenticated")
    assert problem(await http.get(PATH, headers=bearer("office"))) == (403, "portal-refused")
    other = "/v1/subjects/acme/sku-2/diff"
    assert problem(await http.get(other, headers=bearer("shop"))) == (404, "not-found")


@pytest.mark.parametrize("behind", ["/diff/", "/diff/more", "/other", "/"])
async def test_a_subject_has_no_other_parts(http: httpx.AsyncClient, redis: Redis, behind: str) -> None:
    await Store(redis).bindings.bind(keys.lane_name("acme", "shared", "sku-1"), "c-1", "shop")
    answer = await http.get(f"/v1/subjects/acme/sku-1{behind}", headers=bearer("shop"))
    assert problem(answer) == (404, "not-found")


async def test_a_report_is_not_written(http: httpx.AsyncClient) -> None:
    assert problem(await http.put(PATH, json={"campaign": "c-2"}, headers=bearer("shop"))) == (404, "not-found")


async def test_a_subject_with_a_slash_is_one_segment_here_too(
    http: httpx.AsyncClient, redis: Redis, process: Process, hubspot: Running
) -> None:
    campaign = await launched(process)
    assert hubspot.campaigns()
    await Store(redis).bindings.bind(keys.lane_name("acme", "shared", "a/diff"), campaign, "shop")
    kept = await http.get("/v1/subjects/acme/a%2Fdiff", headers=bearer("shop"))
    told = await http.get("/v1/subjects/acme/a%2Fdiff/diff", headers=bearer("shop"))
    assert (kept.json()["subject"], "differences" in kept.json()) == ("a/diff", False)
    assert (told.json()["subject"], told.json()["differences"]) == ("a/diff", [])
