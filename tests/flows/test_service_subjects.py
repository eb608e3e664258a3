"""/v1/subjects on a real Valkey and the simulator: what is kept of a subject, and binding one to a campaign."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest
from redis.asyncio import Redis

from campaigns import keys
from campaigns.store import Store
from campaigns.wishes import CreateCampaign, UpdateCampaign
from simulator.fixture import Running
from tests.builders import a_run, acceptable
from tests.flows.engine import advanced, engine
from tests.flows.serving import NOWHERE, a_service, problem
from tests.settings import a_caller, bearer, some_settings

CALLERS = {
    "shop": a_caller("shop", rights=("send", "read", "operate")),
    "events": a_caller("events", rights=("read", "operate"), space="fairs"),
    "office": a_caller("office", rights=("read",), portals=()),
}
NOBODYS = "http://127.0.0.1:9"


@pytest.fixture
async def http(redis: Redis, redis_url: str, hubspot: Running) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    async with a_service(some_settings(redis_url, callers=CALLERS, hubspot=hubspot.url)) as client:
        yield client


def path(subject: str, portal: str = "acme") -> str:
    return f"/v1/subjects/{portal}/{quote(subject, safe='')}"


async def show(http: httpx.AsyncClient, subject: str, caller: str = "shop") -> httpx.Response:
    return await http.get(path(subject), headers=bearer(caller))


async def bind(http: httpx.AsyncClient, subject: str, campaign: str, caller: str = "shop") -> httpx.Response:
    return await http.put(path(subject), json={"campaign": campaign}, headers=bearer(caller))


async def a_campaign(redis_url: str, hubspot: Running, name: str = "Theirs") -> str:
    """A campaign that the subject `other` has."""
    async with engine(redis_url, hubspot.url) as process:
        run = a_run(name, CreateCampaign({"hs_name": name}), subject=f"of {name}", sequence=7, time=1_772_362_800_000)
        (made,) = await advanced(process, [run])
    return str(made.run.campaign)


async def test_what_is_kept_of_a_subject_is_shown(http: httpx.AsyncClient, redis_url: str, hubspot: Running) -> None:
    campaign = await a_campaign(redis_url, hubspot)
    told = (await show(http, "of Theirs")).json()
    assert told == {
        "portal": "acme",
        "subject": "of Theirs",
        "campaign": campaign,
        "bound": None,
        "properties": {"hs_name": {"sequence": 7, "time": "2026-03-01T11:00:00Z"}},
        "assets": None,
    }


async def test_a_bound_campaign_is_the_one_that_the_subjects_triggers_change(
    http: httpx.AsyncClient, redis_url: str, hubspot: Running
) -> None:
    campaign = await a_campaign(redis_url, hubspot)
    answer = await bind(http, "sku-1", campaign)
    told = answer.json()
    assert (answer.status_code, told["campaign"], told["bound"]["by"]) == (200, campaign, "shop")
    async with engine(redis_url, hubspot.url) as process:
        run = a_run("change", UpdateCampaign({"hs_audience": "few"}), subject="sku-1")
        (changed,) = await advanced(process, [run])
    assert (changed.ending, changed.run.campaign) == ("done", campaign)
    (theirs,) = hubspot.campaigns()
    assert theirs["properties"]["hs_audience"] == "few"


async def test_binding_again_changes_nothing_and_asks_hubspot_nothing(
    http: httpx.AsyncClient, redis_url: str, hubspot: Running
) -> None:
    first = await bind(http, "sku-1", await a_campaign(redis_url, hubspot))
    asked = hubspot.stats()["requests"]
    again = await bind(http, "sku-1", first.json()["campaign"])
    assert (again.status_code, again.content) == (200, first.content)
    assert hubspot.stats()["requests"] == asked


async def test_another_campaign_takes_the_place_of_the_first_and_nothing_of_that_is_kept(
    http: httpx.AsyncClient, redis_url: str, hubspot: Running
) -> None:
    other = await a_campaign(redis_url, hubspot, "Other")
    await a_campaign(redis_url, hubspot)
    told = (await bind(http, "of Theirs", other)).json()
    assert (told["campaign"], told["properties"]) == (other, {})


async def test_a_campaign_that_hubspot_does_not_have_is_refused(http: httpx.AsyncClient, redis: Redis) -> None:
    assert problem(await bind(http, "sku-1", "no-such-campaign")) == (422, "no-campaign")
    assert await redis.keys("fanfare:subject:*") == []


async def test_a_subject_with_runs_under_way_is_not_bound(
    http: httpx.AsyncClient, redis: Redis, redis_url: str, hubspot: Running
) -> None:
    campaign = await a_campaign(redis_url, hubspot)
    await Store(redis).acceptance.accept(acceptable(a_run("open", subject="sku-1"), "open"))
    assert problem(await bind(http, "sku-1", campaign)) == (409, "conflict")


async def test_each_look_takes_a_place_in_the_quota(
    http: httpx.AsyncClient, redis: Redis, redis_url: str, hubspot: Running
) -> None:
    campaign = await a_campaign(redis_url, hubspot)
    before = await redis.zcard("fanfare:quota:acme")
    await bind(http, "sku-1", campaign)
    assert await redis.zcard("fanfare:quota:acme") == before + 1
    await redis.zadd("fanfare:quota:acme", {str(place): 4_000_000_000_000 for place in range(190)})
    refused = await bind(http, "sku-2", campaign)
    assert problem(refused) == (503, "hubspot-away")
    assert refused.headers["retry-after"] == "10"


async def test_without_hubspot_nothing_is_bound(redis: Redis, redis_url: str) -> None:
    async with a_service(some_settings(redis_url, callers=CALLERS, hubspot=NOBODYS)) as http:
        assert problem(await bind(http, "sku-1", "c-1")) == (503, "hubspot-away")
    assert await redis.keys("fanfare:subject:*") == []


@pytest.mark.parametrize("subject", ["a/b", "/a//b/", "Lampe 1 \u20ac", "%2F", "a?b#c", "x" * 256])
async def test_a_subject_is_one_segment_whatever_is_in_it(http: httpx.AsyncClient, redis: Redis, subject: str) -> None:
    await Store(redis).bindings.bind(keys.lane_name("acme", "shared", subject), "c-1", "shop")
    told = (await show(http, subject)).json()
    assert (told.get("subject"), told.get("campaign")) == (subject, "c-1")


async def test_each_space_has_its_own_subjects(http: httpx.AsyncClient, redis: Redis) -> None:
    await Store(redis).bindings.bind(keys.lane_name("acme", "fairs", "sku-1"), "c-1", "events")
    assert (await show(http, "sku-1", "events")).json()["campaign"] == "c-1"
    assert problem(await show(http, "sku-1")) == (404, "not-found")


async def test_what_is_not_the_callers_is_refused(http: httpx.AsyncClient) -> None:
    assert problem(await http.get(path("sku-1", "umbrella"), headers=bearer("shop"))) == (403, "portal-refused")
    assert problem(await show(http, "sku-1", "office")) == (403, "portal-refused")
    assert problem(await bind(http, "sku-1", "c-1", "office")) == (403, "forbidden")
    assert problem(await http.get(path("sku-1"))) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("target", "refusal"),
    [
        (path("x" * 257), (400, "malformed")),
        ("/v1/subjects/acme/%FF", (400, "malformed")),
        ("/v1/subjects/acme/a/b", (404, "not-found")),
        ("/v1/subjects/acme", (404, "not-found")),
    ],
)
async def test_a_path_that_names_no_subject_is_refused(
    http: httpx.AsyncClient, target: str, refusal: tuple[int, str]
) -> None:
    assert problem(await http.get(target, headers=bearer("shop"))) == refusal


@pytest.mark.parametrize("body", [b"", b"{}", b'{"campaign": ""}', b'{"campaign": 7}', b"["])
async def test_a_body_that_names_no_campaign_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    headers = bearer("shop") | {"Content-Type": "application/json"}
    assert problem(await http.put(path("sku-1"), content=body, headers=headers)) == (400, "malformed")


async def test_without_redis_nothing_is_shown_or_bound() -> None:
    async with a_service(some_settings(NOWHERE, callers=CALLERS)) as http:
        assert problem(await show(http, "sku-1")) == (503, "unavailable")
        assert problem(await bind(http, "sku-1", "c-1")) == (503, "unavailable")


async def test_the_recipes_of_the_callers_portals_are_listed(http: httpx.AsyncClient) -> None:
    (recipe,) = (await http.get("/v1/recipes", headers=bearer("shop"))).json()["recipes"]
    assert (recipe["on"], recipe["portal"]) == ("product.launched", "acme")
    assert recipe["properties"] == {"hs_name": "Launch of {{ data.name }}"}
    assert (await http.get("/v1/recipes", headers=bearer("office"))).json() == {"recipes": []}
    assert problem(await http.get("/v1/recipes")) == (401, "unauthenticated")
