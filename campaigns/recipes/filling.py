"""Filling a recipe in from a trigger: what the trigger asks of HubSpot, wish by wish. Pure."""

import math
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from campaigns.errors import Invalid
from campaigns.keys import without_markers
from campaigns.misshapen import why
from campaigns.model import Trigger
from campaigns.recipes import templates
from campaigns.recipes.lifecycles import stage_of
from campaigns.recipes.shapes import MEND, AssetGiven, AssetWanted, Does, ItemGiven, ItemWanted, Recipe, Wanted
from campaigns.wishes import (
    AddItem,
    ArchiveCampaign,
    AttachAsset,
    CreateCampaign,
    DetachAssets,
    ItemKind,
    MendAssets,
    UpdateCampaign,
    Wish,
)


class Asked(msgspec.Struct, frozen=True):
    """A wish, and whether the run fails with it."""

    wish: Wish
    required: bool = True


def wishes(trigger: Trigger, recipe: Recipe | None, zone: ZoneInfo) -> tuple[Asked, ...]:
    """What *trigger* asks of HubSpot, in the order in which it is done.

    Args:
        trigger: what happened.
        recipe: what is to be done about it; None when the trigger brings everything itself.
        zone: of the portal, for days.

    Raises:
        Invalid: the data does not hold what the recipe names, or is no campaign.

    """
    if trigger.type == MEND:
        return _mending(trigger)
    does = _does(recipe, trigger)
    archives = recipe is not None and recipe.archive
    if trigger.subject is None and (archives or does == "update"):
        raise Invalid("an update needs a subject: it changes the subject's campaign")
    if archives:
        return (Asked(ArchiveCampaign()),)
    wanted = _filled_in(recipe, trigger, zone) if recipe else _requested(trigger)
    properties = {name: without_markers(value) for name, value in wanted.properties.items()}
    if does != "update" and not properties.get("hs_name", "").strip():
        raise Invalid("the campaign has no name: `properties.hs_name` is missing or empty")
    campaign = (
        UpdateCampaign(properties, recipe is None or recipe.upsert, wanted.taken)
        if does == "update"
        else CreateCampaign(properties, another=does == "another", taken=wanted.taken)
    )
    return (
        Asked(campaign),
        *_assets(wanted),
        *_items("budget", wanted.budget),
        *_items("spend", wanted.spend),
        *_set(wanted, trigger),
    )


def _mending(trigger: Trigger) -> tuple[Asked, ...]:
    """What it takes is filled in when the run's turn has come: `lanes.resolve`."""
    if trigger.subject is None:
        raise Invalid("a mend needs a subject: it mends the subject's campaign")
    if trigger.data or trigger.sequence:
        raise Invalid("a mend has no data and no sequence: it brings back what the subject's other triggers have set")
    return Asked(UpdateCampaign({}, upsert=False, mend=True)), Asked(MendAssets(), required=False)


def _does(recipe: Recipe | None, trigger: Trigger) -> Does:
    return "create" if recipe is None else recipe.do or stage_of(trigger.type).do


def _requested(trigger: Trigger) -> Wanted:
    try:
        return msgspec.convert(trigger.data, Wanted)
    except msgspec.ValidationError as error:
        raise Invalid(f"data: {why(error, Wanted, trigger.data)}") from error


def _filled_in(recipe: Recipe, trigger: Trigger, zone: ZoneInfo) -> Wanted:
    values = templates.values_of(trigger, zone)
    told = stage_of(trigger.type).properties | recipe.properties
    fill = _Filling(recipe, values)
    wanted = {
        "properties": {name: fill.text(f"properties.{name}", template, {}) for name, template in told.items()},
        "assets": fill.assets(recipe.assets),
        "budget": list(fill.rows("budget", recipe.budget, ItemGiven.__struct_fields__)),
        "taken": recipe.taken,
        "spend": list(fill.rows("spend", recipe.spend, ItemGiven.__struct_fields__)),
    }
    try:
        return msgspec.convert(wanted, Wanted)
    except msgspec.ValidationError as error:
        raise Invalid(f"recipe {recipe.title!r} cannot be filled in: {why(error, Wanted, wanted)}") from error


class _Filling:
    """The texts of one recipe, filled in from one trigger."""

    def __init__(self, recipe: Recipe, values: templates.Values) -> None:
        self._title = recipe.title
        self._values = values

    def text(self, place: str, template: str, more: dict[str, Any]) -> str:
        try:
            return templates.text(template, {**self._values, **more} if more else self._values)
        except Invalid as error:
            raise Invalid(f"recipe {self._title!r}: {place}: {error}") from error

    def assets(self, wanted: tuple[AssetWanted, ...] | None) -> list[dict[str, Any]] | None:
        """The set of assets; None where none is named, as when they come from lists that the trigger does not have."""
        rows = list(self.rows("assets", wanted or (), AssetGiven.__struct_fields__))
        named = wanted is not None and (not wanted or not all(self._is_missing(row) for row in wanted))
        return rows if named else None

    def _is_missing(self, row: AssetWanted) -> bool:
        return bool(row.each) and templates.listed(row.each, self._values) is None

    def rows(
        self, place: str, rows: Sequence[AssetWanted | ItemWanted], cells: tuple[str, ...]
    ) -> Iterator[dict[str, Any]]:
        """The *cells* of each asset or item: none, one, or one for each value of a list."""
        for number, row in enumerate(rows):
            where = f"{place}[{number}]"
            for more in self._each(where, row):
                yield {name: self._cell(f"{where}.{name}", getattr(row, name), more) for name in cells}

    def _each(self, where: str, row: AssetWanted | ItemWanted) -> Iterator[dict[str, Any]]:
        try:
            for item in (templates.listed(row.each, self._values) or []) if row.each else [None]:
                more = {templates.ITEM: item} if row.each else {}
                if templates.holds(row.when, {**self._values, **more}):
                    yield more
        except Invalid as error:
            raise Invalid(f"recipe {self._title!r}: {where}: {error}") from error

    def _cell(self, where: str, told: object, more: dict[str, Any]) -> object:
        return self.text(where, told, more).strip() if isinstance(told, str) else told


def _assets(wanted: Wanted) -> Iterator[Asked]:
    """Each asset once: required, if any of those that name it is."""
    required: dict[AttachAsset, bool] = {}
    for asset in wanted.assets or ():
        wish = AttachAsset(asset.type, asset.id)
        required[wish] = required.get(wish, False) or asset.required
    return (Asked(wish, one) for wish, one in required.items())


def _set(wanted: Wanted, trigger: Trigger) -> tuple[Asked, ...]:
    """Whoever names the set of a subject's assets wants those of an earlier set to be gone."""
    return (Asked(DetachAssets()),) if wanted.assets is not None and trigger.subject is not None else ()


def _items(kind: ItemKind, wanted: tuple[ItemGiven, ...]) -> Iterator[Asked]:
    for order, item in enumerate(wanted):
        wish = AddItem(kind, item.name, _amount(kind, item), order, without_markers(item.description))
        yield Asked(wish, item.required)


def _amount(kind: ItemKind, item: ItemGiven) -> float:
    try:
        amount = float(item.amount)
    except ValueError as error:
        raise Invalid(f"{kind}: the amount of {item.name!r} is not a number: {item.amount!r}") from error
    if not math.isfinite(amount):
        raise Invalid(f"{kind}: the amount of {item.name!r} is not a number that can be paid: {item.amount!r}")
    return amount
