"""The workers of the machine: what each process believes to hold, and has in hand. Any of it may be out of date."""

import msgspec

from campaigns.model import Run, Step, Stored
from campaigns.states import Done
from campaigns.store.portals import Lease
from tests.flows.store_machine.world import Counted


class Out(msgspec.Struct):
    """A call to HubSpot whose answer has not come.

    Attributes:
        at: the attempt, by Redis's clock.

    """

    place: str
    step: str
    at: int
    counted: Counted


class Holding(msgspec.Struct):
    """A portal that a worker believes to serve.

    Attributes:
        runs: those in hand, by their ids.
        out: the calls under way, by the ids of their runs.
        unsure: the answer to a claim was lost, so there may be more in flight than is in hand.

    """

    lease: Lease
    runs: dict[str, Stored] = {}
    out: dict[str, Out] = {}
    unsure: bool = False

    def idle(self, which: int) -> Stored | None:
        """One of the runs in hand for which no call is under way."""
        idle = [stored for run_id, stored in sorted(self.runs.items()) if run_id not in self.out]
        return idle[which % len(idle)] if idle else None

    def under_way(self, which: int) -> tuple[Stored, Out]:
        """One of the runs for which a call is under way; there is one."""
        run_id = sorted(self.out)[which % len(self.out)]
        return self.runs[run_id], self.out[run_id]

    def drop(self, run_id: str) -> None:
        """The run is out of hand."""
        self.runs.pop(run_id, None)
        self.out.pop(run_id, None)


class Worker(msgspec.Struct):
    """A worker process.

    Attributes:
        portals: what it believes to serve.
        tokens: how many leases it has asked for.

    """

    name: str
    portals: dict[str, Holding] = {}
    tokens: int = 0

    def ask(self, portal: str) -> Lease:
        """A lease of *portal*, with a token never used before."""
        self.tokens += 1
        return Lease(portal, self.name, f"token-{self.name}-{self.tokens}")


def next_step(run: Run) -> Step | None:
    """The first step that is not done."""
    return next((step for step in run.steps if not isinstance(step.state, Done)), None)
