"""Facts of the founding pages, shown by the client against a simulator: those that its other tests show without one."""

from collections.abc import AsyncIterator

import pytest

from campaigns.errors import Refused
from campaigns.hubspot.asset_types import ASSET_TYPES
from campaigns.hubspot.batch import Wish, outcomes
from campaigns.hubspot.client import HubSpot
from campaigns.hubspot.properties import LONGEST_NAME, READ_ONLY, STATUSES, objections
from campaigns.hubspot.tokens import StaticToken
from campaigns.hubspot.types import Campaign
from simulator.assets import ON_THE_PAGE
from tests.contract.in_process import NOON, Scene, a_scene

METRIC_ROWS = {
    "G17": "AD_CAMPAIGN",
    "G18": "BLOG_POST",
    "G19": "SOCIAL_BROADCAST",
    "G20": "WEB_INTERACTIVE",
    "G21": "CTA",
    "G22": "EXTERNAL_WEB_URL",
    "G23": "FORM",
    "G24": "LANDING_PAGE",
    "G25": "MARKETING_EMAIL",
    "G26": "MARKETING_EVENT",
    "G27": "OBJECT_LIST",
    "G28": "SITE_PAGE",
    "G29": "AUTOMATION_PLATFORM_FLOW",
    "G30": "MARKETING_SMS",
}


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


@pytest.fixture
def hubspot(scene: Scene) -> HubSpot:
    return HubSpot(scene.http, token=StaticToken(lambda: scene.token), base_url="http://hubspot.test")


@pytest.mark.seed("B5")
@pytest.mark.seed("B7")
async def test_a_result_of_a_batch_is_a_whole_campaign_without_the_retired_goal(hubspot: HubSpot) -> None:
    (told,) = outcomes([Wish("Launch")], await hubspot.create_many([{"hs_name": "Launch", "hs_goal": "Sell"}]))
    assert isinstance(told, Campaign)
    assert (told.properties, told.created_at, told.business_units) == ({"hs_name": "Launch"}, NOON * 1_000, (0,))
    assert told.id
    assert told.updated_at is not None


@pytest.mark.seed("G8")
@pytest.mark.seed("G9")
@pytest.mark.seed("G10")
async def test_a_read_brings_what_was_asked_for_and_has_a_value(hubspot: HubSpot) -> None:
    made = (await hubspot.create({"hs_name": "Launch", "hs_utm": "u"})).id
    asked = ["hs_name", "hs_utm", "hs_audience"]
    assert (await hubspot.read(made, asked)).properties == {"hs_name": "Launch", "hs_utm": "u"}
    assert (await hubspot.read(made)).properties == {}


@pytest.mark.seed("G12")
async def test_a_read_brings_metrics_only_with_both_dates(hubspot: HubSpot) -> None:
    made = (await hubspot.create({"hs_name": "Launch"})).id
    await hubspot.attach(made, "WEB_INTERACTIVE", "7")
    first, last = "2026-05-01", "2026-05-31"
    for start, end, metrics in ((None, None, set()), (first, None, set()), (first, last, {"CLICKS", "VIEWS"})):
        (asset,) = (await hubspot.read(made, start_date=start, end_date=end)).assets["WEB_INTERACTIVE"].results
        assert set(asset.metrics) == metrics


@pytest.mark.seed("G14")
async def test_a_walk_over_assets_follows_their_cursors(hubspot: HubSpot) -> None:
    made = (await hubspot.create({"hs_name": "Launch"})).id
    for asset in ("4", "30", "525", "2000"):
        await hubspot.attach(made, "FORM", asset)
    first = await hubspot.assets_page(made, "FORM", limit=3)
    assert first.after == "NTI1", "the cursor of assets is an id; it came percent-encoded where base64 pads"
    assert [asset.id async for asset in hubspot.assets(made, "FORM", limit=1)] == ["4", "30", "525", "2000"]


@pytest.mark.parametrize("code", [pytest.param(code, marks=pytest.mark.seed(row)) for row, code in METRIC_ROWS.items()])
async def test_each_type_has_the_metrics_that_the_client_knows_of(hubspot: HubSpot, code: str) -> None:
    made = (await hubspot.create({"hs_name": "Launch"})).id
    await hubspot.attach(made, code, "17")
    (asset,) = (await hubspot.assets_page(made, code, start_date="2026-05-01", end_date="2026-05-31")).results
    assert tuple(asset.metrics) == ASSET_TYPES[code].metrics


@pytest.mark.seed("G33")
@pytest.mark.parametrize("associable", ["page", "all"])
async def test_every_type_that_the_client_knows_is_attached_or_refused_by_hubspot(
    scene: Scene, hubspot: HubSpot, associable: str
) -> None:
    await scene.turn(associable=associable)
    made = (await hubspot.create({"hs_name": "Launch"})).id
    for code in ASSET_TYPES:
        if associable == "all" or code in ON_THE_PAGE:
            await hubspot.attach(made, code, "17")
        else:
            with pytest.raises(Refused, match="in HubSpot"):
                await hubspot.attach(made, code, "17")
    attached = {code for code in ASSET_TYPES if (await hubspot.assets_page(made, code)).results}
    assert attached == (ON_THE_PAGE if associable == "page" else set(ASSET_TYPES))


@pytest.mark.seed("G36")
@pytest.mark.seed("G49")
@pytest.mark.parametrize("name", [*sorted(READ_ONLY), "hs_no_such_property"])
async def test_a_property_that_cannot_be_written_is_refused_and_nothing_is_changed(hubspot: HubSpot, name: str) -> None:
    made = (await hubspot.create({"hs_name": "Launch"})).id
    with pytest.raises(Refused, match=name):
        await hubspot.update(made, {name: "1", "hs_notes": "n"})
    assert (await hubspot.read(made, ["hs_notes"])).properties == {}


GOOD_AND_BAD = {
    "G43": ("hs_name", ["x" * LONGEST_NAME], ["x" * (LONGEST_NAME + 1)]),
    "G44": ("hs_start_date", ["2028-02-29"], ["2026-02-29", "20260601", "1 June"]),
    "G45": ("hs_notes", ["Grüße, 世界! " * 100], []),
    "G46": ("hs_currency_code", ["EUR", "ZWL"], ["Euro", "eur"]),
    "G47": ("hs_campaign_status", sorted(STATUSES), ["started"]),
    "G48": ("hs_utm", ["x" * LONGEST_NAME], ["x" * (LONGEST_NAME + 1)]),
}


@pytest.mark.parametrize(
    ("name", "good", "bad"), [pytest.param(*case, marks=pytest.mark.seed(row)) for row, case in GOOD_AND_BAD.items()]
)
async def test_what_the_client_objects_to_is_what_hubspot_refuses(
    hubspot: HubSpot, name: str, good: list[str], bad: list[str]
) -> None:
    made = (await hubspot.create({"hs_name": "Launch"})).id
    for value in good:
        assert objections({name: value}, creating=False) == ()
        await hubspot.update(made, {name: value})
        assert (await hubspot.read(made, [name])).properties == {name: value}
    for value in bad:
        assert objections({name: value}, creating=False)
        with pytest.raises(Refused):
            await hubspot.update(made, {name: value})


@pytest.mark.seed("G43")
@pytest.mark.parametrize("answer", ["409", "400"])
async def test_a_name_is_unique_where_hubspot_enforces_it(scene: Scene, hubspot: HubSpot, answer: str) -> None:
    await scene.turn(duplicate_name=answer)
    await hubspot.create({"hs_name": "Launch"})
    told = outcomes(
        [Wish("Launch"), Wish("Other")], await hubspot.create_many([{"hs_name": "Launch"}, {"hs_name": "Other"}])
    )
    assert [isinstance(one, Campaign) for one in told] == [False, True]
    assert sorted(await scene.names()) == ["Launch", "Other"]
