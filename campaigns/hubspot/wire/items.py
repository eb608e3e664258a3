"""Budget and spend items: requests to build, answers to read. The two differ in one word of the path."""

import math
from typing import Any, Final

from campaigns.errors import Invalid
from campaigns.hubspot.types import Item, ItemFields, ItemKind, Totals
from campaigns.hubspot.wire.campaigns import read_nothing
from campaigns.hubspot.wire.exchange import Answer, Request, packed, segment
from campaigns.hubspot.wire.fields import (
    Unreadable,
    certain,
    decoded,
    every,
    identity,
    mapping,
    moment,
    number,
    text,
    whole,
)

_TOTALS: Final = frozenset({"budgetItems", "spendItems", "budgetTotal", "spendTotal", "currencyCode"})


def add_item(campaign: str, kind: ItemKind, fields: ItemFields) -> Request[Item]:
    """Add an item. Nothing makes it unique: sent twice, it is there twice."""
    path = f"/{segment(campaign)}/{kind}"
    return Request(f"{kind}.add", "POST", path, read_item_answer, body=_body(fields), changes=True)


def read_item(campaign: str, kind: ItemKind, item: str) -> Request[Item]:
    """Read one item by its id."""
    return Request(f"{kind}.read", "GET", _path(campaign, kind, item), read_item_answer)


def replace_item(campaign: str, kind: ItemKind, item: str, fields: ItemFields) -> Request[Item]:
    """Write all of an item anew: HubSpot knows no change of a part."""
    path = _path(campaign, kind, item)
    return Request(f"{kind}.replace", "PUT", path, read_item_answer, body=_body(fields), changes=True)


def remove_item(campaign: str, kind: ItemKind, item: str) -> Request[None]:
    """Remove an item."""
    return Request(f"{kind}.remove", "DELETE", _path(campaign, kind, item), read_nothing, changes=True)


def totals(campaign: str) -> Request[Totals]:
    """Read a campaign's money with all its items; there is no other way to enumerate them."""
    return Request("budget.totals", "GET", f"/{segment(campaign)}/budget/totals", read_totals)


def read_item_answer(answer: Answer) -> Item:
    """An item.

    Raises:
        Unreadable: there is none, or it has no id.

    """
    return certain(item_in(decoded(answer.body)), "budget or spend item")


def read_totals(answer: Answer) -> Totals:
    """A campaign's money. HubSpot may leave out what is empty, but not everything.

    Raises:
        Unreadable: these are no totals, or one of the items has no id; then nobody may say that an item does not exist.

    """
    body = decoded(answer.body)
    if not body.keys() & _TOTALS:
        raise Unreadable("no totals")
    return Totals(
        every(body.get("budgetItems", []), item_in),
        every(body.get("spendItems", []), item_in),
        number(body.get("budgetTotal")),
        number(body.get("spendTotal")),
        number(body.get("remainingBudget")),
        text(body.get("currencyCode")),
    )


def item_in(value: object) -> Item | None:
    """The item in a part of an answer, if it has an id (text in bodies, although a number in paths)."""
    row = mapping(value)
    found = identity(row.get("id"))
    if found is None:
        return None
    return Item(
        found,
        text(row.get("name")) or "",
        number(row.get("amount")) or 0.0,
        whole(row.get("order")) or 0,
        text(row.get("description")) or "",
        moment(row.get("createdAt")),
        moment(row.get("updatedAt")),
    )


def _path(campaign: str, kind: ItemKind, item: str) -> str:
    """An item's path. An item called `totals` would be another operation.

    Raises:
        Invalid: the id is no number.

    """
    if not (item.isascii() and item.isdigit()):
        raise Invalid(f"{item!r} is no id of a {kind} item")
    return f"/{segment(campaign)}/{kind}/{item}"


def _body(fields: ItemFields) -> bytes:
    if not math.isfinite(fields.amount):
        raise Invalid(f"an amount of {fields.amount} cannot be sent")
    told: dict[str, Any] = {"name": fields.name, "amount": fields.amount, "order": fields.order}
    return packed(told | ({"description": fields.description} if fields.description else {}))
