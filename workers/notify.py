"""Delivering callbacks, and messages to operators: claims those that are due, posts them, saves what became of each.

How a post is made, and what follows from its answer, is `campaigns.outbound`; when a job comes here is RQ's business.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, assert_never

import structlog

from campaigns.errors import Unavailable
from campaigns.model import Stored
from campaigns.observe import named
from campaigns.outbound import Again, Delivered, Parked, Posts, Unanswered, Verdict, after_attempt, host_of
from campaigns.store.callbacks import COMES_BACK, Callbacks, ClaimedCallbacks, Due, Tried
from campaigns.store.gather import Gather

PER_HOST: Final = 4
"""Posts to one host at once: a receiver that restarts is not run down by what has piled up."""

MOST_CLAIMED: Final = 100
"""Callbacks claimed, and outcomes saved, by one call: a few milliseconds of Redis at the most."""

MOST_HELD: Final = 1_000
"""Callbacks in hand, at a few kilobytes each; only fast hosts ever fill it (`SOON`)."""

SOON: Final = 3.0
"""Seconds from the claim to the post, at most: the post may last 10, and the claim ends after 15."""

REFRESH: Final = 2.0
"""Seconds between claims, at most: they also say that somebody delivers, which holds for 6."""

RIDE_OUT: Final = 10.0
"""Seconds for which outcomes are kept while Redis is away. Later the callbacks have come back anyway."""

PAUSE: Final = 0.25
"""Seconds between tries while Redis is away."""

LINGER: Final = 3.0
"""Seconds to stay when nothing is due: callbacks come in company, and the way through RQ costs milliseconds."""

log = structlog.get_logger(__name__)


class Host:
    """One host of receivers: what it is given at once, and how fast it takes it.

    Attributes:
        held: callbacks for it that are in hand, posted or to be posted.
        pace: seconds that a post takes, as last seen; a new host is thought to be fast.

    """

    def __init__(self) -> None:
        self.slots = asyncio.Semaphore(PER_HOST)
        self.held = 0
        self.pace = 0.02

    def wait(self) -> float:
        """Seconds until one more post would begin."""
        return max(0, self.held + 1 - PER_HOST) * self.pace / PER_HOST

    def took(self, seconds: float) -> None:
        """Learn from a post that took *seconds*."""
        self.pace += (seconds - self.pace) / 4


class Notifier:
    """Delivers callbacks, whoever's they are; several may do so at once, in one process or in many.

    Args:
        callbacks: which are due, and what became of them.
        posts: makes one attempt.
        chance: gives random numbers in [0, 1).
        posted: is told what came of each attempt, and how old that was which it was to tell (ms).

    """

    def __init__(
        self,
        callbacks: Callbacks,
        posts: Posts,
        *,
        chance: Callable[[], float],
        posted: Callable[[str, int], None] = lambda _, __: None,
    ) -> None:
        self._callbacks = callbacks
        self._posts = posts
        self._chance = chance
        self._posted = posted
        self._hosts: dict[str, Host] = {}
        self._held: set[tuple[str, int]] = set()
        self._news = asyncio.Event()
        self._saves = Gather(self._save, most=MOST_CLAIMED)
        self._ahead = 0.0

    async def serve(self, stopping: asyncio.Event, woken: asyncio.Event, linger: float = LINGER) -> bool:
        """Deliver what is due and becomes due, until nothing has for *linger* seconds or *stopping* is set.

        While Redis is away this waits.

        Args:
            stopping: what is being posted then is posted to its end (10 s); what only waits is given back.
            woken: set when callbacks may have become due; a wake that is lost costs two seconds.
            linger: how long to stay, as most callbacks come soon after another.

        Returns:
            whether the notify job must be enqueued for what is due now.

        """
        last = _seconds()
        async with asyncio.TaskGroup() as deliveries:
            while claimed := await self._claim(stopping, woken):
                self._begin(claimed, deliveries, stopping)
                if self._held:
                    last = _seconds()
                stay = last + linger - _seconds()
                if stay <= 0:
                    break
                await _first_of(stopping, woken, self._news, within=min(stay, self._until_next(claimed)))
        try:
            return await self._callbacks.leave()
        except Unavailable:
            return False  # that somebody delivers is forgotten within seconds, and the sweep calls

    async def _claim(self, stopping: asyncio.Event, woken: asyncio.Event) -> ClaimedCallbacks | None:
        """What is due; None when *stopping* is set first."""
        away = False
        while not stopping.is_set():
            woken.clear()
            self._news.clear()
            try:
                claimed = await self._callbacks.claim(self._most())
            except Unavailable as error:
                if not away:
                    log.warning("callbacks cannot be claimed", problem=str(error))
                away = True
                await _first_of(stopping, within=PAUSE)
            else:
                self._ahead = claimed.now - _seconds() * 1000
                return claimed
        return None

    def _most(self) -> int:
        return MOST_CLAIMED if len(self._held) <= MOST_HELD - MOST_CLAIMED else 0

    def _until_next(self, claimed: ClaimedCallbacks) -> float:
        """Seconds until the next claim, if nothing happens before."""
        if not self._most() or claimed.next_due is None:
            return REFRESH
        return min(max(0.0, (claimed.next_due - claimed.now) / 1000), REFRESH)

    def _begin(self, claimed: ClaimedCallbacks, deliveries: asyncio.TaskGroup, stopping: asyncio.Event) -> None:
        """Begin to deliver what can begin soon, and put the rest back: a slow host keeps nobody else waiting."""
        since = _seconds()
        back: list[Tried] = []
        for due in claimed.due:
            if self._posts.where(due.what) is None:
                back.append(Tried(*_name(due), "unwanted"))
                continue
            host = self._hosts.setdefault(self._host(due), Host())
            if host.wait() >= SOON:
                back.append(self._put_back(due))
            elif _name(due) not in self._held:  # else Redis was away for so long that the claim has ended
                self._held.add(_name(due))
                host.held += 1
                deliveries.create_task(self._deliver(due, host, since, stopping))
        if back:
            deliveries.create_task(self._keep(back))
        for identity in claimed.unreadable:
            log.error("a callback cannot be read; a newer version must deliver it", id=identity)

    async def _deliver(self, due: Due, host: Host, since: float, stopping: asyncio.Event) -> None:
        try:
            await self._keep([await self._in_turn(due, host, since, stopping)])
        finally:
            self._held.discard(_name(due))
            host.held -= 1
            if not host.held:
                self._hosts.pop(self._host(due), None)
            if len(self._held) == MOST_HELD - MOST_CLAIMED:
                self._news.set()

    async def _in_turn(self, due: Due, host: Host, since: float, stopping: asyncio.Event) -> Tried:
        try:
            async with asyncio.timeout_at(since + SOON):
                await host.slots.acquire()
        except TimeoutError:
            host.took(SOON)  # at least: those before it are not back yet
            return self._put_back(due)
        try:
            return self._put_back(due, span=0) if stopping.is_set() else await self._post(due, host)
        finally:
            host.slots.release()

    def _put_back(self, due: Due, span: int | None = None) -> Tried:
        """Untried, to come back at once or at any time until the claim would have ended."""
        soon = int(SOON * 1000)
        spread = soon + int(self._chance() * (COMES_BACK - soon))
        return Tried(*_name(due), "untried", spread if span is None else span)

    async def _post(self, due: Due, host: Host) -> Tried:
        began = _seconds()
        try:
            attempt = await self._posts.post(due.what, due.sequence, self._now())
        except Exception:  # one callback that cannot be built must not keep the others back
            log.exception("a callback cannot be posted", id=due.id)
            attempt = Unanswered("a fault of ours: the log has more")
        took = _seconds() - began
        host.took(took)
        age = self._now() - due.since
        tried = _tried(due, after_attempt(attempt, tries=due.tries, age=age, chance=self._chance()))
        self._posted(tried.outcome, age)
        log.info(
            "callback",
            **named(due.what.run if isinstance(due.what, Stored) else due.what),
            sequence=tried.sequence,
            host=self._host(due),
            tries=due.tries + 1,
            seconds=round(took, 3),
            outcome=tried.outcome,
            again_ms=tried.span,
            problem=tried.problem,
        )
        return tried

    def _host(self, due: Due) -> str:
        return host_of(self._posts.where(due.what) or "")

    def _now(self) -> int:
        """Redis's time, as of the last claim."""
        return int(self._ahead + _seconds() * 1000)

    async def _keep(self, tried: Sequence[Tried]) -> None:
        """Save, together with what others have to save; what cannot be saved comes back by itself."""
        try:
            await asyncio.gather(*(self._saves.add(one) for one in tried))
        except Unavailable as error:
            log.warning("what became of callbacks is lost, they are posted again", problem=str(error))
        if any(one.outcome == "due" and one.span < REFRESH * 1000 for one in tried):
            self._news.set()

    async def _save(self, tried: Sequence[Tried]) -> Sequence[None]:
        until = _seconds() + RIDE_OUT
        while True:
            try:
                await self._callbacks.save(tried)
            except Unavailable:
                if _seconds() >= until:
                    raise
                await asyncio.sleep(PAUSE)
            else:
                return [None] * len(tried)


def _name(due: Due) -> tuple[str, int]:
    return due.id, due.sequence


def _tried(due: Due, verdict: Verdict) -> Tried:
    match verdict:
        case Delivered():
            return Tried(*_name(due), "delivered")
        case Again(span=span, problem=problem):
            return Tried(*_name(due), "due", span, problem)
        case Parked(problem=problem):
            return Tried(*_name(due), "parked", problem=problem)
        case _:
            assert_never(verdict)


def _seconds() -> float:
    return asyncio.get_running_loop().time()


async def _first_of(*events: asyncio.Event, within: float) -> None:
    """Wait until one of *events* is set, at most *within* seconds."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
