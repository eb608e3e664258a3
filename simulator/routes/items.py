"""Budget and spend items of a campaign, and their totals. Nothing here is unique: adding twice adds two."""

from functools import partial
from typing import Annotated, Final, Literal

import msgspec

from simulator.answers import Answer, not_found
from simulator.bodies import Body, item_body
from simulator.operation import Call, Operation, parsed
from simulator.portal import Campaign, Item, total
from simulator.routes.campaigns import found
from simulator.world import World

Kind = Literal["budget", "spend"]
CURRENCY: Final = "USD"  # of a portal whose campaign names none
LARGEST: Final = 1e300  # so that a sum of amounts is a number, which JSON can hold; HubSpot's own bound is not known


class ItemInput(msgspec.Struct, frozen=True):
    """What an item is made of, or replaced with."""

    amount: Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
    name: str
    order: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
    description: str | None = None


def _items(campaign: Campaign, kind: Kind) -> list[Item]:
    return campaign.budget if kind == "budget" else campaign.spend


def _item(campaign: Campaign, kind: Kind, call: Call) -> Item:
    for item in _items(campaign, kind):
        if str(item.id) == call.params["item"]:
            return item
    raise not_found(f"{kind.capitalize()} item {call.params['item']} not found")


def _add(world: World, call: Call, *, kind: Kind) -> Answer:
    campaign = found(world, call.params["campaign"])
    given = parsed(call.body, ItemInput)
    item = Item(
        id=world.portal.next_number(),
        name=given.name,
        amount=given.amount,
        order=given.order,
        description=given.description,
        created=call.time,
        updated=call.time,
    )
    _items(campaign, kind).append(item)
    world.portal.touch(campaign, call.time)
    place = f"{call.origin}{call.version.prefix}/{campaign.id}/{kind}/{item.id}"
    return Answer(201, item_body(item), {"Location": place} if call.version.location else {}, (campaign.id,))


def _read(world: World, call: Call, *, kind: Kind) -> Answer:
    return Answer(200, item_body(_item(found(world, call.params["campaign"]), kind, call)))


def _replace(world: World, call: Call, *, kind: Kind) -> Answer:
    campaign = found(world, call.params["campaign"])
    item = _item(campaign, kind, call)
    given = parsed(call.body, ItemInput)
    item.name, item.amount, item.order, item.description = given.name, given.amount, given.order, given.description
    item.updated = call.time
    world.portal.touch(campaign, call.time)
    return Answer(200, item_body(item), campaigns=(campaign.id,))


def _remove(world: World, call: Call, *, kind: Kind) -> Answer:
    campaign = found(world, call.params["campaign"])
    _items(campaign, kind).remove(_item(campaign, kind, call))
    world.portal.touch(campaign, call.time)
    return Answer(204, campaigns=(campaign.id,))


def _totals(world: World, call: Call) -> Answer:
    campaign = found(world, call.params["campaign"])
    budget, spend = total(campaign.budget), total(campaign.spend)
    body = {
        "currencyCode": campaign.properties.get("hs_currency_code", CURRENCY),
        "budgetItems": _in_any_order(world, campaign.budget),
        "spendItems": _in_any_order(world, campaign.spend),
        "budgetTotal": budget,
        "spendTotal": spend,
        "remainingBudget": round(budget - spend, 2),
    }
    return Answer(200, body)


def _in_any_order(world: World, items: list[Item]) -> list[Body]:
    """Write items as the specification warns of: "may be returned in any order"."""
    bodies = [item_body(item) for item in items]
    world.random.shuffle(bodies)
    return bodies


def _of(kind: Kind) -> tuple[Operation, ...]:
    one = f"/{{campaign:str}}/{kind}/{{item:str}}"
    return (
        Operation("POST", f"/{{campaign:str}}/{kind}", "write", partial(_add, kind=kind), changes=True),
        Operation("GET", one, "read", partial(_read, kind=kind)),
        Operation("PUT", one, "write", partial(_replace, kind=kind), changes=True),
        Operation("DELETE", one, "write", partial(_remove, kind=kind), changes=True),
    )


OPERATIONS: Final = (
    Operation("GET", "/{campaign:str}/budget/totals", "read", _totals),
    *_of("budget"),
    *_of("spend"),
)
