"""An installation whose callers' operators want to hear of trouble, and what they hear."""

from collections import Counter
from typing import Any

import msgspec

from campaigns.settings import Portal, Settings
from tests.receiver import SECRET, WHERE, Receiver
from tests.settings import TOKEN, a_caller, some_settings


def telling(redis_url: str, hubspot: str, receiver: Receiver, *, probe_after: float = 0.5) -> Settings:
    """Settings whose callers `shop` and `events` have operators at *receiver*, and whose caller `office` has none."""
    portal = Portal(token=TOKEN, base_url=hubspot, settle=0.3, call_deadline=2.0, probe_after=probe_after)
    url = receiver.url().removesuffix("/status")
    callers = {
        name: a_caller(name, callback_secret=WHERE, operations_url=f"{url}/operations/{name}")
        for name in ("shop", "events")
    }
    settings = some_settings(redis_url, portals={"acme": portal}, callers=callers | {"office": a_caller("office")})
    return msgspec.structs.replace(settings, secrets={**settings.secrets, WHERE: SECRET})


def heard(receiver: Receiver, caller: str) -> list[dict[str, Any]]:
    """What the operators of *caller* were told, each message once, its signature verified."""
    told = [one.verified() for one in receiver.received if one.target == f"/operations/{caller}"]
    return list({message["id"]: message for message in told}.values())


def types(messages: list[dict[str, Any]]) -> Counter[str]:
    """How often each type was told."""
    return Counter(message["type"] for message in messages)
