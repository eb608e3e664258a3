"""The main flows pass through the client whatever HubSpot turns out to do: every answer of every switch.

One switch is turned at a time; what several of them do together is in test_agreement.py.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import pytest

from campaigns.errors import CampaignsError, InDoubt, Later, MissingScope, RateLimited, Refused, Revoked, Unauthorized
from campaigns.hubspot.batch import Wish, outcomes
from campaigns.hubspot.client import HubSpot
from campaigns.hubspot.tokens import StaticToken
from campaigns.hubspot.types import Campaign
from simulator.switches import TABLE
from tests.contract.in_process import LATEST, Scene, a_scene
from tests.contract.installed import granted_token
from tests.contract.looking import whole_walk

LONGEST_LAG_S: Final = 30.0

Setting = tuple[str, str]

BARRED: Final[Mapping[Setting, tuple[type[Later] | None, type[Later] | None]]] = {
    ("tier", "starter"): (MissingScope, MissingScope),
    ("tier", "free"): (MissingScope, MissingScope),
    ("private_token", "expired"): (Unauthorized, Unauthorized),
    ("private_token", "unknown"): (Unauthorized, Unauthorized),
    ("refresh_token", "revoked"): (Revoked, Revoked),
    ("scopes", "read"): (None, MissingScope),
    ("scopes", "write"): (MissingScope, None),
    ("scopes", "none"): (MissingScope, MissingScope),
}
"""Who may not do it at all: what is raised by a read, and by a change."""

SETTINGS: Final = [(name, answer) for name, switch in TABLE.items() for answer in switch.answers]
everywhere = pytest.mark.parametrize(
    "setting", [one for one in SETTINGS if one not in BARRED], ids=lambda one: f"{one[0]}: {one[1]}"
)

OF_THE_APP: Final = {"refresh_token", "oauth_life_s"}
"""Switches that only an app with OAuth notices."""


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


async def turned(scene: Scene, setting: Setting) -> HubSpot:
    """Turn one switch; a client of whom it concerns."""
    switch, answer = setting
    await scene.turn(**{switch: answer})

    token = granted_token(scene) if switch in OF_THE_APP else StaticToken(lambda: scene.token)
    version = "2026-09" if switch == "surface_2026_09" else LATEST
    return HubSpot(scene.http, token=token, base_url="http://hubspot.test", version=version)


def wish(number: int, **properties: str) -> dict[str, str]:
    """The properties of a campaign that bears a marker."""
    return {"hs_name": f"Launch {number}", "hs_notes": f"[fanfare:r{number}.1.-]", **properties}


async def made(scene: Scene, hubspot: HubSpot, *wishes: Mapping[str, str]) -> list[Campaign | Refused]:
    """What a patient program comes to: one batch, one look for what is in doubt, then each of those left alone."""
    signed = [Wish(properties.get("hs_name", ""), properties["hs_notes"]) for properties in wishes]
    try:
        told = outcomes(signed, await hubspot.create_many(wishes))
    except (Refused, InDoubt) as error:
        told = outcomes(signed, error)
    scene.now += LONGEST_LAG_S
    index = await whole_walk(hubspot, page=2)
    found: list[Campaign | Refused] = []
    for properties, outcome in zip(wishes, told, strict=True):
        assert not isinstance(outcome, Later)
        seen = index.find(properties["hs_notes"].split(":")[1].split(".")[0])
        if isinstance(outcome, Campaign | Refused):
            assert bool(seen) == isinstance(outcome, Campaign), "what was said of an item holds"
            found.append(outcome)
        else:
            found.append(seen[0].campaign if seen else await alone(hubspot, properties))
    return found


async def alone(hubspot: HubSpot, properties: Mapping[str, str]) -> Campaign | Refused:
    """What becomes of a wish that is sent by itself: its status speaks for it."""
    try:
        return await hubspot.create(properties)
    except Refused as refused:
        return refused


@everywhere
async def test_a_campaign_is_created_and_read(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    told = await hubspot.create(wish(1, hs_goal="ignored", hs_campaign_status="active"))
    assert "hs_utm" not in told.properties, "HubSpot may set one itself, but never says so here"
    read = await hubspot.read(told.id, ["hs_name", "hs_campaign_status"])
    assert (read.id, read.name, read.properties["hs_campaign_status"].lower()) == (told.id, "Launch 1", "active")


@everywhere
async def test_of_a_batch_with_a_bad_item_every_other_is_there_once(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    wishes = [wish(number) for number in range(5)]
    del wishes[2]["hs_name"]
    told = await made(scene, hubspot, *wishes)
    assert [isinstance(one, Campaign) for one in told] == [True, True, False, True, True]
    assert sorted(await scene.names()) == ["Launch 0", "Launch 1", "Launch 3", "Launch 4"]


@everywhere
async def test_of_a_batch_of_bad_items_nothing_is_there(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    told = await made(scene, hubspot, *({"hs_notes": wish(number)["hs_notes"]} for number in range(3)))
    assert [type(one) for one in told] == [Refused] * 3
    assert await scene.names() == []


@everywhere
async def test_an_update_sets_what_it_names_and_clears_what_is_empty(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    campaign = (await hubspot.create(wish(1, hs_audience="old"))).id
    await hubspot.update(campaign, {"hs_audience": "new", "hs_start_date": "2026-06-01"})
    await hubspot.update(campaign, {"hs_start_date": ""})
    asked = ["hs_name", "hs_audience", "hs_start_date"]
    assert (await hubspot.read(campaign, asked)).properties == {"hs_name": "Launch 1", "hs_audience": "new"}
    with pytest.raises(Refused):
        await hubspot.update(campaign, {"hs_end_date": "tomorrow"})


@everywhere
async def test_an_asset_is_attached_again_and_detached_again(scene: Scene, setting: Setting) -> None:
    """Whatever the second time is answered with, a read says the same."""
    hubspot = await turned(scene, setting)
    campaign = (await hubspot.create(wish(1))).id
    for verb, held in ((hubspot.attach, {"FORM"}), (hubspot.detach, set())):
        await verb(campaign, "FORM", "7")
        try:
            await verb(campaign, "FORM", "7")
        except (InDoubt, Refused):
            assert setting[1] in {"409", "404"}
        assert set((await hubspot.read(campaign)).assets) == held
    with pytest.raises(Refused):
        await hubspot.attach(campaign, "WORKFLOW", "7")


@everywhere
async def test_a_type_of_the_page_is_attached_and_another_attached_or_refused(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    campaign = (await hubspot.create(wish(1))).id
    await hubspot.attach(campaign, "OBJECT_LIST", "7")
    try:
        await hubspot.attach(campaign, "MARKETING_EMAIL", "7")
    except Refused:
        assert setting == ("associable", "page")
    attached = [one.id async for one in hubspot.assets(campaign, "MARKETING_EMAIL")]
    assert attached == ([] if setting == ("associable", "page") else ["7"])


@everywhere
async def test_a_walk_meets_every_campaign_once(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    for number in range(7):
        await hubspot.create(wish(number))
    scene.now += LONGEST_LAG_S
    for sort in (None, "-createdAt"):
        rows = [one.name async for one in hubspot.campaigns(limit=2, sort=sort, properties=["hs_name"])]
        assert sorted(rows) == [f"Launch {number}" for number in range(7)]
    named = [one async for one in hubspot.campaigns(name="Launch 3", properties=["hs_name"])]
    assert [one.name for one in named] == ["Launch 3"]


@everywhere
async def test_a_campaign_is_found_by_its_marker_and_by_its_name(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    ids = [(await hubspot.create(wish(number, hs_name=f" Launch {number} "))).id for number in range(5)]
    scene.now += LONGEST_LAG_S
    index = await whole_walk(hubspot, page=2)
    assert [found.campaign.id for number in range(5) for found in index.find(f"r{number}")] == ids
    assert [found.id for number in range(5) for found in index.named(f"Launch {number}")] == ids
    assert index.find("r7") == ()


@everywhere
async def test_what_a_second_create_of_a_name_says_is_what_stands(scene: Scene, setting: Setting) -> None:
    """A second campaign, a refusal, or a doubt that a look settles: never a campaign that nobody knows of."""
    hubspot = await turned(scene, setting)
    await hubspot.create(wish(1))
    said = 1
    try:
        await hubspot.create(wish(2, hs_name="Launch 1"))
        said = 2
    except (Refused, InDoubt):
        assert setting[0] == "duplicate_name"
    scene.now += LONGEST_LAG_S
    index = await whole_walk(hubspot, page=1)
    assert len(index.find("r2")) == said - 1
    assert len(await scene.names()) == said


@everywhere
@pytest.mark.parametrize(
    "odd",
    [
        {"hs_name": "x" * 257},
        {"hs_start_date": "2026-06-02", "hs_end_date": "2026-06-01"},
        {"fanfare_marker": "m"},
        {"hs_unique_creation_key": "k"},
    ],
    ids=lambda odd: str(*list(odd)[-1:]),
)
async def test_what_is_said_of_an_odd_campaign_is_what_stands(
    scene: Scene, setting: Setting, odd: dict[str, str]
) -> None:
    hubspot = await turned(scene, setting)
    told = await alone(hubspot, wish(1, **odd))
    scene.now += LONGEST_LAG_S
    assert len((await whole_walk(hubspot)).find("r1")) == len(await scene.names()) == isinstance(told, Campaign)


@everywhere
async def test_a_deleted_campaign_is_gone(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    first, second, third = [(await hubspot.create(wish(number))).id for number in range(3)]
    await hubspot.delete(first)
    await hubspot.delete(first)
    await hubspot.archive_many([second, first])
    for campaign in (first, second):
        with pytest.raises(Refused) as raised:
            await hubspot.read(campaign)
        assert raised.value.problem.status == 404
    scene.now += LONGEST_LAG_S
    assert [one.id async for one in hubspot.campaigns()] == [third]


@everywhere
async def test_money_and_reports_are_read(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    campaign = (await hubspot.create(wish(1))).id
    may: dict[str, Any] = {"start_date": "2026-05-01", "end_date": "2026-05-31"}
    assert (await hubspot.totals(campaign)).items("budget") == ()
    await hubspot.metrics(campaign, **may)
    try:
        await hubspot.revenue(campaign, **may)
    except MissingScope:
        assert setting == ("scopes", "read and write")


@everywhere
async def test_a_spent_window_is_waited_out(scene: Scene, setting: Setting) -> None:
    hubspot = await turned(scene, setting)
    await scene.control("PUT", "limits", {"per_10s": 1})
    await hubspot.find()
    with pytest.raises(RateLimited) as raised:
        await hubspot.find()
    assert not raised.value.daily
    scene.now += 10
    await hubspot.find()


@everywhere
async def test_a_create_that_a_gateway_answered_for_is_looked_for_and_sent_again(
    scene: Scene, setting: Setting
) -> None:
    hubspot = await turned(scene, setting)
    await scene.plan({"do": "status_before", "status": 502, "times": 1, "method": "POST", "path": ""})
    with pytest.raises(InDoubt):
        await hubspot.create(wish(1))
    scene.now += LONGEST_LAG_S
    assert (await whole_walk(hubspot)).find("r1") == ()
    await hubspot.create(wish(1))
    assert await scene.names() == ["Launch 1"]


@pytest.mark.parametrize("setting", BARRED, ids=lambda one: f"{one[0]}: {one[1]}")
async def test_who_may_not_is_told_so_and_nothing_is_changed(scene: Scene, setting: Setting) -> None:
    campaign = await scene.create("Launch 1")
    hubspot = await turned(scene, setting)
    reads, changes = BARRED[setting]
    for call in (hubspot.find(), hubspot.read(campaign), hubspot.totals(campaign), hubspot.read_many([campaign])):
        assert await told_by(call) is reads
    for change in (
        hubspot.update(campaign, {"hs_audience": "all"}),
        hubspot.attach(campaign, "FORM", "7"),
        hubspot.create_many([wish(2)]),
        hubspot.create(wish(3)),
        hubspot.delete(campaign),
    ):
        assert await told_by(change) is changes
    assert await scene.names() == (["Launch 1"] if changes else ["Launch 2", "Launch 3"])


async def told_by(call: Any) -> type[Exception] | None:  # noqa: ANN401  verbs of every kind
    """The kind of error that a call raises, or None."""
    try:
        await call
    except CampaignsError as error:
        return type(error)
    return None
