"""The client against a simulator in trouble: cut lines, late commits, limits, tokens, and finding what was in doubt."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from campaigns.errors import InDoubt, Later, MissingScope, RateLimited, Refused, Revoked, Unauthorized
from campaigns.hubspot import walk
from campaigns.hubspot.client import HubSpot
from campaigns.hubspot.index import Index
from campaigns.hubspot.tokens import StaticToken
from campaigns.hubspot.types import ItemFields
from campaigns.hubspot.wire import Limits
from tests.contract.in_process import Scene, a_scene
from tests.contract.installed import granted_token

RUN = "a" * 26
MARKER = f"[fanfare:{RUN}.rs.-]"
SIGNED = {"hs_name": "Launch", "hs_notes": MARKER}


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


@pytest.fixture
def told() -> list[Limits]:
    return []


@pytest.fixture
def hubspot(scene: Scene, told: list[Limits]) -> HubSpot:
    token = StaticToken(lambda: scene.token)
    return HubSpot(scene.http, token=token, base_url="http://hubspot.test", on_limits=told.append)


async def found(
    hubspot: HubSpot, *, page: int = 100, meanwhile: Callable[[int], Awaitable[object]] | None = None
) -> Index:
    """What a whole walk finds; at most three begin.

    Args:
        hubspot: where to look.
        page: rows on a page.
        meanwhile: is told how many pages have been read, and may make others change the portal.

    """
    index, pages = Index(), 0
    for _ in range(3):
        state: walk.Walk | walk.Again | walk.Complete = walk.begin(0)
        while isinstance(state, walk.Walk):
            came = await hubspot.find(sort=walk.SORT, limit=page, after=state.after, properties=index.properties)
            index.learn_all(came.results)
            state, pages = walk.feed(state, came), pages + 1
            if meanwhile:
                await meanwhile(pages)
        if isinstance(state, walk.Complete):
            return index
    raise AssertionError("the portal did not come to rest")


# --- in doubt, and found or not ---


@pytest.mark.parametrize("do", ["cut_after", "status_after"])
async def test_a_create_that_was_done_and_lost_its_answer_is_found_by_its_marker(
    scene: Scene, hubspot: HubSpot, do: str
) -> None:
    await scene.plan({"do": do, "method": "POST", "path": "", "times": 1, "status": 502})
    with pytest.raises(InDoubt):
        await hubspot.create(SIGNED)
    (mine,) = (await found(hubspot)).find(RUN)
    assert mine.campaign.name == "Launch"
    assert len(await scene.ledger()) == 1, "one request left this client"


@pytest.mark.parametrize("do", ["cut_before", "status_before"])
async def test_a_create_that_was_not_done_and_lost_its_answer_is_not_found(
    scene: Scene, hubspot: HubSpot, do: str
) -> None:
    await scene.plan({"do": do, "method": "POST", "path": "", "times": 1, "status": 504})
    with pytest.raises(InDoubt):
        await hubspot.create(SIGNED)
    assert (await found(hubspot)).find(RUN) == ()


async def test_a_create_that_is_done_after_it_was_given_up_is_found_later(scene: Scene, hubspot: HubSpot) -> None:
    """The look for ghosts: "absent" was true when it was said."""
    await scene.plan({"do": "late_commit", "method": "POST", "path": "", "times": 1, "delay_ms": 30_000})
    with pytest.raises(InDoubt):
        await hubspot.create(SIGNED)
    assert (await found(hubspot)).find(RUN) == ()
    scene.now += 31
    assert len((await found(hubspot)).find(RUN)) == 1


async def test_a_campaign_that_lists_do_not_show_yet_is_found_after_the_settle_window(
    scene: Scene, hubspot: HubSpot
) -> None:
    await scene.turn(lookup_lag_s="5")
    await hubspot.create(SIGNED)
    assert (await found(hubspot)).find(RUN) == ()
    scene.now += 5
    assert len((await found(hubspot)).find(RUN)) == 1


async def test_a_batch_that_lost_its_answer_is_found_whole(scene: Scene, hubspot: HubSpot) -> None:
    await scene.plan({"do": "cut_after", "path": "/batch/create", "times": 1})
    runs = [letter * 32 for letter in "abcdef01"]
    with pytest.raises(InDoubt):
        await hubspot.create_many([{"hs_name": run, "hs_notes": f"[fanfare:{run}.1.-]"} for run in runs])
    index = await found(hubspot, page=3)
    assert all(len(index.find(run)) == 1 for run in runs)


async def test_a_walk_through_a_portal_that_others_change_misses_nothing(scene: Scene, hubspot: HubSpot) -> None:
    """One appears after page 1 and is gone after page 2: the sixth is on none of the three pages, the total as before."""
    for number in range(9):
        scene.now += 1
        await hubspot.create(SIGNED if number == 3 else {"hs_name": f"Other {number}"})

    async def others(pages: int) -> None:
        scene.now += 1
        if pages == 1:
            await hubspot.create({"hs_name": "New"})
        if pages == 2:
            (new,) = (await hubspot.find(name="New")).results
            await hubspot.delete(new.id)

    assert len((await found(hubspot, page=3, meanwhile=others)).find(RUN)) == 1


async def test_an_item_that_lost_its_answer_is_found_by_its_description(scene: Scene, hubspot: HubSpot) -> None:
    campaign = (await hubspot.create(SIGNED)).id
    await scene.plan({"do": "cut_after", "path": "*/budget", "times": 1})
    with pytest.raises(InDoubt):
        await hubspot.add_item(campaign, "budget", ItemFields("Print", 1, description=MARKER))
    assert [item.description for item in (await hubspot.totals(campaign)).items("budget")] == [MARKER]


async def test_a_read_that_lost_its_answer_is_only_asked_again(scene: Scene, hubspot: HubSpot) -> None:
    await scene.plan({"do": "cut_after", "method": "GET", "times": 1})
    with pytest.raises(Later):
        await hubspot.find()
    assert (await hubspot.find()).total == 0


# --- statuses ---


@pytest.mark.parametrize("body", ["html", "json"])
@pytest.mark.parametrize("status", [423, 500, 502, 503, 504, 520, 524])
async def test_a_gateways_answer_leaves_a_change_in_doubt_whatever_its_body(
    scene: Scene, hubspot: HubSpot, status: int, body: str
) -> None:
    await scene.turn(gateway_body=body)
    await scene.plan({"do": "status_before", "status": status})
    with pytest.raises(InDoubt) as raised:
        await hubspot.create(SIGNED)
    assert raised.value.problem.status == status


async def test_an_account_that_moves_is_later(scene: Scene, hubspot: HubSpot) -> None:
    await scene.plan({"do": "status_before", "status": 477})
    with pytest.raises(Later) as raised:
        await hubspot.create(SIGNED)
    assert raised.value.after


@pytest.mark.parametrize("category", ["present", "absent"])
async def test_a_refusal_is_read_with_and_without_its_category(scene: Scene, hubspot: HubSpot, category: str) -> None:
    await scene.turn(error_category=category)
    with pytest.raises(Refused, match="hs_name"):
        await hubspot.create({"hs_notes": "No name."})


# --- limits ---


@pytest.mark.parametrize("policy", ["TEN_SECONDLY_ROLLING", "SECONDLY"])
@pytest.mark.parametrize("retry_after", ["absent", "present"])
async def test_a_spent_window_is_no_spent_day(
    scene: Scene, hubspot: HubSpot, told: list[Limits], policy: str, retry_after: str
) -> None:
    await scene.turn(burst_policy=policy, retry_after=retry_after)
    await scene.control("PUT", "limits", {"per_10s": 2})
    await hubspot.find()
    await hubspot.find()
    assert (told[-1].max, told[-1].remaining, told[-1].interval_ms) == (2, 0, 10_000)
    with pytest.raises(RateLimited) as raised:
        await hubspot.find()
    assert not raised.value.daily
    assert (raised.value.after is not None) == (retry_after == "present")


async def test_a_spent_day_is_known(scene: Scene, hubspot: HubSpot) -> None:
    await scene.control("PUT", "limits", {"per_day": 1})
    await hubspot.find()
    with pytest.raises(RateLimited) as raised:
        await hubspot.find()
    assert raised.value.daily


async def test_answers_without_limit_headers_tell_nothing(scene: Scene, hubspot: HubSpot, told: list[Limits]) -> None:
    await scene.turn(limit_headers="absent")
    await hubspot.find()
    assert told == []


# --- who asks ---


@pytest.mark.seed("B8")
async def test_a_token_that_rotated_is_read_anew(scene: Scene, hubspot: HubSpot) -> None:
    scene.token = "pat-old"
    with pytest.raises(Unauthorized):
        await hubspot.find()
    scene.token = "pat-test"
    await hubspot.find()


@pytest.mark.seed("G4")
@pytest.mark.seed("G5")
async def test_a_token_that_may_only_read_reads_and_is_told_what_it_lacks(scene: Scene, hubspot: HubSpot) -> None:
    await scene.turn(scopes="read")
    await hubspot.find()
    with pytest.raises(MissingScope) as raised:
        await hubspot.create(SIGNED)
    assert "marketing.campaigns.write" in str(raised.value.problem.context)


@pytest.mark.seed("G6")
async def test_revenue_needs_a_scope_of_its_own(scene: Scene, hubspot: HubSpot) -> None:
    campaign = (await hubspot.create(SIGNED)).id
    await scene.turn(scopes="read and write")
    await hubspot.metrics(campaign, start_date="2026-01-01", end_date="2026-02-01")
    with pytest.raises(MissingScope):
        await hubspot.revenue(campaign, start_date="2026-01-01", end_date="2026-02-01")


@pytest.mark.seed("B9")
async def test_an_account_below_the_tier_waits_for_somebody_to_raise_it(scene: Scene, hubspot: HubSpot) -> None:
    await scene.turn(tier="starter")
    with pytest.raises(MissingScope):
        await hubspot.create(SIGNED)


@pytest.fixture
def app(scene: Scene) -> HubSpot:
    """The same portal for an installed app, whose tokens are refreshed."""
    return HubSpot(scene.http, token=granted_token(scene), base_url="http://hubspot.test")


@pytest.mark.seed("B8")
async def test_an_apps_token_is_refreshed_before_it_ends(scene: Scene, app: HubSpot) -> None:
    for _ in range(5):
        await app.find()
        scene.now += 1_000
    by_status = (await scene.control("GET", "stats"))["by_status"]
    assert set(by_status) == {"200"}, "no call bore a token whose time was over"


async def test_an_apps_token_that_hubspot_forgot_is_refreshed_after_one_401(scene: Scene, app: HubSpot) -> None:
    await app.find()
    await scene.control("POST", "reset")
    with pytest.raises(Unauthorized):
        await app.find()
    await app.find()


async def test_an_app_that_was_disconnected_says_so_and_sends_nothing(scene: Scene, app: HubSpot) -> None:
    await scene.turn(refresh_token="revoked")
    with pytest.raises(Revoked):
        await app.create(SIGNED)
    assert await scene.ledger() == []
