"""docs/recipes.md says what the code does."""

import re
from pathlib import Path

from campaigns.hubspot.asset_types import ASSET_TYPES
from campaigns.recipes import Recipe, examine, read
from campaigns.recipes.filters import KEPT, OURS
from campaigns.recipes.lifecycles import STAGES

PAGE = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text()


def test_the_page_names_every_word_of_a_recipe_every_filter_stage_and_asset_type() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE)) | set(re.findall(r"\b[A-Z_]{3,}\b", PAGE))
    assert set(Recipe.__struct_fields__) <= told
    assert (KEPT | OURS.keys()) - {"d", "count"} <= told
    assert STAGES.keys() <= told
    assert ASSET_TYPES.keys() <= told


def test_the_recipes_of_the_page_can_be_used() -> None:
    whole, parts = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    read(whole)
    read('[[recipes]]\non = "x"\nportal = "acme"\nproperties = { hs_name = "x" }\n' + parts)
    assert examine({"": whole}).mistakes == ()
