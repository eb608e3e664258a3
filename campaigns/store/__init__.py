"""The truth, in Redis: triggers accepted, runs and where they stand, who serves which portal, callbacks due.

Everything that changes is a named Lua script in `lua/`; the modules beside this one say in Python what each takes and
answers. `Store` is the front door.
"""

from redis.asyncio import Redis

from campaigns import keys
from campaigns.store.accept import Acceptance
from campaigns.store.callbacks import Callbacks
from campaigns.store.epochs import Epochs
from campaigns.store.ghosts import Ghosts
from campaigns.store.parked import Parked
from campaigns.store.portals import Portals
from campaigns.store.runs import Runs
from campaigns.store.scripts import Scripts
from campaigns.store.sweeping import Sweeping


class Store:
    """All that we keep in Redis.

    Args:
        redis: where it is kept.
        scripts: what changes it; by default our own.

    """

    def __init__(self, redis: Redis, scripts: Scripts | None = None) -> None:
        scripts = scripts or Scripts(redis)
        self.acceptance = Acceptance(scripts)
        self.portals = Portals(scripts)
        self.runs = Runs(redis)
        self.callbacks = Callbacks(scripts)
        self.parked = Parked(scripts)
        self.ghosts = Ghosts(scripts)
        self.epochs = Epochs(scripts, keys.RETENTION)
        self.sweeping = Sweeping(scripts)
