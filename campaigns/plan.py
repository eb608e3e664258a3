"""Turning a trigger and its recipe into a run with all its steps: pure, once, at acceptance.

The plan is stored in the run; editing a recipe does not change work under way.
"""

from typing import assert_never

import msgspec

from campaigns import keys, lanes, recipes
from campaigns.errors import Invalid
from campaigns.model import Run, Step, Trigger
from campaigns.wishes import (
    AddItem,
    ArchiveCampaign,
    AttachAsset,
    CreateCampaign,
    DetachAssets,
    MendAssets,
    Undo,
    UpdateCampaign,
    Wish,
)


class Sender(msgspec.Struct, frozen=True):
    """Who asks, as far as the plan depends on it.

    Attributes:
        installation: this installation's name; part of every run id.
        caller: the service that sent the trigger.
        space: whose subjects it speaks of.

    """

    installation: str
    caller: str
    space: str


def plan(trigger: Trigger, book: recipes.Book, sender: Sender, key: str) -> Run:
    """The run that *trigger* asks for.

    Args:
        trigger: what happened.
        book: the recipes in force.
        sender: who says so.
        key: names the wish (`keys.header_key`, `keys.event_key`).

    Raises:
        NoRecipe: nothing answers to the trigger's type.
        Invalid: the trigger lacks what its recipe needs, or names no portal and neither does the recipe.

    """
    recipe = book.match(trigger)
    portal = trigger.portal or (recipe.portal if recipe else None)
    if portal is None:
        raise Invalid("no portal: neither the trigger nor its recipe names one")
    wanted = recipes.wishes(trigger, recipe, book.zone(portal))
    if recipe is not None and recipe.callback is not None and trigger.callbackurl is None:
        trigger = msgspec.structs.replace(trigger, callbackurl=recipe.callback)
    return Run(
        id=keys.run_id(sender.installation, sender.caller, key, portal),
        caller=sender.caller,
        portal=portal,
        space=sender.space,
        recipe=recipe.title if recipe else trigger.type,
        max_creates_per_hour=recipe.max_creates_per_hour if recipe and _may_create(wanted[0].wish) else None,
        trigger=trigger,
        steps=tuple(Step(step_name(asked.wish), asked.wish, asked.required) for asked in wanted),
    )


def _may_create(wish: Wish) -> bool:
    return isinstance(wish, CreateCampaign) or (isinstance(wish, UpdateCampaign) and wish.upsert)


def step_name(wish: Wish) -> str:  # noqa: PLR0911 - one name for each kind
    """What the step is called in runs, callbacks and logs; unique within a run."""
    match wish:
        case CreateCampaign():
            return "create_campaign"
        case UpdateCampaign(mend=True):
            return "mend_campaign"
        case UpdateCampaign():
            return "update_campaign"
        case ArchiveCampaign():
            return "archive_campaign"
        case DetachAssets():
            return lanes.DETACH
        case MendAssets():
            return "mend_assets"
        case AttachAsset(type=kind, id=asset_id):
            return f"attach_asset {kind} {asset_id}"
        case AddItem(kind=kind, order=order):
            return f"add_{kind}_item {order}"
        case Undo():
            return wish.step
        case _:
            assert_never(wish)
