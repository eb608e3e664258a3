"""Sending a scene's triggers as services do: several at once, again until there is a 202, one after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from cli.trial import Trial
from tests.chaos.evidence import Accepted
from tests.chaos.receiver import Receiver
from tests.chaos.scene import Conversation, Scene, Wanted

AGAIN: Final = 0.5
"""Seconds after which a trigger without a 202 is sent again."""

LONGEST_REQUEST: Final = 5.0
PATIENCE: Final = 60.0
"""Seconds for a 202: longer than any program is away."""

PAGE: Final = 200


class Refused(Exception):
    """A 4xx: the trigger is wrong, or the service is."""


class Asking:
    """All triggers of a scene, and what was answered.

    Attributes:
        refused: keys of triggers without a 202, and why.
        requests: how many were sent.
        in_hand: requests that have no answer yet.
        ids: of the runs that were accepted.

    """

    def __init__(self, http: httpx.AsyncClient, receiver: Receiver) -> None:
        self._http = http
        self._receiver = receiver
        self._answers: dict[str, list[str]] = {}
        self._accepted: list[Wanted] = []
        self._bodies: dict[str, dict[str, Any]] = {}
        self._held: dict[str, float] = {}
        self._copies: set[asyncio.Task[None]] = set()
        self.refused: dict[str, str] = {}
        self.requests = 0
        self.in_hand = 0

    async def ask(self, scene: Scene) -> None:
        """Send everything, until all has its 202."""
        async with asyncio.TaskGroup() as talks:
            for conversation in scene.conversations:
                talks.create_task(self._converse(conversation))
        await asyncio.gather(*self._copies)

    @property
    def accepted(self) -> tuple[Accepted, ...]:
        """What was accepted, in the order of the first 202s."""
        return tuple(Accepted(wanted, tuple(dict.fromkeys(self._answers[wanted.key]))) for wanted in self._accepted)

    @property
    def ids(self) -> set[str]:
        """The runs that were accepted."""
        return {run for answers in self._answers.values() for run in answers}

    async def runs(self) -> dict[str, str]:
        """The status of every run, as the service tells it."""
        found: dict[str, str] = {}
        query: dict[str, str | int] = {"limit": PAGE}
        while True:
            answer = await self._http.get("/v1/runs", params=query)
            answer.raise_for_status()
            page = answer.json()
            found |= {run["id"]: run["status"] for run in page["runs"]}
            if page["next"] is None:
                return found
            query["after"] = page["next"]

    async def _converse(self, conversation: Conversation) -> None:
        await asyncio.sleep(conversation.begins)
        for wanted in conversation.wanted:
            taken = asyncio.Event()
            self._say_what(wanted)
            for span in wanted.sent_at:
                copy = asyncio.create_task(self._say(wanted, span, taken))
                self._copies.add(copy)
                copy.add_done_callback(self._copies.discard)
            await taken.wait()
            if wanted.key in self.refused:
                return  # what follows would be accepted without it
            if conversation.patient and wanted is conversation.wanted[0]:
                await self._receiver.hear(self._answers[wanted.key][0])

    def _say_what(self, wanted: Wanted) -> None:
        """Make the body, which is the same whenever it is sent."""
        if wanted.key not in self._bodies:
            held = None if wanted.held is None else datetime.now(UTC) + timedelta(seconds=wanted.held)
            self._bodies[wanted.key] = a_trigger(wanted, self._receiver.url, held)
            self._held[wanted.key] = held.timestamp() if held else 0.0

    async def _say(self, wanted: Wanted, span: float, taken: asyncio.Event) -> None:
        await asyncio.sleep(span)
        try:
            async with asyncio.timeout(PATIENCE):
                run = await self._until_taken(wanted)
        except (Refused, TimeoutError) as error:
            self.refused[wanted.key] = str(error) or f"no 202 in {PATIENCE:.0f} s"
        else:
            if wanted.key not in self._answers:
                self._accepted.append(wanted)
            self._answers.setdefault(wanted.key, []).append(run)
        taken.set()

    async def _until_taken(self, wanted: Wanted) -> str:
        body, headers = self._bodies[wanted.key], {"idempotency-key": wanted.key}
        while True:
            self.in_hand += 1
            self.requests += 1
            try:
                answer = await self._http.post("/v1/triggers", json=body, headers=headers)
            except httpx.TransportError:
                answer = None
            finally:
                self.in_hand -= 1
            if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
                return str(answer.json()["id"])
            if answer is not None and answer.is_client_error:
                raise Refused(f"{answer.status_code} {answer.text}")
            await asyncio.sleep(AGAIN)


def a_trigger(wanted: Wanted, callbackurl: str, notbefore: datetime | None) -> dict[str, Any]:
    """The body that asks for *wanted*."""
    assets = [dict(zip(("type", "id"), asset.split(" "), strict=True)) for asset in wanted.assets]
    budget = [{"name": name, "amount": amount} for name, amount in wanted.budget]
    return {
        "type": "campaign.requested",
        "portal": "acme",
        "subject": wanted.subject,
        "sequence": wanted.sequence,
        "priority": wanted.priority,
        "callbackurl": callbackurl,
        "notbefore": notbefore and notbefore.isoformat(),
        "data": {"properties": {"hs_name": wanted.name}, "assets": assets, "budget": budget},
    }


@asynccontextmanager
async def asking(trial: Trial, receiver: Receiver) -> AsyncIterator[Asking]:
    """A calling service, once ours answers."""
    base = f"http://127.0.0.1:{trial.ports.service}"
    headers = {"authorization": f"Bearer {trial.keys['shop']}"}
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
    async with httpx.AsyncClient(
        base_url=base, headers=headers, trust_env=False, timeout=LONGEST_REQUEST, limits=limits
    ) as http:
        async with asyncio.timeout(PATIENCE):
            while not await answers(http):  # noqa: ASYNC110 - another process sets no event here
                await asyncio.sleep(0.05)
        yield Asking(http, receiver)


async def answers(http: httpx.AsyncClient) -> bool:
    """Whether the service is ready."""
    try:
        return (await http.get("/readyz")).is_success
    except httpx.TransportError:
        return False
