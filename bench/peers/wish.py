"""The work that every peer does for one trigger: a campaign and two assets, over httpx, as a careful team writes it.

A 429 is waited out within the call, with exponential back-off and jitter. Whatever else goes wrong is raised: the
peer's own retries repeat the job. Runs in the environment of each peer, so it imports nothing of ours.
"""

import asyncio
import os
import random
import time
from http import HTTPStatus
from typing import Any

import httpx

REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/0")
CONCURRENCY = int(os.environ.get("BENCH_CONCURRENCY", "50"))
TRIES = 10
DEADLINE = 10.0

_ROOT = os.environ.get("BENCH_HUBSPOT", "http://127.0.0.1:8900") + "/marketing/campaigns/2026-03"
_HEADERS = {"authorization": "Bearer pat-test"}


def client() -> httpx.Client:
    """Connections to HubSpot."""
    return httpx.Client(headers=_HEADERS, timeout=DEADLINE, trust_env=False)


def async_client() -> httpx.AsyncClient:
    """Connections to HubSpot, for peers that run on a loop."""
    return httpx.AsyncClient(headers=_HEADERS, timeout=DEADLINE, trust_env=False)


def _pause(tries: int) -> float:
    return min(2.0 ** (tries - 1), 8.0) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter is no secret


def _campaign(number: int) -> dict[str, Any]:
    return {"properties": {"hs_name": f"Launch {number}"}}


def _asset(campaign: str, asset: int) -> str:
    return f"/{campaign}/assets/MARKETING_EMAIL/{asset}"


def make(http: httpx.Client, number: int) -> None:
    """Make campaign *number* with its assets.

    Raises:
        httpx.HTTPError: something has gone wrong.

    """
    campaign = _ask(http, "POST", "", json=_campaign(number)).json()["id"]
    for asset in (1, 2):
        _ask(http, "PUT", _asset(campaign, asset))


def _ask(http: httpx.Client, method: str, path: str, **body: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
    for tries in range(TRIES):
        answer = http.request(method, _ROOT + path, **body)
        if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            return answer.raise_for_status()
        time.sleep(_pause(tries))
    return answer.raise_for_status()


async def make_async(http: httpx.AsyncClient, number: int) -> None:
    """Make campaign *number* with its assets, as `make` does."""
    answer = await _ask_async(http, "POST", "", json=_campaign(number))
    campaign = answer.json()["id"]
    for asset in (1, 2):
        await _ask_async(http, "PUT", _asset(campaign, asset))


async def _ask_async(http: httpx.AsyncClient, method: str, path: str, **body: Any) -> httpx.Response:  # noqa: ANN401
    for tries in range(TRIES):
        answer = await http.request(method, _ROOT + path, **body)
        if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            return answer.raise_for_status()
        await asyncio.sleep(_pause(tries))
    return answer.raise_for_status()
