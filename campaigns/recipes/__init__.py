"""What each type of trigger asks for: reading recipes from TOML, finding the one that answers, filling it in. Pure."""

from campaigns.recipes.filling import Asked, wishes
from campaigns.recipes.matching import Book, Recipes
from campaigns.recipes.mistakes import Mistake
from campaigns.recipes.reading import Placed, Reading, examine, read, usable
from campaigns.recipes.shapes import MEND, MOST_ASSETS, MOST_ITEMS, REQUESTED, AssetWanted, ItemWanted, Recipe, Wanted

__all__ = [
    "MEND",
    "MOST_ASSETS",
    "MOST_ITEMS",
    "REQUESTED",
    "Asked",
    "AssetWanted",
    "Book",
    "ItemWanted",
    "Mistake",
    "Placed",
    "Reading",
    "Recipe",
    "Recipes",
    "Wanted",
    "examine",
    "read",
    "usable",
    "wishes",
]
