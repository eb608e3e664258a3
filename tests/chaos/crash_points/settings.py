"""The settings of an installation in which nothing is waited for longer than the proof needs."""

from typing import Final

import msgspec

from campaigns.recipes import AssetWanted, ItemWanted, Recipe, Recipes
from campaigns.settings import OAuth, Portal, Secret, Settings
from tests.settings import CALLBACK_SECRET, SECRETS, TOKEN, a_caller, some_settings

HERE: Final = "127.0.0.1"

ELSEWHERE: Final = "127.1"
"""This machine, by a name that the programs do not take for it: so a Redis without a birth record has lost everything."""

NAME: Final = "Lamp"

_CLIENT: Final = Secret(env="HUBSPOT_CLIENT_SECRET")
_REFRESH: Final = Secret(env="HUBSPOT_REFRESH_TOKEN")
_APP: Final = OAuth("client-test", _CLIENT, _REFRESH)  # the simulator's

_HASTY: Final = Portal(token=TOKEN, call_deadline=2.0, settle=0.3, ghost_looks=(1.0,), probe_after=1.0)

LAUNCHED: Final = Recipe(
    on="product.launched",
    name="launches",
    portal="acme",
    properties={"hs_name": "{{ data.name }}"},
    assets=(AssetWanted("MARKETING_EMAIL", "1"), AssetWanted("FORM", "2")),
    budget=(ItemWanted("Print", 100),),
    spend=(ItemWanted("Stamps", 5),),
    max_creates_per_hour=1,
)

REQUESTED: Final = {
    "properties": {"hs_name": NAME},
    **{part: msgspec.to_builtins(getattr(LAUNCHED, part)) for part in ("assets", "budget", "spend")},
}
"""The data of a trigger that asks for the same campaign without the recipe."""


def told(redis: str, hubspot: str, operations: str, *, app: bool) -> Settings:
    """What all programs are told.

    Args:
        redis: where Redis is.
        hubspot: where the portal acme is.
        operations: where the operators of the caller shop are told of its trouble.
        app: the portal is reached with tokens that are refreshed, not with one for ever.

    """
    portal = msgspec.structs.replace(_HASTY, base_url=hubspot)
    if app:
        portal = msgspec.structs.replace(portal, token=None, oauth=_APP)
    return some_settings(
        redis,
        portals={"acme": portal},
        callers={
            "shop": a_caller("shop", callback_secret=CALLBACK_SECRET, operations_url=operations),
            "office": a_caller("office", rights=("admin",)),
        },
        book=Recipes((LAUNCHED,)),
        secrets={**SECRETS, _CLIENT: "secret-test", _REFRESH: "refresh-test"},
    )
