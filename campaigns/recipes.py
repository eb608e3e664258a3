"""What each type of trigger asks for: reading recipes from TOML, finding the one that answers, filling it in. Pure.

So far a recipe creates a campaign. Texts are templates in the sandbox of MiniJinja over the trigger's attributes, such
as `{{ data.name }}` or `{{ subject }}`; a template that names what the trigger does not have refuses the trigger.
"""

import tomllib
from typing import Annotated, Any, Final, Literal

import minijinja
import msgspec

from campaigns.errors import Invalid, NoRecipe
from campaigns.keys import without_markers
from campaigns.model import Trigger
from campaigns.wishes import AddItem, AttachAsset, CreateCampaign, ItemKind, UpdateCampaign, Wish

REQUESTED: Final = "campaign.requested"
"""The type of trigger that brings everything itself and needs no recipe."""

MOST_ASSETS: Final = 200
MOST_ITEMS: Final = 100
"""One trigger may not occupy a portal's quota for more than about half a minute."""

Text = Annotated[str, msgspec.Meta(max_length=10_000)]


class AssetWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of HubSpot's assets: its type, such as `MARKETING_EMAIL`, and its id."""

    type: Annotated[str, msgspec.Meta(pattern="^[A-Z_]{2,40}$")]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class ItemWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A budget or spend item; *amount* in the currency of the campaign, in a recipe possibly a template."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    amount: float | str
    description: Text = ""


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A campaign as a recipe or the data of a `campaign.requested` describes it."""

    properties: dict[str, Text]
    assets: Annotated[tuple[AssetWanted, ...], msgspec.Meta(max_length=MOST_ASSETS)] = ()
    budget: Annotated[tuple[ItemWanted, ...], msgspec.Meta(max_length=MOST_ITEMS)] = ()
    spend: Annotated[tuple[ItemWanted, ...], msgspec.Meta(max_length=MOST_ITEMS)] = ()


class Recipe(Wanted, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A campaign as marketing describes it for one type of trigger.

    Attributes:
        on: the type of trigger.
        name: what the recipe is called in runs.
        portal: the HubSpot account, unless the trigger names one.
        do: what is done about the subject's campaign.
        upsert: whether an update makes the campaign that it does not find.
        max_creates_per_hour: in one portal; beyond it runs are held, so that a sender gone wild does little harm.

    """

    on: str
    name: str = ""
    portal: str | None = None
    do: Literal["create", "update"] = "create"
    upsert: bool = True
    max_creates_per_hour: Annotated[int, msgspec.Meta(ge=1)] = 500


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    recipes: tuple[Recipe, ...] = ()


class Recipes(msgspec.Struct, frozen=True):
    """All recipes that are in force."""

    all: tuple[Recipe, ...] = ()

    def match(self, trigger: Trigger) -> Recipe | None:
        """The recipe that answers to *trigger*; None for one that brings everything itself.

        Raises:
            NoRecipe: nothing answers to the type.

        """
        if trigger.type == REQUESTED:
            return None
        for recipe in self.all:
            if recipe.on == trigger.type:
                return recipe
        raise NoRecipe(f"no recipe answers to triggers of type {trigger.type!r}")


def read(text: str) -> tuple[Recipe, ...]:
    """The recipes in a TOML text.

    Raises:
        Invalid: the text is not TOML, or not recipes; the message says where.

    """
    try:
        return msgspec.convert(tomllib.loads(text), _File).recipes
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Invalid(f"recipes: {error}") from error


def wishes(trigger: Trigger, recipe: Recipe | None) -> tuple[Wish, ...]:
    """What *trigger* asks of HubSpot, in the order in which it is done.

    Raises:
        Invalid: the data does not hold what the recipe names, or is no campaign.

    """
    wanted = _filled_in(recipe, trigger) if recipe else _requested(trigger)
    updates = recipe is not None and recipe.do == "update"
    if updates and trigger.subject is None:
        raise Invalid("an update needs a subject: it changes the subject's campaign")
    if not updates and not wanted.properties.get("hs_name", "").strip():
        raise Invalid("the campaign has no name: `properties.hs_name` is missing or empty")
    assets = dict.fromkeys(AttachAsset(asset.type, asset.id) for asset in wanted.assets)
    items = [*_items("budget", wanted.budget), *_items("spend", wanted.spend)]
    properties = {name: without_markers(value) for name, value in wanted.properties.items()}
    campaign = UpdateCampaign(properties, recipe.upsert) if recipe and updates else CreateCampaign(properties)
    return (campaign, *assets, *items)


def _requested(trigger: Trigger) -> Wanted:
    try:
        return msgspec.convert(trigger.data, Wanted)
    except msgspec.ValidationError as error:
        raise Invalid(f"data: {error}") from error


def _filled_in(recipe: Recipe, trigger: Trigger) -> Wanted:
    environment = minijinja.Environment(undefined_behavior="strict", auto_escape_callback=lambda _: False)
    known = {**msgspec.structs.asdict(trigger), "trigger": msgspec.structs.asdict(trigger)}

    def fill(value: Any) -> Any:  # noqa: ANN401 - a recipe is a tree of tables, arrays and texts
        match value:
            case str():
                return environment.render_str(value, **known)
            case dict():
                return {name: fill(inner) for name, inner in value.items()}
            case list() | tuple():
                return [fill(inner) for inner in value]
            case _:
                return value

    told = {name: msgspec.to_builtins(getattr(recipe, name)) for name in Wanted.__struct_fields__}
    try:
        return msgspec.convert(fill(told), Wanted)
    except (minijinja.TemplateError, msgspec.ValidationError) as error:
        raise Invalid(f"recipe {recipe.name or recipe.on!r} cannot be filled in: {error}") from error


def _items(kind: ItemKind, wanted: tuple[ItemWanted, ...]) -> list[AddItem]:
    try:
        return [
            AddItem(kind, item.name, float(item.amount), order, without_markers(item.description))
            for order, item in enumerate(wanted)
        ]
    except ValueError as error:
        raise Invalid(f"{kind}: an amount is not a number: {error}") from error
