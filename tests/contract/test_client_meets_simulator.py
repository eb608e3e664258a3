"""The client against the simulator, in every version: each operation once, and the traps of HubSpot's answers."""

from collections.abc import AsyncIterator

import pytest

from campaigns.errors import CampaignsError, Refused
from campaigns.hubspot.batch import Wish, outcomes
from campaigns.hubspot.client import HubSpot
from campaigns.hubspot.tokens import StaticToken
from campaigns.hubspot.types import Campaign, ItemFields
from simulator.versions import VERSIONS
from tests.contract.in_process import LATEST, NOON, Scene, a_scene

FROM, TO = "2026-01-01", "2026-06-30"


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


def a_hubspot(scene: Scene, version: str = LATEST) -> HubSpot:
    return HubSpot(scene.http, token=StaticToken(lambda: scene.token), base_url="http://hubspot.test", version=version)


@pytest.fixture
def hubspot(scene: Scene) -> HubSpot:
    return a_hubspot(scene)


@pytest.mark.seed("G1")
@pytest.mark.seed("G7")
@pytest.mark.seed("G35")
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_campaign_is_created_read_changed_and_deleted_in_every_version(scene: Scene, version: str) -> None:
    hubspot = a_hubspot(scene, version)
    made = await hubspot.create({"hs_name": "Launch", "hs_notes": "First."})
    assert made.properties["hs_name"] == "Launch"
    assert made.created_at == NOON * 1_000
    await hubspot.update(made.id, {"hs_notes": ""})
    assert (await hubspot.read(made.id, ["hs_name", "hs_notes"])).properties == {"hs_name": "Launch"}
    await hubspot.delete(made.id)
    with pytest.raises(Refused) as raised:
        await hubspot.read(made.id)
    assert raised.value.problem.status == 404


@pytest.mark.seed("G37")
async def test_a_delete_says_nothing_so_a_read_must(hubspot: HubSpot) -> None:
    made = await hubspot.create({"hs_name": "Launch"})
    await hubspot.archive_many([made.id, "00000000-0000-4000-8000-000000000000"])
    await hubspot.delete(made.id)
    with pytest.raises(Refused):
        await hubspot.read(made.id)


@pytest.mark.seed("G11")
async def test_a_campaign_names_its_brands(scene: Scene, hubspot: HubSpot) -> None:
    assert (await hubspot.create({"hs_name": "One"})).business_units == (0,)
    await scene.turn(brands="one")
    assert (await hubspot.create({"hs_name": "Two"})).business_units != (0,)


@pytest.mark.seed("G42")
async def test_the_retired_goal_is_sent_and_never_comes_back(hubspot: HubSpot) -> None:
    made = await hubspot.create({"hs_name": "Launch", "hs_goal": "Sell"})
    assert "hs_goal" not in made.properties
    assert "hs_goal" not in (await hubspot.read(made.id, ["hs_goal"])).properties


async def test_a_utm_that_hubspot_assigns_itself_is_read_back_later(scene: Scene, hubspot: HubSpot) -> None:
    """It is not in the answer of the create; nobody may invent it."""
    await scene.turn(assigned_utm="later")
    made = await hubspot.create({"hs_name": "Launch"})
    assert "hs_utm" not in made.properties
    scene.now += 60
    assert (await hubspot.read(made.id, ["hs_utm"])).properties["hs_utm"]


@pytest.mark.parametrize("answer", ["409", "400"])
async def test_a_name_that_is_taken_is_never_a_second_campaign_by_itself(
    scene: Scene, hubspot: HubSpot, answer: str
) -> None:
    """What HubSpot answers is not known: 409 is in doubt, 400 is refused, and neither is sent again here."""
    await scene.turn(duplicate_name=answer)
    await hubspot.create({"hs_name": "Launch"})
    with pytest.raises(CampaignsError):
        await hubspot.create({"hs_name": "Launch"})
    assert await scene.names() == ["Launch"]


# --- batches ---


def wishes_of(names: list[str]) -> list[Wish]:
    return [Wish(name, f"[fanfare:{'a' * 32}.{number}.-]") for number, name in enumerate(names)]


async def names_that_came(hubspot: HubSpot, wishes: list[Wish]) -> list[str]:
    """Create *wishes* in one batch; what became of each, by its name or the kind of its error."""
    came = await hubspot.create_many([{"hs_name": wish.name, "hs_notes": wish.marker} for wish in wishes])
    told = outcomes(wishes, came)
    return [one.name if isinstance(one, Campaign) else type(one).__name__ for one in told]


@pytest.mark.seed("B1")
@pytest.mark.seed("B3")
@pytest.mark.parametrize("version", VERSIONS)
async def test_fifty_come_back_in_any_order_and_each_is_known(scene: Scene, version: str) -> None:
    names = [f"Launch {number}" for number in range(50)]
    assert await names_that_came(a_hubspot(scene, version), wishes_of(names)) == names


@pytest.mark.seed("B6")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("batch_error", ["as recorded", "as specified"])
async def test_the_item_that_failed_is_refused_and_the_others_are_done(
    scene: Scene, version: str, batch_error: str
) -> None:
    """207 in some versions, `errors` beside the results of a 201 in others."""
    await scene.turn(batch_error=batch_error)
    names = ["One", "x" * 257, "Three"]
    assert await names_that_came(a_hubspot(scene, version), wishes_of(names)) == ["One", "Refused", "Three"]


@pytest.mark.seed("B4")
@pytest.mark.parametrize("status", ["PENDING", "PROCESSING", "CANCELED"])
async def test_what_an_unfinished_batch_left_out_is_in_doubt(scene: Scene, hubspot: HubSpot, status: str) -> None:
    await scene.turn(batch_status=status)
    names = ["One", "Two", "Three", "Four"]
    came = await names_that_came(hubspot, wishes_of(names))
    assert all(told in {name, "InDoubt"} for name, told in zip(names, came, strict=True))
    assert "InDoubt" in came


@pytest.mark.parametrize("answer", ["207", "400"])
async def test_a_batch_of_which_every_item_failed_is_no_success(scene: Scene, hubspot: HubSpot, answer: str) -> None:
    """Whether HubSpot says 207 or 400 then is not known."""
    await scene.turn(all_failed=answer)
    wishes = wishes_of(["x" * 257, "y" * 257])
    try:
        came = await names_that_came(hubspot, wishes)
    except Refused as refused:
        came = [type(one).__name__ for one in outcomes(wishes, refused)]
    assert set(came) <= {"Refused", "InDoubt"}
    assert await scene.names() == []


async def test_results_of_updates_and_reads_are_known_by_id(hubspot: HubSpot) -> None:
    ids = [(await hubspot.create({"hs_name": name})).id for name in ("One", "Two", "Three")]
    changed = await hubspot.update_many({campaign: {"hs_notes": f"for {campaign}"} for campaign in ids})
    wishes = [Wish(campaign=campaign) for campaign in ids]
    assert [one.id for one in outcomes(wishes, changed) if isinstance(one, Campaign)] == ids
    read = await hubspot.read_many([*ids, "no-guid"], ["hs_notes"])
    assert {one.id: one.properties for one in read.results} == {one: {"hs_notes": f"for {one}"} for one in ids}
    assert "no-guid" in read.problems[0].text


# --- lists ---


@pytest.mark.seed("G38")
async def test_a_name_finds_parts_and_the_exact_match_is_ours(hubspot: HubSpot) -> None:
    for name in ("Sale", "Flash Sale 2", "sale"):
        await hubspot.create({"hs_name": name})
    found = (await hubspot.find(name="Sale", properties=["hs_name"])).results
    assert len(found) == 3
    assert [one.name for one in found if one.name == "Sale"] == ["Sale"]


@pytest.mark.seed("G40")
@pytest.mark.parametrize("cursor", ["400", "first page"])
async def test_a_walk_passes_cursors_that_would_not_bear_a_second_encoding(
    scene: Scene, hubspot: HubSpot, cursor: str
) -> None:
    await scene.turn(double_encoded_cursor=cursor)
    names = [f"{number:03}" for number in range(7)]
    for name in names:
        await hubspot.create({"hs_name": name})
    assert [one.name async for one in hubspot.campaigns(limit=2, properties=["hs_name"])] == names


@pytest.mark.seed("G39")
async def test_sorts_are_by_moment_or_name_either_way_round(scene: Scene, hubspot: HubSpot) -> None:
    for name in ("B", "A", "C"):
        await hubspot.create({"hs_name": name})
        scene.now += 1

    async def sorted_by(sort: str | None) -> str:
        return "".join([one.name async for one in hubspot.campaigns(sort=sort, properties=["hs_name"])])

    assert [await sorted_by(sort) for sort in (None, "-hs_name", "createdAt", "-createdAt")] == [
        "ABC",
        "CBA",
        "BAC",
        "CAB",
    ]


@pytest.mark.seed("G41")
async def test_what_was_not_asked_for_or_has_no_value_is_not_there(hubspot: HubSpot) -> None:
    await hubspot.create({"hs_name": "Launch"})
    assert [one.properties for one in (await hubspot.find()).results] == [{}]
    asked = await hubspot.find(properties=["hs_name", "hs_audience"])
    assert [one.properties for one in asked.results] == [{"hs_name": "Launch"}]


# --- assets, money, reports ---


@pytest.mark.seed("G2")
@pytest.mark.seed("G13")
@pytest.mark.seed("G15")
@pytest.mark.seed("G31")
@pytest.mark.seed("G32")
async def test_assets_are_attached_listed_page_by_page_and_detached(hubspot: HubSpot) -> None:
    made = await hubspot.create({"hs_name": "Launch"})
    for number in range(1, 13):
        await hubspot.attach(made.id, "SOCIAL_BROADCAST", str(number))
    await hubspot.attach(made.id, "MARKETING_EMAIL", "1")
    assert len((await hubspot.assets_page(made.id, "SOCIAL_BROADCAST")).results) == 10
    assert len([one async for one in hubspot.assets(made.id, "SOCIAL_BROADCAST", limit=5)]) == 12
    await hubspot.detach(made.id, "MARKETING_EMAIL", "1")
    assert (await hubspot.assets_page(made.id, "MARKETING_EMAIL")).results == ()
    assert set((await hubspot.read(made.id)).assets) == {"SOCIAL_BROADCAST"}


@pytest.mark.seed("G16")
async def test_metrics_come_only_with_both_dates(hubspot: HubSpot) -> None:
    made = await hubspot.create({"hs_name": "Launch"})
    await hubspot.attach(made.id, "MARKETING_EMAIL", "1")
    (bare,) = (await hubspot.assets_page(made.id, "MARKETING_EMAIL")).results
    (counted,) = (await hubspot.assets_page(made.id, "MARKETING_EMAIL", start_date=FROM, end_date=TO)).results
    assert bare.metrics == {}
    assert set(counted.metrics) == {"CLICKS", "OPEN", "SENT"}


@pytest.mark.parametrize("status", ["400", "404"])
async def test_an_asset_type_that_does_not_exist_is_refused(scene: Scene, hubspot: HubSpot, status: str) -> None:
    await scene.turn(unknown_asset_type=status)
    made = await hubspot.create({"hs_name": "Launch"})
    with pytest.raises(Refused):
        await hubspot.attach(made.id, "WORKFLOW", "1")


@pytest.mark.seed("G34")
async def test_a_type_that_the_api_does_not_attach_is_refused(scene: Scene, hubspot: HubSpot) -> None:
    await scene.turn(associable="page")
    made = await hubspot.create({"hs_name": "Launch"})
    with pytest.raises(Refused):
        await hubspot.attach(made.id, "BLOG_POST", "1")


async def test_items_are_added_read_replaced_and_removed(hubspot: HubSpot) -> None:
    campaign = (await hubspot.create({"hs_name": "Launch"})).id
    print_ = await hubspot.add_item(campaign, "budget", ItemFields("Print", 100.5, 0, "[marker]"))
    spent = await hubspot.add_item(campaign, "spend", ItemFields("Stamps", 20))
    assert (await hubspot.read_item(campaign, "budget", print_.id)).description == "[marker]"
    await hubspot.replace_item(campaign, "spend", spent.id, ItemFields("Stamps", 30.25))
    totals = await hubspot.totals(campaign)
    assert [item.id for item in totals.items("budget")] == [print_.id]
    assert (totals.budget_total, totals.spend_total, totals.remaining_budget) == (100.5, 30.25, 70.25)
    await hubspot.remove_item(campaign, "budget", print_.id)
    assert (await hubspot.totals(campaign)).items("budget") == ()


@pytest.mark.seed("G6")
async def test_reports_are_asked_with_both_dates(scene: Scene, hubspot: HubSpot) -> None:
    await scene.turn(unbounded_revenue="400")
    campaign = (await hubspot.create({"hs_name": "Launch"})).id
    await hubspot.metrics(campaign, start_date=FROM, end_date=TO)
    await hubspot.revenue(campaign, start_date=FROM, end_date=TO, attribution="U_SHAPED")
    contacts = hubspot.contacts(campaign, "influencedContacts", start_date=FROM, end_date=TO)
    assert all([contact async for contact in contacts])


async def test_the_beta_says_which_types_it_attaches(scene: Scene) -> None:
    assert "FORM" in await a_hubspot(scene, "2026-09-beta").asset_types()
