"""What a receiver gets: the body to the byte, and a signature that the official library accepts."""

import base64
import json
import time
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook

from campaigns.errors import Problem
from campaigns.model import Ending, Stored
from campaigns.outbound.callback import callback_of, headers
from campaigns.states import Done, Failed, Pending, Receipt
from tests.builders import a_run

SECRET = "whsec_" + base64.b64encode(b"a secret of the shop's own").decode()
ENDED = 1_767_225_600_123


def an_ended_run(ending: Ending = "partial", **trigger: Any) -> Stored:  # noqa: ANN401 - whatever a trigger has
    run = a_run("a", subject="sku-1", callbackurl="https://shop.internal/status")
    run = msgspec.structs.replace(run, trigger=msgspec.structs.replace(run.trigger, **trigger))
    run = run.with_state("create_campaign", Done(Receipt("c-1")), 1)
    run = run.with_state(run.steps[1].name, Failed(Problem("no such email", status=404, category="NOT_FOUND")), 2)
    return Stored(run, "ended", 3, accepted=1, ending=ending, ended=ENDED)


def body(stored: Stored, sequence: int = 1) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(callback_of(stored, sequence).body)
    return told


def test_the_body_says_how_the_run_ended_and_what_became_of_each_step() -> None:
    stored = an_ended_run(source="/shop", id="e-1", type="product.launched")
    assert body(stored) == {
        "id": f"{stored.run.id}.1",
        "type": "run.partial",
        "time": "2026-01-01T00:00:00.123Z",
        "sequence": 1,
        "schema": 1,
        "run": {
            "id": stored.run.id,
            "status": "partial",
            "trigger": {"type": "product.launched", "source": "/shop", "id": "e-1"},
            "portal": "acme",
            "subject": "sku-1",
            "campaign": {"id": "c-1", "name": "Launch a"},
            "steps": [
                {"name": "create_campaign", "state": "done", "problem": None},
                {
                    "name": stored.run.steps[1].name,
                    "state": "failed",
                    "problem": {"detail": "no such email", "status": 404, "category": "NOT_FOUND"},
                },
            ],
        },
    }


def test_a_run_that_made_no_campaign_reports_none() -> None:
    stored = an_ended_run("failed")
    run = stored.run.with_state("create_campaign", Pending(), 0)
    told = body(msgspec.structs.replace(stored, run=run))
    assert (told["type"], told["run"]["campaign"]) == ("run.failed", None)
    assert told["run"]["steps"][0] == {"name": "create_campaign", "state": "pending", "problem": None}


def test_a_retried_run_sends_the_next_number() -> None:
    stored = an_ended_run("done")
    told = body(stored, 2)
    assert (told["id"], told["sequence"]) == (f"{stored.run.id}.2", 2)


def test_every_repeat_has_the_same_bytes() -> None:
    assert callback_of(an_ended_run(), 1) == callback_of(an_ended_run(), 1)


def test_an_open_run_has_no_callback() -> None:
    stored = msgspec.structs.replace(an_ended_run(), ending=None, ended=None, place="line")
    with pytest.raises(ValueError, match="ended"):
        callback_of(stored, 1)


def test_the_official_library_accepts_the_signature() -> None:
    callback = callback_of(an_ended_run(subject="größe"), 1)
    sent = headers(callback, SECRET, now=time.time_ns() // 1_000_000)
    assert sent["webhook-id"] == body(an_ended_run())["id"]
    assert Webhook(SECRET).verify(callback.body, sent)["type"] == "run.partial"


def test_each_attempt_is_signed_with_its_own_time() -> None:
    """A receiver refuses a signature that is minutes old, and a callback may be repeated for a day."""
    callback = callback_of(an_ended_run(), 1)
    first, later = headers(callback, SECRET, now=ENDED), headers(callback, SECRET, now=ENDED + 3_600_000)
    assert first["webhook-id"] == later["webhook-id"]
    assert int(later["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 3_600
    assert first["webhook-signature"] != later["webhook-signature"]
