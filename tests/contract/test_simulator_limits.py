from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from simulator.world import Beginning
from tests.contract.in_process import Scene, a_scene


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


async def test_a_professional_account_has_190_in_ten_seconds_and_625000_a_day(scene: Scene) -> None:
    headers = (await scene.ask("GET")).headers
    assert {name: headers[name] for name in headers if name.startswith("x-hubspot")} == {
        "x-hubspot-ratelimit-max": "190",
        "x-hubspot-ratelimit-remaining": "189",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-daily": "625000",
        "x-hubspot-ratelimit-daily-remaining": "624999",
    }


async def test_the_request_after_the_last_place_is_a_429_and_changes_nothing(scene: Scene) -> None:
    await scene.control("PUT", "limits", {"per_10s": 2})
    answers = [await scene.ask("POST", "", {"properties": {"hs_name": name}}) for name in "ABC"]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert await scene.names() == ["A", "B"]
    scene.now += 9.999
    assert (await scene.ask("GET")).status_code == 429
    scene.now += 0.001
    assert (await scene.ask("GET")).status_code == 200


async def test_a_burst_429_is_written_as_the_guidelines_show_it(scene: Scene) -> None:
    await scene.control("PUT", "limits", {"per_10s": 0})
    answer = await scene.ask("GET")
    body = answer.json()
    assert (body["status"], body["errorType"], body["policyName"]) == ("error", "RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert {"correlationId", "requestId"} <= set(body)
    assert answer.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answer.headers


async def test_a_spent_day_is_a_429_until_midnight(scene: Scene) -> None:
    await scene.control("PUT", "limits", {"per_day": 1})
    assert (await scene.ask("GET")).status_code == 200
    body = (await scene.ask("GET")).json()
    assert (body["policyName"], body["message"]) == ("DAILY", "You have reached your daily limit.")
    scene.now = datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC).timestamp()
    assert (await scene.ask("GET")).status_code == 429
    scene.now += 1
    assert (await scene.ask("GET")).status_code == 200


async def test_midnight_is_that_of_the_portals_time_zone() -> None:
    async with a_scene(Beginning(timezone="Europe/Berlin")) as scene:
        await scene.control("PUT", "limits", {"per_day": 1})
        await scene.ask("GET")
        scene.now = datetime(2026, 6, 1, 22, 0, tzinfo=UTC).timestamp()
        assert (await scene.ask("GET")).status_code == 200


async def test_a_request_with_a_refused_token_takes_no_place(scene: Scene) -> None:
    scene.token = "other"
    await scene.ask("GET")
    scene.token = "pat-test"
    assert (await scene.ask("GET")).headers["X-HubSpot-RateLimit-Remaining"] == "189"


async def test_a_request_that_is_refused_for_what_it_asks_takes_a_place(scene: Scene) -> None:
    answer = await scene.ask("GET", "/nonsense")
    assert (answer.status_code, answer.headers["X-HubSpot-RateLimit-Remaining"]) == (400, "189")


async def test_the_controls_need_no_token_and_take_no_place(scene: Scene) -> None:
    for _ in range(3):
        await scene.control("GET", "stats")
    assert (await scene.ask("GET")).headers["X-HubSpot-RateLimit-Remaining"] == "189"


async def test_limits_that_are_lowered_hold_at_once_and_null_is_the_tiers_again(scene: Scene) -> None:
    await scene.ask("GET")
    assert await scene.control("PUT", "limits", {"per_10s": 1}) == {"per_10s": 1, "per_day": 625_000}
    assert (await scene.ask("GET")).status_code == 429
    assert await scene.control("PUT", "limits", {"per_10s": None}) == {"per_10s": 190, "per_day": 625_000}
    assert (await scene.ask("GET")).status_code == 200
