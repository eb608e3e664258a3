"""The doctor at a real Redis and a simulated HubSpot: what is well is said, what is not comes with what to do."""

from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis

from campaigns import embedded
from campaigns.settings import Settings
from campaigns.store import Store
from cli.doctor.findings import Finding, exit_code
from cli.doctor.looking import look, print_all
from simulator.fixture import Running
from tests.settings import some_settings

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def settings(redis_url: str, hubspot: Running) -> Settings:
    return some_settings(redis_url, hubspot=hubspot.url)


async def found(settings: Settings, **told: bool) -> list[Finding]:
    return [finding async for finding in look(settings, **told)]


def wrong(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings if finding.grade == "wrong"}


async def test_a_sound_installation_has_nothing_wrong(settings: Settings, hubspot: Running) -> None:
    hubspot.limit(per_10s=190)
    findings = await found(settings)
    assert wrong(findings) == {}
    assert exit_code(findings) == 0
    seen = {finding.seen for finding in findings}
    assert {"keeps what it confirms", "HubSpot answers, and takes the token"} <= seen
    assert "190 calls in 10 s, as in the settings" in seen


async def test_a_token_that_hubspot_does_not_accept_is_wrong(settings: Settings, hubspot: Running) -> None:
    hubspot.plan({"do": "status_before", "status": 401})
    findings = await found(settings)
    assert "put a token that HubSpot accepts" in wrong(findings)["portal acme"].do
    assert exit_code(findings) == 1


async def test_a_portal_that_does_not_answer_is_wrong_and_the_others_are_looked_at(settings: Settings) -> None:
    away = msgspec.structs.replace(settings.portals["acme"], base_url="http://127.0.0.1:9")
    findings = await found(msgspec.structs.replace(settings, portals={"gone": away, **settings.portals}))
    assert list(wrong(findings)) == ["portal gone"]
    assert any(finding.what == "portal acme" and "takes the token" in finding.seen for finding in findings)


async def test_a_redis_that_does_not_answer_is_wrong(settings: Settings) -> None:
    findings = await found(msgspec.structs.replace(settings, redis_url="redis://127.0.0.1:9"))
    assert list(wrong(findings)) == ["redis"]


async def test_an_embedded_valkey_that_does_not_run_is_not_started_for_it(settings: Settings, tmp_path: Path) -> None:
    findings = await found(msgspec.structs.replace(settings, redis_url=None, data=tmp_path))
    assert "fanfare up" in wrong(findings)["redis"].do
    assert not embedded.runs(tmp_path)


async def test_a_tier_that_is_not_the_accounts_is_seen(settings: Settings, hubspot: Running) -> None:
    hubspot.limit(per_10s=250)
    assert any(finding.seen == "250 calls in 10 s; the settings' tier says 190" for finding in await found(settings))


async def test_whatever_it_asks_of_hubspot_takes_a_place_in_the_quota_and_changes_nothing(
    settings: Settings, redis: Redis, hubspot: Running
) -> None:
    await found(settings)
    assert await redis.zcard("fanfare:quota:acme") == hubspot.stats()["requests"] == 3
    assert hubspot.campaigns() == []


async def test_a_token_that_may_only_read_is_wrong(settings: Settings, hubspot: Running) -> None:
    """HubSpot shows what a token may do only when it is asked for it."""
    hubspot.turn(scopes="read")
    (finding,) = wrong(await found(settings)).values()
    assert "may not change campaigns" in finding.seen
    assert "marketing.campaigns.write" in finding.do


async def test_a_token_that_may_not_report_revenue_is_worth_a_look(settings: Settings, hubspot: Running) -> None:
    hubspot.turn(scopes="read and write")
    findings = await found(settings)
    assert wrong(findings) == {}
    (finding,) = (one for one in findings if "may not report revenue" in one.seen)
    assert (finding.grade, "marketing.campaigns.revenue.read" in finding.do) == ("look", True)


async def test_no_read_leaves_where_the_window_is_full(settings: Settings, redis: Redis, hubspot: Running) -> None:
    seconds, _ = await redis.time()
    await redis.zadd("fanfare:quota:acme", {f"place {number}": (seconds + 9) * 1_000 for number in range(190)})
    await redis.expire("fanfare:quota:acme", 60)
    findings = await found(settings)
    assert any("no call is left" in finding.seen for finding in findings)
    assert hubspot.stats()["requests"] == 0


async def test_a_new_redis_is_an_epoch_but_not_for_a_portal_on_this_machine(settings: Settings, redis: Redis) -> None:
    """Nothing is walked there before the first campaign is made."""
    far = msgspec.structs.replace(settings.portals["acme"], base_url="http://hubspot.invalid")
    await Store(redis).epochs.born(settings.installation)
    seen = {
        finding.what: finding.seen
        async for finding in look(msgspec.structs.replace(settings, portals={"far": far, **settings.portals}))
        if "epoch" in finding.seen
    }
    assert seen["portal acme"] == "no epoch: Redis knows all that we have made"
    assert seen["portal far"].startswith("an epoch is in force (")


async def test_restored_begins_an_epoch_and_first_install_ends_it(settings: Settings) -> None:
    def epochs(findings: list[Finding]) -> list[str]:
        return [finding.seen for finding in findings if "epoch" in finding.seen]

    (begun,) = epochs(await found(settings, begin=True))
    assert begun.startswith("an epoch is in force (a backup was restored)")
    (ended,) = epochs(await found(settings, end=True))
    assert ended.startswith("no epoch")


async def test_settings_that_cannot_be_read_are_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = await print_all({"FANFARE_CONFIG": str(tmp_path / "no.toml")}, restored=False, first_install=False)
    assert code == 1
    assert "wrong settings: settings: cannot read" in capsys.readouterr().out
