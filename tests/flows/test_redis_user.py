"""The Redis user that the page recommends: it suffices for everything, and the doctor sees what one lacks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from redis import Redis

from cli.demo import free_ports
from cli.doctor import permissions
from cli.doctor.findings import Finding
from cli.doctor.looking import look
from cli.programs import Programs
from cli.trial import lay_out
from tests.conftest import running_valkey
from tests.receiver import Receiver
from tests.rules.test_names import LUA
from tests.settings import some_settings
from tests.stories.conftest import until

PAGE = Path(__file__).parents[2] / "docs" / "redis.md"
PASSWORD = "secret"


@pytest.fixture
def guarded() -> Iterator[tuple[Redis, str]]:
    """A Valkey with the recommended user: an administrator's client, and the URL of the user."""
    (told,) = re.findall(r"ACL SETUSER fanfare .*?\n```", PAGE.read_text(), re.DOTALL)
    rules = told.removesuffix("\n```").replace("\\\n", "").replace("<password>", PASSWORD)
    with running_valkey() as server, Redis(unix_socket_path=str(server.unix_socket_path)) as administrator:
        administrator.execute_command(*rules.split())
        yield administrator, f"unix://fanfare:{PASSWORD}@{server.unix_socket_path}"


async def of_redis(url: str) -> list[Finding]:
    settings = msgspec.structs.replace(some_settings(url), portals={})
    return [finding async for finding in look(settings) if finding.what == "redis"]


async def test_the_doctor_finds_nothing_wrong_with_the_recommended_user(guarded: tuple[Redis, str]) -> None:
    administrator, url = guarded
    assert {finding.grade for finding in await of_redis(url)} == {"ok"}
    assert administrator.keys() == [], "asking changes nothing"


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ("-evalsha", "EVALSHA on"),
        ("-zpopmin", "ZPOPMIN on fanfare:run:doctor"),
        ("-subscribe", "SUBSCRIBE to fanfare:wake:doctor"),
    ],
)
async def test_the_doctor_names_what_a_user_may_not_do(guarded: tuple[Redis, str], rule: str, seen: str) -> None:
    administrator, url = guarded
    administrator.acl_setuser("fanfare", enabled=True, commands=[rule])
    (finding,) = await of_redis(url)
    assert finding.grade == "wrong"
    assert finding.seen.startswith(f"our user may not: {seen}")


async def test_the_doctor_names_keys_that_a_user_may_not_touch(guarded: tuple[Redis, str]) -> None:
    administrator, url = guarded
    administrator.acl_setuser("fanfare", enabled=True, reset_keys=True, keys=["fanfare:*"], reset_channels=True)
    (finding,) = await of_redis(url)
    assert "RPUSH on rq:doctor" in finding.seen
    assert "PUBLISH on fanfare:wake:doctor" in finding.seen
    assert "HSET" not in finding.seen


def test_the_doctor_asks_for_every_command_of_our_scripts() -> None:
    used = {name for path in LUA.glob("*.lua") for name in re.findall(r"redis\.call\('(\w+)'", path.read_text())}
    assert used <= set(permissions.COMMANDS)


async def test_everything_works_for_the_recommended_user(guarded: tuple[Redis, str], tmp_path: Path) -> None:
    administrator, url = guarded
    trial = lay_out(tmp_path, free_ports(), settle=0.5, call_deadline=3.0)
    trial = msgspec.structs.replace(trial, environment={**trial.environment, "FANFARE_REDIS_URL": url})
    base, headers = f"http://127.0.0.1:{trial.ports.service}", {"authorization": f"Bearer {trial.keys['shop']}"}
    with Programs(trial) as programs:
        async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as http, Receiver() as receiver:
            trigger: dict[str, Any] = {"type": "campaign.requested", "source": "test", "id": "1", "portal": "acme"}
            told = {"callbackurl": receiver.url(), "subject": "s", "data": {"properties": {"hs_name": "Allowed"}}}
            assert (await http.post("/v1/triggers", json=trigger | told)).status_code == 202
            await receiver.wait_for(1)

            async def swept() -> bool:
                return bool(administrator.info("commandstats").get("cmdstat_smembers"))

            await until(swept)  # RQ's remains were looked at, too
        assert (programs.end("campaigns"), programs.end("callbacks")) == (0, 0)
    assert administrator.acl_log() == []
    sent = {name.removeprefix("cmdstat_").partition("|")[0].upper() for name in administrator.info("commandstats")}
    unasked = {"ACL", "AUTH", "CLIENT", "COMMAND", "CONFIG", "DISCARD", "EXEC", "HELLO", "KEYS", "MULTI", "PING"}
    assert sent - set(permissions.COMMANDS) <= unasked | {"SELECT", "SUBSCRIBE", "UNSUBSCRIBE"}
