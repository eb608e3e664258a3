from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from simulator.assets import METRICS
from tests.contract.in_process import Scene, a_scene

MAY = "startDate=2026-05-01&endDate=2026-05-31"


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


def test_there_are_26_types() -> None:
    assert len(METRICS) == 26


@pytest.mark.seed("G31")
@pytest.mark.seed("G13")
@pytest.mark.seed("G2")
async def test_an_attached_asset_is_listed_under_its_campaign_and_type(scene: Scene) -> None:
    campaign = await scene.create("A")
    for asset_type in ("MARKETING_EMAIL", "SOCIAL_BROADCAST"):
        answer = await scene.ask("PUT", f"/{campaign}/assets/{asset_type}/17")
        assert (answer.status_code, answer.content) == (204, b"")
    listed = (await scene.ask("GET", f"/{campaign}/assets/SOCIAL_BROADCAST")).json()
    assert listed == {"results": [{"id": "17", "name": "SOCIAL_BROADCAST 17"}]}


@pytest.mark.parametrize("path", ["assets", "assets/"])
async def test_a_list_of_assets_needs_a_type(scene: Scene, path: str) -> None:
    campaign = await scene.create("A")
    assert (await scene.ask("GET", f"/{campaign}/{path}")).status_code == 404


@pytest.mark.seed("G32")
async def test_a_detached_asset_is_gone(scene: Scene) -> None:
    campaign = await scene.create("A")
    await scene.ask("PUT", f"/{campaign}/assets/FORM/17")
    answer = await scene.ask("DELETE", f"/{campaign}/assets/FORM/17")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await scene.ask("GET", f"/{campaign}/assets/FORM")).json() == {"results": []}


async def test_attaching_and_detaching_twice_is_as_good_as_once(scene: Scene) -> None:
    """Inferred, not documented: the switches repeated_attach and missing_detach have the other answer."""
    campaign = await scene.create("A")
    for method, held in (("PUT", 1), ("PUT", 1), ("DELETE", 0), ("DELETE", 0)):
        assert (await scene.ask(method, f"/{campaign}/assets/FORM/17")).status_code == 204
        assert len((await scene.ask("GET", f"/{campaign}/assets/FORM")).json()["results"]) == held


@pytest.mark.seed("G33")
@pytest.mark.parametrize("asset_type", METRICS)
async def test_all_26_types_can_be_attached_today(scene: Scene, asset_type: str) -> None:
    campaign = await scene.create("A")
    assert (await scene.ask("PUT", f"/{campaign}/assets/{asset_type}/17")).status_code == 204


@pytest.mark.seed("G33")
@pytest.mark.seed("G34")
@pytest.mark.parametrize(
    ("asset_type", "status"), [("FORM", 204), ("SEQUENCE", 204), ("MARKETING_EMAIL", 400), ("FILE_MANAGER_FILE", 400)]
)
async def test_by_the_page_only_fourteen_types_can_be_attached(scene: Scene, asset_type: str, status: int) -> None:
    await scene.turn(associable="page")
    campaign = await scene.create("A")
    answer = await scene.ask("PUT", f"/{campaign}/assets/{asset_type}/17")
    assert answer.status_code == status
    assert ("in HubSpot" in answer.text) == (status == 400)
    assert (await scene.ask("GET", f"/{campaign}/assets/{asset_type}")).status_code == 200


@pytest.mark.parametrize("asset_type", ["WORKFLOW", "STATIC_LIST", "form", "FORMS"])
async def test_a_guessed_type_is_refused_and_not_an_empty_list(scene: Scene, asset_type: str) -> None:
    """Codes do not follow the nouns of the interface; somebody's guesses came back as "no assets"."""
    campaign = await scene.create("A")
    for method, rest in (("GET", ""), ("PUT", "/17"), ("DELETE", "/17")):
        assert (await scene.ask(method, f"/{campaign}/assets/{asset_type}{rest}")).status_code == 400


async def test_an_asset_that_does_not_exist_cannot_be_attached(scene: Scene) -> None:
    campaign = await scene.create("A")
    await scene.control("PUT", "missing_assets", [17, "18"])
    answers = [await scene.ask("PUT", f"/{campaign}/assets/FORM/{asset}") for asset in ("17", "18", "19", "x")]
    assert [answer.status_code for answer in answers] == [404, 404, 204, 404]


async def test_an_asset_of_an_unknown_campaign_is_not_found(scene: Scene) -> None:
    for method, rest in (("GET", ""), ("PUT", "/17"), ("DELETE", "/17")):
        assert (await scene.ask(method, f"/{UUID(int=1)}/assets/FORM{rest}")).status_code == 404


@pytest.mark.seed("G15")
@pytest.mark.parametrize(("query", "rows"), [("", 10), ("?limit=1", 1), ("?limit=100", 12)])
async def test_a_page_of_assets_holds_10_or_as_many_as_asked_for(scene: Scene, query: str, rows: int) -> None:
    campaign = await scene.create("A")
    for number in range(12):
        await scene.ask("PUT", f"/{campaign}/assets/FORM/{number}")
    assert len((await scene.ask("GET", f"/{campaign}/assets/FORM{query}")).json()["results"]) == rows


@pytest.mark.seed("G15")
@pytest.mark.parametrize("limit", ["0", "101"])
async def test_a_limit_of_assets_outside_1_to_100_is_refused(scene: Scene, limit: str) -> None:
    campaign = await scene.create("A")
    assert (await scene.ask("GET", f"/{campaign}/assets/FORM?limit={limit}")).status_code == 400


@pytest.mark.seed("G14")
async def test_a_walk_over_assets_follows_ids_so_nothing_is_repeated(scene: Scene) -> None:
    """Recorded: the cursor of assets holds an id, that of campaigns a count; there is no total."""
    campaign = await scene.create("A")
    for number in (30, 4, 100, 2000):
        await scene.ask("PUT", f"/{campaign}/assets/FORM/{number}")
    first = (await scene.ask("GET", f"/{campaign}/assets/FORM?limit=2")).json()
    await scene.ask("PUT", f"/{campaign}/assets/FORM/5")
    second = (
        await scene.ask("GET", f"/{campaign}/assets/FORM?limit=2&after={first['paging']['next']['after']}")
    ).json()
    assert [row["id"] for row in first["results"] + second["results"]] == ["4", "30", "100", "2000"]
    assert "total" not in first
    assert "paging" not in second


METRIC_ROWS = {
    "G17": ("AD_CAMPAIGN", []),
    "G18": ("BLOG_POST", ["CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "SUBMISSIONS", "VIEWS"]),
    "G19": ("SOCIAL_BROADCAST", ["FACEBOOK_CLICKS", "LINKEDIN_CLICKS", "TWITTER_CLICKS"]),
    "G20": ("WEB_INTERACTIVE", ["CLICKS", "VIEWS"]),
    "G21": ("CTA", ["CLICKS", "SUBMISSIONS", "VIEWS"]),
    "G22": ("EXTERNAL_WEB_URL", ["VIEWS"]),
    "G23": ("FORM", ["CONVERSION_RATE", "SUBMISSIONS", "VIEWS"]),
    "G24": ("LANDING_PAGE", ["CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "CUSTOMERS", "SUBMISSIONS", "VIEWS"]),
    "G25": ("MARKETING_EMAIL", ["CLICKS", "OPEN", "SENT"]),
    "G26": ("MARKETING_EVENT", ["ATTENDEES", "CANCELLATIONS", "REGISTRATIONS"]),
    "G27": ("OBJECT_LIST", ["CONTACTS"]),
    "G28": ("SITE_PAGE", ["CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "CUSTOMERS", "SUBMISSIONS", "VIEWS"]),
    "G29": ("AUTOMATION_PLATFORM_FLOW", ["CURRENTLY_ENROLLED", "STARTED"]),
    "G30": ("MARKETING_SMS", ["SENT", "DELIVERED", "UNIQUE_CLICKS"]),
}


@pytest.mark.parametrize(
    ("asset_type", "names"),
    [pytest.param(*case, marks=pytest.mark.seed(row), id=row) for row, case in METRIC_ROWS.items()],
)
async def test_each_type_brings_its_metrics_when_both_dates_are_given(
    scene: Scene, asset_type: str, names: list[str]
) -> None:
    campaign = await scene.create("A")
    await scene.ask("PUT", f"/{campaign}/assets/{asset_type}/17")
    listed = (await scene.ask("GET", f"/{campaign}/assets/{asset_type}?{MAY}")).json()["results"][0]
    read = (await scene.ask("GET", f"/{campaign}?{MAY}")).json()["assets"][asset_type]["results"][0]
    assert list(listed.get("metrics", {})) == list(read.get("metrics", {})) == names


@pytest.mark.seed("G12")
@pytest.mark.seed("G16")
@pytest.mark.parametrize("query", ["", "startDate=2026-05-01", "endDate=2026-05-31"])
async def test_without_both_dates_there_are_no_metrics(scene: Scene, query: str) -> None:
    campaign = await scene.create("A")
    await scene.ask("PUT", f"/{campaign}/assets/FORM/17")
    listed = (await scene.ask("GET", f"/{campaign}/assets/FORM?{query}")).json()["results"][0]
    read = (await scene.ask("GET", f"/{campaign}?{query}")).json()["assets"]["FORM"]["results"][0]
    assert set(listed) == set(read) == {"id", "name"}


@pytest.mark.seed("G12")
@pytest.mark.seed("G16")
async def test_dates_are_written_with_hyphens(scene: Scene) -> None:
    campaign = await scene.create("A")
    for rest in ("", "/assets/FORM", "/reports/metrics", "/reports/revenue"):
        assert (await scene.ask("GET", f"/{campaign}{rest}?startDate=20260501&endDate=20260531")).status_code == 400
