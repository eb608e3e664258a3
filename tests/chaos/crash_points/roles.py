"""The programs of an installation, each in a process of its own that is forked from one that has loaded them all.

Starting an interpreter takes a second of processor time; the proof takes a thousand processes.
"""

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from campaigns import observe
from campaigns.queue import CALLBACKS, CAMPAIGNS
from campaigns.settings import Settings
from campaigns.sweep import sweep
from service.app import create_app
from service.server import serve
from workers.__main__ import work

SERVICE: Final = "service"
ROLES: Final = (SERVICE, CAMPAIGNS, CALLBACKS)

UP: Final = {SERVICE: "sweep", CAMPAIGNS: "blmove", CALLBACKS: "blmove"}
"""What each role does only once it is up, and hears signals."""

FORKING: Final = multiprocessing.get_context("forkserver")


LOADED_LATE: Final = (
    "anyio._backends._asyncio",
    "httpcore",
    "litestar.plugins.opentelemetry",
    "litestar.plugins.pydantic",
)
"""What httpx and Litestar load only when they are used: two thirds of what a process would have to do."""


def load() -> None:
    """Start the process that is forked; comes back when it has loaded everything."""
    # The main module too: pytest's own is not to be loaded by each process.
    FORKING.set_forkserver_preload(["__main__", __name__, *LOADED_LATE])
    first = FORKING.Process(target=int)
    first.start()
    first.join()


class Place(msgspec.Struct, frozen=True):
    """Where a role finds what it needs: all that its process is told.

    Attributes:
        settings: those of the programs; Redis, HubSpot and the callers' addresses in them are gates.
        port: where the service listens.
        log: the file that takes what it says.
        authorities: a file with one certificate: nothing here uses TLS, and reading the whole bundle takes each process
            longer than all that it does afterwards.

    """

    settings: Settings
    port: int
    log: str
    authorities: str


def play(role: str, place: Place) -> None:
    """Be *role* until told to stop; ends the process with its code."""
    with Path(place.log).open("ab", buffering=0) as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    os.environ["SSL_CERT_FILE"] = place.authorities
    observe.configure_logging(sys.__stderr__ or sys.stderr)
    if role == SERVICE:
        sys.exit(serve(create_app(place.settings, (sweep,)), "127.0.0.1", place.port))
    sys.exit(uvloop.run(work(role, place.settings)))
