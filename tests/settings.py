"""Settings for tests: one portal, two callers that share it, and an operator who may see all."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from campaigns import keys
from campaigns.recipes import Recipe, Recipes
from campaigns.settings import Caller, Portal, Secret, Settings

API_KEYS: Final = {"shop": "key-of-shop", "events": "key-of-events", "office": "key-of-office"}
"""What each caller sends as `Authorization: Bearer ...`."""

TOKEN: Final = Secret(env="HUBSPOT_TOKEN")
CALLBACK_SECRET: Final = Secret(env="CALLBACK_SECRET")
SECRETS: Final = {
    TOKEN: "pat-test",  # the simulator's
    CALLBACK_SECRET: "whsec_" + base64.b64encode(b"the callbacks' secret").decode(),
}

LAUNCHED: Final = Recipe(on="product.launched", portal="acme", properties={"hs_name": "Launch of {{ data.name }}"})


def bearer(caller: str) -> dict[str, str]:
    """The header by which *caller* is known."""
    return {"Authorization": f"Bearer {API_KEYS[caller]}"}


def digest(key: str) -> str:
    """An API key as the settings hold it."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def a_caller(name: str, **told: object) -> Caller:
    """A caller that may send to acme, read, and have its callbacks on this machine; or as *told*."""
    given: dict[str, object] = {
        "keys": (digest(API_KEYS[name]),),
        "portals": ("acme",),
        "callback_hosts": ("127.0.0.1", f"{name}.example"),
        "callback_ranges": ("127.0.0.0/8",),
        "callback_secret": CALLBACK_SECRET,
    }
    return Caller(**(given | told))  # type: ignore[arg-type]  # the test says what it changes


def some_settings(
    redis_url: str,
    *,
    hubspot: str = "http://127.0.0.1:8900",
    portals: Mapping[str, Portal] | None = None,
    callers: Mapping[str, Caller] | None = None,
    book: Recipes = Recipes((LAUNCHED,)),  # noqa: B008 - a frozen value
    call_deadline: float = 10.0,
    settle: float = 10.0,
    retention: int = keys.RETENTION,
    secrets: Mapping[Secret, str] = SECRETS,
    folder: Path = Path(),
) -> Settings:
    """Settings with the portal acme and the callers shop, events and office (an admin); or as told.

    Args:
        redis_url: of the session's Valkey.
        hubspot: where the portal acme is: the simulator.
        portals: instead of acme.
        callers: instead of the three.
        book: the recipes; by default `product.launched` on acme.
        call_deadline: of acme, in seconds.
        settle: of acme, in seconds.
        retention: milliseconds.
        secrets: instead of acme's token and the callers' secret.
        folder: where the paths of secrets' files begin.

    """
    acme = Portal(token=TOKEN, base_url=hubspot, call_deadline=call_deadline, settle=settle)
    known = {"shop": a_caller("shop"), "events": a_caller("events"), "office": a_caller("office", rights=("admin",))}
    return Settings(
        installation="test",
        portals=dict(portals) if portals is not None else {"acme": acme},
        callers=dict(callers) if callers is not None else known,
        book=book,
        redis_url=redis_url,
        data=Path(".fanfare"),
        secrets=dict(secrets),
        retention=retention,
        folder=folder,
    )
