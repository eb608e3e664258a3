"""Runs that have ended, so that their callbacks are due."""

from campaigns.model import Ending, Run
from campaigns.states import Done, Receipt
from campaigns.store import Store
from campaigns.store.portals import Finished, Lease
from tests.builders import a_run, acceptable

LEASE = Lease("acme", "process-1", "token-1")
DAY = 86_400_000


async def an_ended_run(store: Store, key: str, callbackurl: str | None, *, ending: Ending = "done") -> Run:
    """Accept a run under *key* and end it: its campaign is made, its status due at *callbackurl*."""
    run = a_run(key, callbackurl=callbackurl)
    await store.acceptance.accept(acceptable(run, key))
    await end(store, run, ending=ending)
    return (await store.runs.read(run.id)).run


async def end(store: Store, run: Run, *, ending: Ending = "done") -> None:
    """End the open run *run*."""
    await store.portals.take(LEASE, 0)
    claimed = await store.portals.claim(LEASE, 100, 0)
    stored = next(one for one in claimed.runs if one.run.id == run.id)
    ended = stored.run.with_state("create_campaign", Done(Receipt("c-1")), claimed.now)
    _, (flag,), _ = await store.portals.finish(LEASE, [Finished(ended, stored.version, ending)], DAY)
    assert flag
