"""The truth, in Redis: triggers accepted, runs and where they stand, who serves which portal, callbacks due, tokens.

Everything that changes is a named Lua script in `lua/`; the modules beside this one say in Python what each takes and
answers. `Store` is the front door.
"""

from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from campaigns import keys
from campaigns.store.accept import Acceptance
from campaigns.store.bindings import Bindings
from campaigns.store.bulks import Bulks
from campaigns.store.callbacks import Callbacks
from campaigns.store.counting import Counting
from campaigns.store.epochs import Epochs
from campaigns.store.ghosts import Ghosts
from campaigns.store.parked import Parked
from campaigns.store.places import Places
from campaigns.store.portals import Portals
from campaigns.store.runs import Runs
from campaigns.store.scripts import Scripts
from campaigns.store.sweeping import Sweeping
from campaigns.store.tokens import Tokens
from campaigns.store.verbs import Verbs


async def _always() -> None:
    """Admit whatever comes."""


class Store:
    """All that we keep in Redis.

    Args:
        redis: where it is kept; its master.
        scripts: what changes it; by default our own.
        replicas: how many must have heard of what is accepted, or made in HubSpot, before it counts.
        admit: asked before each acceptance; raises Unavailable while Redis must not take more.

    """

    def __init__(
        self,
        redis: Redis,
        scripts: Scripts | None = None,
        *,
        replicas: int = 0,
        admit: Callable[[], Awaitable[None]] = _always,
    ) -> None:
        scripts = scripts or Scripts(redis, replicas=replicas)
        self.acceptance = Acceptance(scripts, admit)
        self.portals = Portals(scripts)
        self.places = Places(scripts)
        self.runs = Runs(redis, scripts)
        self.bindings = Bindings(redis, scripts)
        self.callbacks = Callbacks(scripts)
        self.parked = Parked(scripts)
        self.ghosts = Ghosts(scripts)
        self.epochs = Epochs(scripts, keys.RETENTION, replicas=bool(replicas))
        self.verbs = Verbs(scripts, self.runs)
        self.bulks = Bulks(scripts, self.runs, self.verbs)
        self.counting = Counting(scripts)
        self.sweeping = Sweeping(scripts)
        self.tokens = Tokens(scripts)
