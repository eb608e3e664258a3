from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from simulator.versions import VERSIONS
from tests.contract.in_process import LATEST, Scene, a_scene


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


async def names(scene: Scene, query: str) -> list[str]:
    answer = await scene.ask("GET", f"?properties=hs_name&{query}")
    assert answer.status_code == 200, answer.text
    return [row["properties"]["hs_name"] for row in answer.json()["results"]]


@pytest.mark.seed("G38")
async def test_a_name_is_a_substring_and_none_means_all(scene: Scene) -> None:
    """The name "Sale" also finds "Flash Sale 2": an exact match is the client's work."""
    for name in ("Sale", "Flash Sale 2", "Spring"):
        await scene.create(name)
    assert await names(scene, "name=Sale") == ["Flash Sale 2", "Sale"]
    assert await names(scene, "") == ["Flash Sale 2", "Sale", "Spring"]


@pytest.mark.seed("G39")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["A", "B", "C"]),
        ("sort=hs_name", ["A", "B", "C"]),
        ("sort=-hs_name", ["C", "B", "A"]),
        ("sort=createdAt", ["B", "C", "A"]),
        ("sort=-createdAt", ["A", "C", "B"]),
        ("sort=updatedAt", ["C", "A", "B"]),
        ("sort=-updatedAt", ["B", "A", "C"]),
    ],
)
async def test_a_list_is_sorted_by_name_or_as_asked(scene: Scene, query: str, expected: list[str]) -> None:
    made = {}
    for name in ("B", "C", "A"):
        made[name] = await scene.create(name)
        scene.now += 1
    await scene.ask("PATCH", f"/{made['B']}", {"properties": {"hs_notes": "n"}})
    assert await names(scene, query) == expected


@pytest.mark.seed("G39")
@pytest.mark.parametrize("sort", ["-CREATED_AT", "created", "--createdAt", "hs_notes"])
async def test_another_sort_is_refused(scene: Scene, sort: str) -> None:
    """The guide's own example, `-CREATED_AT`, is not in the guide's list of sorts."""
    assert (await scene.ask("GET", f"?sort={sort}")).status_code == 400


@pytest.mark.seed("G40")
async def test_a_page_holds_50_or_as_many_as_asked_for(scene: Scene) -> None:
    for _ in range(3):
        await scene.create_all(*[f"{number}" for number in range(50)])
    assert len((await scene.ask("GET")).json()["results"]) == 50
    assert len((await scene.ask("GET", "?limit=100")).json()["results"]) == 100
    assert len((await scene.ask("GET", "?limit=1")).json()["results"]) == 1


@pytest.mark.seed("G40")
@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5"])
async def test_a_limit_outside_1_to_100_is_refused(scene: Scene, limit: str) -> None:
    assert (await scene.ask("GET", f"?limit={limit}")).status_code == 400


async def test_the_first_page_is_written_as_recorded(scene: Scene) -> None:
    """Recorded: total on the page, the cursor percent-encoded, the link with the query and the cursor once more."""
    for name in ("A", "B", "C"):
        await scene.create(name)
    body = (await scene.ask("GET", "?limit=2&sort=-updatedAt&properties=hs_name%2Chs_notes")).json()
    link = f"http://hubspot.test{VERSIONS[LATEST].prefix}?limit=2&sort=-updatedAt&properties=hs_name%2Chs_notes&after=Mg%3D%3D"
    assert body["total"] == 3
    assert body["paging"] == {"next": {"after": "Mg%3D%3D", "link": link}}


async def test_the_last_page_has_no_paging_at_all(scene: Scene) -> None:
    for name in ("A", "B", "C"):
        await scene.create(name)
    body = (await scene.ask("GET", "?limit=2&after=Mg%3D%3D")).json()
    assert "paging" not in body
    assert (body["total"], len(body["results"])) == (3, 1)


async def walk(scene: Scene, query: str) -> list[dict[str, Any]]:
    """Follow the cursors to the end, decoding each once."""
    rows: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        body = (await scene.ask("GET", f"?{query}&after={after}")).json()
        rows += body["results"]
        after = body.get("paging", {}).get("next", {}).get("after")
    return rows


@pytest.mark.seed("G40")
async def test_a_walk_over_all_pages_meets_every_campaign_once(scene: Scene) -> None:
    await scene.create_all(*[f"{number}" for number in range(25)])
    rows = await walk(scene, "limit=4&sort=-createdAt")
    assert len({row["id"] for row in rows}) == len(rows) == 25


async def test_the_link_of_a_page_leads_to_the_next(scene: Scene) -> None:
    for name in ("A", "B", "C"):
        await scene.create(name)
    body = (await scene.ask("GET", "?limit=2&properties=hs_name")).json()
    query = urlsplit(body["paging"]["next"]["link"]).query
    assert [row["properties"]["hs_name"] for row in (await scene.ask("GET", f"?{query}")).json()["results"]] == ["C"]


async def test_the_cursor_counts_rows_so_a_creation_during_a_walk_repeats_one(scene: Scene) -> None:
    """A walk that must not miss anything has to look at page 1 again."""
    for name in ("A", "B", "C"):
        await scene.create(name)
    first = (await scene.ask("GET", "?limit=2&sort=-createdAt")).json()
    await scene.create("D")
    second = (await scene.ask("GET", "?limit=2&sort=-createdAt&after=Mg%3D%3D")).json()
    assert first["results"][1]["id"] == second["results"][0]["id"]


async def test_a_deletion_during_a_walk_hides_a_row(scene: Scene) -> None:
    made = [await scene.create(name) for name in ("A", "B", "C")]
    first = (await scene.ask("GET", "?limit=1")).json()["results"]
    await scene.ask("DELETE", f"/{made[0]}")
    second = (await scene.ask("GET", "?limit=2&after=MQ%3D%3D")).json()["results"]
    assert [row["id"] for row in first + second] == [made[0], made[2]]


async def test_a_cursor_that_is_encoded_twice_is_refused(scene: Scene) -> None:
    """What httpx makes of the cursor as handed out, and HubSpot's own SDK on page 2."""
    answer = await scene.http.get(
        VERSIONS[LATEST].prefix, params={"after": "Mg%3D%3D"}, headers={"Authorization": "Bearer pat-test"}
    )
    assert answer.request.url.query == b"after=Mg%253D%253D"
    assert answer.status_code == 400


async def test_the_cursor_of_the_guide_is_read_with_its_newline(scene: Scene) -> None:
    await scene.create("A")
    answer = await scene.ask("GET", f"?after={unquote('NTI1Cg%3D%3D')}")
    assert (answer.status_code, answer.json()["results"]) == (200, [])


async def test_new_campaigns_may_stay_out_of_lists_for_a_while(scene: Scene) -> None:
    """Whether a list shows at once what was created is unknown; a read by id does."""
    await scene.turn(lookup_lag_s=5)
    campaign = await scene.create("A")
    scene.now += 4.9
    assert (await scene.ask("GET")).json() == {"total": 0, "results": []}
    assert (await scene.ask("GET", f"/{campaign}")).status_code == 200
    scene.now += 0.1
    assert (await scene.ask("GET")).json()["total"] == 1
