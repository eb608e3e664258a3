"""Recipes are read again when their files change; what is broken leaves the last good ones in force, and says so."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import msgspec
import pytest

from campaigns import settings
from campaigns.errors import Invalid
from campaigns.settings import RecipeFiles, Shelf
from tests.flows.serving import a_service
from tests.settings import bearer, some_settings

PATIENCE = 30.0


def a_recipe(on: str, portal: str = "acme") -> str:
    return f'[[recipes]]\non = "{on}"\nportal = "{portal}"\nproperties = {{ hs_name = "{{{{ data.name }}}}" }}\n'


@pytest.fixture
def files(tmp_path: Path) -> RecipeFiles:
    """Settings with one recipe, and an empty folder."""
    (tmp_path / "fanfare.toml").write_text('installation = "test"\n' + a_recipe("a.settings"))
    (tmp_path / "recipes").mkdir()
    return RecipeFiles(tmp_path / "fanfare.toml", tmp_path / "recipes", {"acme": "Europe/Berlin"})


@asynccontextmanager
async def watched(files: RecipeFiles) -> AsyncIterator[Shelf]:
    shelf = Shelf(files.book(files.texts()), files, looks=0.02)
    watching = asyncio.create_task(shelf.watch())
    try:
        yield shelf
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def until(shelf: Shelf, *titles: str, problem: str | None = None) -> None:
    """Wait until exactly these recipes are in force, and the problem is the one that is told."""
    async with asyncio.timeout(PATIENCE):
        while [one.title for one in shelf.all] != list(titles) or not is_told(shelf.problem, problem):  # noqa: ASYNC110 - files set no event
            await asyncio.sleep(0.01)


def is_told(told: str | None, problem: str | None) -> bool:
    return told is None if problem is None else problem in (told or "")


async def test_a_file_that_is_added_changed_and_taken_away_is_in_force_likewise(files: RecipeFiles) -> None:
    async with watched(files) as shelf:
        await until(shelf, "a.settings")
        (files.folder / "one.toml").write_text(a_recipe("b.one"))
        await until(shelf, "a.settings", "b.one")
        (files.folder / "one.toml").write_text(a_recipe("b.two"))
        await until(shelf, "a.settings", "b.two")
        (files.folder / "one.toml").unlink()
        await until(shelf, "a.settings")


async def test_a_broken_file_keeps_the_old_ones_and_says_where_until_it_is_mended(files: RecipeFiles) -> None:
    (files.folder / "one.toml").write_text(a_recipe("b.one"))
    async with watched(files) as shelf:
        (files.folder / "one.toml").write_text(a_recipe("b.two") + 'properteis = ""')
        await until(shelf, "a.settings", "b.one", problem="one.toml:5: there is no `properteis` here")
        (files.folder / "one.toml").write_text(a_recipe("b.one"))
        await until(shelf, "a.settings", "b.one")


async def test_two_recipes_that_would_answer_to_one_trigger_are_not_in_force(files: RecipeFiles) -> None:
    async with watched(files) as shelf:
        (files.folder / "one.toml").write_text(a_recipe("a.*"))
        await until(shelf, "a.settings", problem="answers to a.*, and so does the recipe 'a.settings'")


async def test_a_config_map_is_exchanged_as_kubernetes_does_it(files: RecipeFiles, tmp_path: Path) -> None:
    """Files are links through `..data`, itself a link that is renamed over: no file of the folder is ever written."""
    for version, on in (("..1", "b.one"), ("..2", "b.two")):
        (tmp_path / "recipes" / version).mkdir()
        (tmp_path / "recipes" / version / "one.toml").write_text(a_recipe(on))
    (tmp_path / "recipes" / "..data").symlink_to("..1")
    (tmp_path / "recipes" / "one.toml").symlink_to("..data/one.toml")
    async with watched(files) as shelf:
        await until(shelf, "a.settings", "b.one")
        (tmp_path / "recipes" / "..data_tmp").symlink_to("..2")
        (tmp_path / "recipes" / "..data_tmp").rename(tmp_path / "recipes" / "..data")
        await until(shelf, "a.settings", "b.two")


async def test_the_service_answers_by_the_new_recipes_and_its_health_is_amber_while_they_are_broken(
    files: RecipeFiles, redis_url: str
) -> None:
    told = some_settings(redis_url, book=files.book(files.texts()))
    told = msgspec.structs.replace(told, recipe_files=files)
    async with a_service(told) as http:
        trigger: dict[str, object] = {"type": "b.one", "source": "s", "id": "1", "data": {"name": "x"}}
        assert (await http.post("/v1/triggers", json=trigger, headers=bearer("shop"))).status_code == 422
        (files.folder / "one.toml").write_text(a_recipe("b.one"))
        await answered(http, trigger, 202)
        (files.folder / "one.toml").write_text("[[recipes]")
        ill = await illness(http)
        assert ill["colour"] == "amber"
        assert "one.toml:1: this is no TOML" in ill["seen"]
        await answered(http, {**trigger, "id": "2"}, 202)


async def answered(http: httpx.AsyncClient, trigger: Mapping[str, object], status: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await http.post("/v1/triggers", json=trigger, headers=bearer("shop"))).status_code != status:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.05)


async def illness(http: httpx.AsyncClient) -> dict[str, str]:
    """What /healthz says of the recipes, once it says something."""
    async with asyncio.timeout(PATIENCE):
        while True:
            reasons: list[dict[str, str]] = (await http.get("/healthz")).json()["reasons"]
            if found := [one for one in reasons if one["what"] == "recipes"]:
                return found[0]
            await asyncio.sleep(0.05)


def test_a_process_that_begins_with_a_broken_recipe_does_not_begin(tmp_path: Path) -> None:
    (tmp_path / "fanfare.toml").write_text('installation = "test"\n[portals]\n[callers]\n' + a_recipe("a.b", "acm"))
    with pytest.raises(Invalid, match=r"fanfare\.toml:6: the settings have no portal 'acm'"):
        settings.read({"FANFARE_CONFIG": str(tmp_path / "fanfare.toml")})
