"""What callers do: they wish, and wish again."""

import asyncio
from typing import Final

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from campaigns import keys
from campaigns.model import PRIORITIES, Priority, Run
from campaigns.store.accept import Accepted
from tests.builders import a_run, acceptable
from tests.flows.store_machine.stage import CAP, DAY, PORTALS, SECOND, Stage
from tests.flows.store_machine.world import Wished


class Wish(msgspec.Struct, frozen=True):
    """What a caller asks for."""

    number: int
    caller: str
    portal: str
    subject: str | None
    priority: Priority
    sequence: int
    time: int | None
    held: int
    fingerprint: str
    called_back: bool
    capped: bool


WISHES: Final = st.builds(
    Wish,
    number=st.integers(min_value=0, max_value=7),
    caller=st.sampled_from(["shop", "shop", "events"]),
    portal=PORTALS,
    subject=st.sampled_from([None, "lamp", "lamp", "tour"]),
    priority=st.sampled_from(PRIORITIES),
    sequence=st.sampled_from([0, 0, 1, 2]),
    time=st.sampled_from([None, None, 1, 2]),
    held=st.sampled_from([0, 0, 0, 5 * SECOND, DAY]),
    fingerprint=st.sampled_from(["same", "same", "same", "other"]),
    called_back=st.booleans(),
    capped=st.sampled_from([False, False, True]),
)


class Calling(Stage):
    """The rules of callers."""

    @rule(wishes=st.lists(WISHES, min_size=1, max_size=3))
    def accept(self, wishes: list[Wish]) -> None:
        """What arrives together is stored together; a key that is known names what it named."""
        runs = [self._run_of(wish) for wish in wishes]

        async def accept() -> list[Accepted]:
            coming = (
                self.store.acceptance.accept(acceptable(run, str(wish.number), wish.fingerprint))
                for run, wish in zip(runs, wishes, strict=True)
            )
            return await asyncio.gather(*coming)

        answers = self.act(accept())
        self.look()
        for wish, run, answer in zip(wishes, runs, answers, strict=True):
            self._accepted(wish, run, answer)

    def _run_of(self, wish: Wish) -> Run:
        run = a_run(
            str(wish.number),
            caller=wish.caller,
            portal=wish.portal,
            subject=wish.subject,
            priority=wish.priority,
            sequence=wish.sequence,
            time=wish.time,
            notbefore=self.picture.now + wish.held if wish.held else None,
            callbackurl="https://shop.internal/status" if wish.called_back else None,
        )
        return msgspec.structs.replace(run, max_creates_per_hour=CAP) if wish.capped else run

    def _accepted(self, wish: Wish, run: Run, answer: Accepted) -> None:
        self.world.accepted += 1
        key = keys.key_hash(wish.caller, str(wish.number))
        known = self.world.by_key(key)
        if known is None:
            told = self.picture.run(run.id)
            order = (wish.sequence, wish.time or int(told.get("accepted", 0)), self.world.accepted)
            self.world.wish(key, Wished(run, key, wish.fingerprint, order))
        named = self.world.by_key(key)
        expected = "accepted" if known is None else "replayed" if known.fingerprint == wish.fingerprint else "reused"
        if named is None or (answer.outcome, answer.run) != (expected, named.run.id):
            self.wrongly("one_wish_one_effect", f"{wish} is {answer.outcome} as {answer.run}, and should be {expected}")
