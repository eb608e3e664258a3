from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from simulator.versions import VERSIONS
from simulator.world import Beginning
from tests.contract.in_process import LATEST, Scene, a_scene

REFRESH = {
    "grant_type": "refresh_token",
    "client_id": "client-test",
    "client_secret": "secret-test",
    "refresh_token": "refresh-test",
}


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as scene:
        yield scene


@pytest.mark.seed("B1")
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer other", "Basic pat-test", "pat-test"])
async def test_a_request_without_the_token_is_a_401_and_changes_nothing(scene: Scene, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    body = {"inputs": [{"properties": {"hs_name": "A"}}]}
    answer = await scene.http.post(f"{VERSIONS[LATEST].prefix}/batch/create", json=body, headers=headers)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert "X-HubSpot-RateLimit-Max" not in answer.headers
    assert await scene.names() == []


async def test_an_expired_token_is_told_from_an_unknown_one(scene: Scene) -> None:
    await scene.turn(private_token="expired")
    answer = await scene.ask("GET")
    assert (answer.status_code, answer.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    await scene.turn(private_token="unknown")
    assert (await scene.ask("GET")).json()["category"] == "INVALID_AUTHENTICATION"


OPERATIONS: list[tuple[str, str, object, str]] = [
    ("GET", "", None, "marketing.campaigns.read"),
    ("GET", "/{id}", None, "marketing.campaigns.read"),
    ("POST", "/batch/read", {"inputs": []}, "marketing.campaigns.read"),
    ("GET", "/{id}/assets/FORM", None, "marketing.campaigns.read"),
    ("GET", "/{id}/budget/totals", None, "marketing.campaigns.read"),
    ("GET", "/{id}/reports/metrics", None, "marketing.campaigns.read"),
    ("GET", "/{id}/reports/contacts/contactFirstTouch", None, "marketing.campaigns.read"),
    ("POST", "", {"properties": {"hs_name": "B"}}, "marketing.campaigns.write"),
    ("POST", "/batch/create", {"inputs": []}, "marketing.campaigns.write"),
    ("POST", "/batch/update", {"inputs": []}, "marketing.campaigns.write"),
    ("POST", "/batch/archive", {"inputs": []}, "marketing.campaigns.write"),
    ("PATCH", "/{id}", {"properties": {}}, "marketing.campaigns.write"),
    ("PUT", "/{id}/assets/FORM/17", None, "marketing.campaigns.write"),
    ("DELETE", "/{id}/assets/FORM/17", None, "marketing.campaigns.write"),
    ("POST", "/{id}/budget", {"name": "a", "amount": 1, "order": 0}, "marketing.campaigns.write"),
    ("POST", "/{id}/spend", {"name": "a", "amount": 1, "order": 0}, "marketing.campaigns.write"),
    ("DELETE", "/{id}", None, "marketing.campaigns.write"),
    ("GET", "/{id}/reports/revenue", None, "marketing.campaigns.revenue.read"),
]


ROWS = {"marketing.campaigns.read": "G4", "marketing.campaigns.write": "G5", "marketing.campaigns.revenue.read": "G6"}


@pytest.mark.seed("B8")
@pytest.mark.parametrize(
    ("method", "rest", "body", "scope"),
    [pytest.param(*operation, marks=pytest.mark.seed(ROWS[operation[3]])) for operation in OPERATIONS],
)
async def test_a_missing_scope_is_a_403_that_names_it(
    scene: Scene, method: str, rest: str, body: object, scope: str
) -> None:
    """`errors[].context.requiredGranularScopes` is where live answers have been seen to name it."""
    campaign = await scene.create("A")
    await scene.turn(
        scopes={"marketing.campaigns.read": "write", "marketing.campaigns.write": "read"}.get(scope, "read and write")
    )
    refused = await scene.ask(method, rest.format(id=campaign), body)
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
    assert scope in refused.json()["errors"][0]["context"]["requiredGranularScopes"]
    await scene.turn(scopes="all")
    assert (await scene.ask(method, rest.format(id=campaign), body)).is_success


@pytest.mark.seed("G4")
async def test_writes_may_need_the_read_scope_too(scene: Scene) -> None:
    """The guide says that every endpoint needs it, the specification does not."""
    await scene.turn(scopes="write", write_needs_read="yes")
    refused = await scene.ask("POST", "", {"properties": {"hs_name": "A"}})
    assert refused.json()["errors"][0]["context"]["requiredGranularScopes"] == ["marketing.campaigns.read"]
    await scene.turn(scopes="read and write")
    assert (await scene.ask("POST", "", {"properties": {"hs_name": "A"}})).status_code == 201


@pytest.mark.seed("G6")
@pytest.mark.parametrize(("version", "alternatives"), [("v3", 3), ("2025-09", 1), ("2026-03", 3), ("2026-09", 1)])
async def test_revenue_opens_to_one_scope_or_any_of_three_by_version(
    scene: Scene, version: str, alternatives: int
) -> None:
    campaign = await scene.create("A")
    await scene.turn(scopes="read and write")
    refused = await scene.ask("GET", f"/{campaign}/reports/revenue", version=version)
    assert len(refused.json()["errors"][0]["context"]["requiredGranularScopes"]) == alternatives


@pytest.mark.seed("B9")
@pytest.mark.parametrize(
    ("tier", "status"), [("enterprise", 200), ("professional", 200), ("starter", 403), ("free", 403)]
)
async def test_an_account_below_professional_is_refused(scene: Scene, tier: str, status: int) -> None:
    await scene.turn(tier=tier)
    assert (await scene.ask("GET")).status_code == status


async def grant(scene: Scene, **changed: str) -> httpx.Response:
    return await scene.http.post("/oauth/v1/token", data={**REFRESH, **changed})


@pytest.mark.seed("B8")
async def test_a_refresh_token_is_exchanged_for_an_access_token_that_expires(scene: Scene) -> None:
    granted = (await grant(scene)).json()
    assert granted["expires_in"] == 1800
    scene.token = granted["access_token"]
    scene.now += 1799
    assert (await scene.ask("GET")).status_code == 200
    scene.now += 1
    assert (await scene.ask("GET")).json()["category"] == "EXPIRED_AUTHENTICATION"
    scene.token = (await grant(scene)).json()["access_token"]
    assert (await scene.ask("GET")).status_code == 200


async def test_the_life_of_an_access_token_is_what_the_answer_says(scene: Scene) -> None:
    await scene.turn(oauth_life_s=60)
    granted = (await grant(scene)).json()
    scene.token, scene.now = granted["access_token"], scene.now + 60
    assert granted["expires_in"] == 60
    assert (await scene.ask("GET")).status_code == 401


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"refresh_token": "old"}, "BAD_REFRESH_TOKEN", "invalid_grant"),
        ({"client_secret": "other"}, "BAD_CLIENT_ID", "invalid_client"),
        ({"grant_type": "client_credentials"}, "BAD_GRANT_TYPE", "unsupported_grant_type"),
    ],
)
async def test_a_grant_that_is_refused_is_a_400_in_its_own_shape(
    scene: Scene, changed: dict[str, str], status: str, error: str
) -> None:
    answer = await grant(scene, **changed)
    assert (answer.status_code, answer.json()["status"], answer.json()["error"]) == (400, status, error)


async def test_a_refresh_token_can_be_revoked(scene: Scene) -> None:
    await scene.turn(refresh_token="revoked")
    assert (await grant(scene)).json()["status"] == "BAD_REFRESH_TOKEN"


async def test_an_app_with_oauth_has_110_in_ten_seconds_over_all_its_tokens_and_no_daily_headers(scene: Scene) -> None:
    for left in (109, 108):
        scene.token = (await grant(scene)).json()["access_token"]
        headers = (await scene.ask("GET")).headers
        assert (headers["X-HubSpot-RateLimit-Max"], headers["X-HubSpot-RateLimit-Remaining"]) == ("110", str(left))
        assert "X-HubSpot-RateLimit-Daily" not in headers


async def test_each_private_app_has_a_window_of_its_own_and_all_share_the_day() -> None:
    async with a_scene(Beginning(tokens=("one", "two"))) as scene:
        left = []
        for scene.token in ("one", "two"):
            headers = (await scene.ask("GET")).headers
            left.append((headers["X-HubSpot-RateLimit-Remaining"], headers["X-HubSpot-RateLimit-Daily-Remaining"]))
        assert left == [("189", "624999"), ("189", "624998")]


async def test_every_error_has_a_correlation_id_of_its_own(scene: Scene) -> None:
    ids = {UUID((await scene.ask("GET", "/nonsense")).json()["correlationId"]) for _ in range(3)}
    assert len(ids) == 3
