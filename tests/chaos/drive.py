"""Playing a scene: everything is started, asked, struck, left to come to its end, and what can be seen is collected."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from simulator.fixture import Running, running
from tests.chaos.asking import Asking, asking
from tests.chaos.evidence import Campaign, Evidence, Row
from tests.chaos.havoc import Chance
from tests.chaos.installation import Installation, installed
from tests.chaos.looking import Seen, look
from tests.chaos.oracle import judge
from tests.chaos.receiver import Receiver, receiving
from tests.chaos.scene import Scene
from tests.chaos.summary import Met
from tests.chaos.verdicts import Verdict

PER_10S: Final = 5_000
"""HubSpot's window in a scene: what is tested is not how fast it may go."""

REFUSED_AT_ONCE: Final = 8
REFUSED_FOR: Final = 2.5
"""HubSpot refuses everything until so many calls have met it, or for so many seconds: those that come again meet it
once more."""

MANY_CALLS: Final = 3
"""So many are open when it begins."""


class Played(msgspec.Struct, frozen=True):
    """How a scene went."""

    scene: Scene
    verdicts: tuple[Verdict, ...]
    met: Met


async def play(scene: Scene, folder: Path, ablation: str | None = None) -> Played:
    """Play *scene* in *folder*, with the programs as they are or without one of their parts."""
    with running("--seed", str(scene.seed)) as hubspot:
        hubspot.limit(per_10s=PER_10S)
        hubspot.turn(retry_after="present")
        hubspot.plan(*scene.faults, seed=scene.seed)
        async with installed(scene, folder, ablation, hubspot=int(hubspot.url.rpartition(":")[2])) as installation:
            secret = installation.trial.secrets["shop"]
            async with (
                receiving(secret, scene.seed) as receiver,
                asking(installation.trial, receiver) as asked,
                Redis.from_url(installation.socket) as redis,
            ):
                chance = Chance(installation, redis, asked, receiver, scene.seed)
                stage = _Stage(scene, installation, hubspot, redis, asked, receiver, chance)
                evidence, met = await stage.play()
        # The programs have ended: how they did is evidence too.
        evidence = msgspec.structs.replace(evidence, deaths=tuple(installation.deaths))
    return Played(scene, judge(evidence), met)


class _Stage:
    def __init__(
        self,
        scene: Scene,
        installation: Installation,
        hubspot: Running,
        redis: Redis,
        asked: Asking,
        receiver: Receiver,
        chance: Chance,
    ) -> None:
        self._scene = scene
        self._installation = installation
        self._hubspot = hubspot
        self._redis = redis
        self._asked = asked
        self._receiver = receiver
        self._chance = chance
        self._forgotten = 0  # rows of the ledger that were before Redis lost everything

    async def play(self) -> tuple[Evidence, Met]:
        watching = asyncio.create_task(self._watch())
        refusing = asyncio.create_task(self._refuse_now_and_then())
        try:
            await self._act()
            await refusing  # its limit holds no longer
            told, drained = await self._drain()
            if self._scene.wiped:
                told, drained = await self._lose_everything()
            self._chance.look_away()
            return await self._evidence(), await self._met(told, drained)
        finally:
            refusing.cancel()
            watching.cancel()

    async def _act(self) -> None:
        """Ask everything and strike everybody, until all is accepted and the seconds are over."""
        began = time.monotonic()
        strikes = [asyncio.create_task(self._chance.strike(havoc)) for havoc in self._scene.havoc]
        await self._asked.ask(self._scene)
        finite = [task for task, havoc in zip(strikes, self._scene.havoc, strict=True) if havoc.times is not None]
        await asyncio.gather(*finite)
        await asyncio.sleep(max(began + self._scene.seconds - time.monotonic(), 0))
        self._chance.end()
        await asyncio.gather(*strikes)

    async def _lose_everything(self) -> tuple[float, float]:
        """Redis loses everything, and the callers, who do not know what has become of their triggers, send all again."""
        self._forgotten = len(await asyncio.to_thread(self._hubspot.ledger))
        await self._installation.wipe_valkey()
        self._receiver.heard.clear()
        await self._asked.ask(self._scene)
        return await self._drain()

    async def _drain(self) -> tuple[float, float]:
        """Wait until nothing is left to do, or nothing happens any more; seconds until all was told, and to the end."""
        began = last = time.monotonic()
        told, before = self._scene.drain, None
        await asyncio.sleep(self._scene.latest_commit)  # what HubSpot carries out late is seen in any case
        while (now := time.monotonic()) - began < self._scene.drain:
            seen = await self._look()
            if self._asked.ids <= self._receiver.heard:
                told = min(told, now - began)
                if seen and not (seen.open_runs or seen.ghosts):
                    break
            stands = (seen and (seen.open_runs, seen.callbacks, seen.ghosts), len(self._receiver.heard))
            if stands != before:
                before, last = stands, now
            if now - last > self._scene.quiet:
                break
            await asyncio.sleep(0.1)
        return told, time.monotonic() - began

    async def _look(self) -> Seen | None:
        try:
            return await look(self._redis)
        except (RedisError, OSError):
            return None

    async def _watch(self) -> None:
        while True:
            self._installation.watch()
            await asyncio.sleep(0.2)

    async def _refuse_now_and_then(self) -> None:
        """HubSpot's window is spent, for a moment: whatever is under way then meets a 429."""
        if self._scene.refusals is None:
            return
        while not self._chance.over:
            await self._chance.pause(self._scene.refusals)
            await self._until_many_calls_are_open()
            before, until = await self._refused(), time.monotonic() + REFUSED_FOR
            await asyncio.to_thread(self._hubspot.limit, per_10s=0)
            while time.monotonic() < until:
                await asyncio.sleep(0.02)
                if await self._refused() >= before + REFUSED_AT_ONCE:
                    break
            await asyncio.to_thread(self._hubspot.limit, per_10s=PER_10S)

    async def _until_many_calls_are_open(self) -> None:
        while not self._chance.over:
            seen = await self._look()
            if seen is not None and seen.open_calls >= MANY_CALLS:
                return
            await asyncio.sleep(0.01)

    async def _refused(self) -> int:
        stats = await asyncio.to_thread(self._hubspot.stats)
        return int(stats["by_status"].get("429", 0))

    async def _evidence(self) -> Evidence:
        # If something is still done meanwhile, HubSpot may know more than was promised, but never less.
        runs = await self._runs()
        campaigns = await asyncio.to_thread(self._hubspot.campaigns)
        ledger = await asyncio.to_thread(self._hubspot.ledger)
        return Evidence(
            accepted=self._asked.accepted,
            runs=runs,
            campaigns=tuple(msgspec.convert(campaigns, list[Campaign])),
            ledger=tuple(msgspec.convert(ledger[self._forgotten :], list[Row])),
            deliveries=tuple(self._receiver.deliveries),
            refused=self._asked.refused,
        )

    async def _runs(self) -> dict[str, str]:
        async with asyncio.timeout(30):
            while True:
                try:
                    return await self._asked.runs()
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)

    async def _met(self, told: float, drained: float) -> Met:
        stats: dict[str, Any] = await asyncio.to_thread(self._hubspot.stats)
        faults: Counter[str] = Counter({"429": stats["by_status"].get("429", 0)})
        for fault, times in zip(self._scene.faults, await asyncio.to_thread(self._hubspot.met), strict=True):
            faults[fault["do"]] += times
        return Met(
            triggers=len(self._asked.accepted),
            requests=self._asked.requests,
            calls=stats["requests"],
            campaigns=stats["campaigns"],
            struck=self._chance.struck,
            stalls=self._chance.stalls,
            faults=faults,
            take_overs=tuple(self._chance.take_overs),
            told=told,
            drained=drained,
        )
