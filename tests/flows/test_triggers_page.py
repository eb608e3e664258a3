"""docs/triggers.md: each curl command on the page is sent, as written, to a service laid out as `make up` does."""

import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from campaigns import settings
from cli.trial import Ports, Trial, lay_out
from tests.flows.serving import a_service

PAGE = (Path(__file__).parents[2] / "docs" / "triggers.md").read_text()
BLOCKS = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "curl" in block]
BASE = "http://127.0.0.1:8080"


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return lay_out(tmp_path, Ports())


@pytest.fixture
async def http(trial: Trial, redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    await redis.flushall()
    told = settings.read(trial.environment | {"FANFARE_REDIS_URL": redis_url})
    async with a_service(told) as client:
        yield client


def commands(block: str, key: str) -> list[list[str]]:
    words = shlex.split(block.replace("\\\n", " ").replace("\ncurl", "\n;curl").replace("$KEY", key))
    found: list[list[str]] = [[]]
    for word in words:
        if word == ";curl":
            found.append([])
        elif word != "curl":
            found[-1].append(word)
    return found


def request_of(words: list[str]) -> httpx.Request:
    """What curl sends when it is told these *words*."""
    method, url, headers, body = "", "", {}, None
    rest = iter(words)
    for word in rest:
        match word:
            case "-i":
                continue
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d":
                told = next(rest)
                body = Path(told[1:]).read_text() if told.startswith("@") else told
            case _:
                assert word.startswith(BASE), word
                url = word.removeprefix(BASE)
    assert url
    method = method or ("POST" if body else "GET")
    return httpx.Request(method, "http://service" + url, headers=headers, content=body)


async def test_every_command_on_the_page_is_answered_as_it_should_be(http: httpx.AsyncClient, trial: Trial) -> None:
    assert len(BLOCKS) == 9
    statuses = []
    for block in BLOCKS:
        for words in commands(block, trial.keys["shop"]):
            answer = await http.send(request_of(words))
            assert answer.is_success, f"{block}\n{answer.text}"
            statuses.append(answer.status_code)
    assert statuses == [202, 202, 202, 207, 200, 202, 200, 202, 202, 200]
