"""`python -m tests.chaos.ablated PART service --port N | workers QUEUE`: the programs without one of their parts.

They are put together as the real ones are, with one part replaced; the product has no switch for it. A part that has
become obsolete fails here: what is to be taken out of a script must be in it.
"""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Final

import msgspec
import uvloop
from redis.asyncio import Redis

from campaigns import observe, settings
from campaigns.hubspot.index import Index
from campaigns.queue import Queue
from campaigns.settings import Settings
from campaigns.store import Store
from campaigns.store.portals import Lease
from campaigns.store.scripts import ScriptName, Scripts, source
from campaigns.sweep import sweep
from service.app import create_app
from service.server import serve
from workers.__main__ import work
from workers.leases import Leases
from workers.lookup import Lookup
from workers.process import opened


class Blind(Lookup):
    """A look-up that never finds anything."""

    async def look(self, oldest: int) -> Index:
        """Walk, and see nothing."""
        await super().look(oldest)
        return Index()


class Believing(Leases):
    """Leases that are believed for ever."""

    def check(self, lease: Lease) -> None:
        """Nothing is too old."""


async def nothing(_store: Store, _queue: Queue) -> None:
    """No sweep."""
    await asyncio.Event().wait()


def without_looks(told: Settings) -> Settings:
    """Settings after which nobody looks for ghosts."""
    portals = {name: msgspec.structs.replace(portal, ghost_looks=()) for name, portal in told.portals.items()}
    return msgspec.structs.replace(told, portals=portals)


HOLDS: Final = re.compile(r"redis\.call\('GET', KEY\.lease \.\. portal\) ([~=])= lease")
TOKENS: Final[frozenset[ScriptName]] = frozenset({"claim", "send", "save", "finish", "renew", "release"})


def without_tokens(name: ScriptName) -> str:
    """A script that does not ask whether the lease is still its caller's."""
    text, times = HOLDS.subn(lambda found: "true" if found[1] == "=" else "false", source(name))
    if name in TOKENS and not times:
        raise LookupError(f"{name} compares no token")
    return text


def without_lanes(name: ScriptName) -> str:
    """A script in which every run goes into the line at once."""
    begins = "  if lane == '' then return true end\n"
    if begins not in source(name):
        raise LookupError(f"{name} knows no lanes")
    return source(name).replace(begins, "  if true then return true end\n")


def without_epochs(name: ScriptName) -> str:
    """A script after which no epoch is in force."""
    if name != "epoch":
        return source(name)
    if "KEY.epoch" not in source(name):
        raise LookupError("epoch knows no epochs")
    return "return {0, '', 0}"


class Ablation(msgspec.Struct, frozen=True):
    """What stands in the place of the real parts."""

    text: Callable[[ScriptName], str] = source
    lookup: type[Lookup] = Lookup
    leases: type[Leases] = Leases
    beside: Callable[[Store, Queue], Coroutine[None, None, None]] = sweep
    told: Callable[[Settings], Settings] = lambda told: told

    def store(self, redis: Redis) -> Store:
        """The store with these scripts."""
        return Store(redis, Scripts(redis, text=self.text))


ABLATIONS: Final = {
    "look-up": Ablation(lookup=Blind),
    "sweep": Ablation(beside=nothing),
    "token": Ablation(text=without_tokens, leases=Believing),
    "lanes": Ablation(text=without_lanes),
    "ghosts": Ablation(told=without_looks),
    "epoch": Ablation(text=without_epochs),
}


def main(part: str, program: str, *arguments: str) -> int:
    """Run *program* without *part*; the exit code."""
    observe.configure_logging()
    ablation = ABLATIONS[part]
    told = ablation.told(settings.read(os.environ))
    if program == "service":
        port = int(arguments[arguments.index("--port") + 1])
        return serve(create_app(told, (ablation.beside,), open_store=ablation.store), "127.0.0.1", port)
    open_process = partial(opened, store=ablation.store, lookup=ablation.lookup, leases=ablation.leases)
    return uvloop.run(work(arguments[0], told, open_process=open_process, beside=ablation.beside))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
