"""What a caller's operators get: the body to the letter, the same at every repeat."""

import json
from typing import Any

import msgspec

from campaigns.outbound.operations import message_of
from campaigns.parking import Message

URL = "https://shop.internal/fanfare"
SINCE = 1_767_225_600_123
DELAYED = Message(
    id=f"acme.shop.{SINCE}.delayed",
    type="portal.delayed",
    caller="shop",
    portal="acme",
    reason="token",
    time=SINCE + 2_000,
    since=SINCE,
    until=SINCE + 62_000,
    runs=17,
)


def body(message: Message) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(message_of(message, URL).body)
    return told


def test_the_body_says_since_when_and_until_when_and_how_many_runs_wait() -> None:
    assert body(DELAYED) == {
        "id": "acme.shop.1767225600123.delayed",
        "type": "portal.delayed",
        "time": "2026-01-01T00:00:02.123Z",
        "schema": 1,
        "portal": "acme",
        "reason": "token",
        "since": "2026-01-01T00:00:00.123Z",
        "until": "2026-01-01T00:01:02.123Z",
        "runs": 17,
    }


def test_a_portal_that_is_well_waits_for_no_probe() -> None:
    told = body(
        Message(
            id=f"acme.shop.{SINCE}.recovered",
            type="portal.recovered",
            caller="shop",
            portal="acme",
            reason="down",
            time=SINCE + 5_000,
            since=SINCE,
            until=None,
            runs=0,
        )
    )
    assert (told["type"], told["until"], told["runs"]) == ("portal.recovered", None, 0)


def test_a_recipe_that_holds_runs_is_named() -> None:
    told = body(msgspec.structs.replace(DELAYED, type="recipe.over", reason="creates", recipe="launches"))
    assert (told["type"], told["reason"], told["recipe"]) == ("recipe.over", "creates", "launches")


def test_the_webhook_id_is_the_messages_own_and_every_repeat_has_the_same_bytes() -> None:
    callback = message_of(DELAYED, URL)
    assert (callback.url, callback.id) == (URL, body(DELAYED)["id"])
    assert callback == message_of(DELAYED, URL)
