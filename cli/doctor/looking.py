"""The doctor's looks: at the settings, at Redis, and at each portal."""

import time
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Final

from redis.asyncio import Redis
from rich.console import Console
from rich.markup import escape

from campaigns import embedded
from campaigns.errors import Invalid, Unavailable
from campaigns.hubspot.client import http_client
from campaigns.keys import SECOND
from campaigns.settings import Settings, read
from campaigns.store import Store, connection
from campaigns.store.vitals import Vitals
from cli.doctor import findings, permissions, portals
from cli.doctor.findings import Finding

COLOURS: Final[dict[findings.Grade, str]] = {"ok": "green", "look": "yellow", "wrong": "red"}


async def print_all(environment: Mapping[str, str], *, restored: bool, first_install: bool) -> int:
    """Print everything that the doctor finds, as it is found; the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    seen = []
    async for finding in _examine(environment, restored=restored, first_install=first_install):
        seen.append(finding)
        console.print(f"[{COLOURS[finding.grade]}]{finding.grade:5}[/] {finding.what}: {escape(finding.seen)}")
        if finding.do:
            console.print(f"      -> {escape(finding.do)}")
    return findings.exit_code(seen)


async def _examine(environment: Mapping[str, str], *, restored: bool, first_install: bool) -> AsyncIterator[Finding]:
    try:
        settings = read(environment)
    except Invalid as error:
        yield Finding("wrong", "settings", str(error), "see docs/settings.md")
        return
    async for finding in look(settings, begin=restored, end=first_install):
        yield finding


async def look(settings: Settings, *, begin: bool = False, end: bool = False) -> AsyncIterator[Finding]:
    """Everything that the doctor finds, one by one.

    Args:
        settings: as they were read; that alone has shown that they can be.
        begin: an older Redis was restored: begin an epoch first.
        end: there is nothing of ours in HubSpot: end an epoch first.

    """
    yield Finding("ok", "settings", f"{len(settings.portals)} portals, {len(settings.callers)} callers")
    yield Finding("ok", "recipes", f"{len(settings.book.all)} recipes")
    if settings.redis_url is None and not embedded.runs(settings.data):
        yield Finding(
            "wrong", "redis", "the embedded Valkey does not run", "start Fanfare (`fanfare up`), then ask again"
        )
        return
    async with connection.client(connection.address(settings)) as redis:
        store = Store(redis)
        try:
            refused = await permissions.refused(redis)
            yield findings.of_permissions(refused)
            if refused:
                return
            for finding in findings.of_redis(await Vitals(redis, settings).verdict()):
                yield finding
            now = await _now(redis)
            if begin:
                await store.epochs.begin()
            if end:
                await store.epochs.end()
        except Unavailable as error:
            yield Finding("wrong", "redis", str(error), "see FANFARE_REDIS_URL, and whether Redis runs")
            return
        yield findings.of_clock("this machine's clock", int(time.time() * SECOND) - now)
        async with http_client() as http:
            for portal in settings.portals:
                async for finding in portals.look(portals.Asking(settings, portal, http, store), partial(_now, redis)):
                    yield finding


async def _now(redis: Redis) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * SECOND + int(microseconds) // 1_000
