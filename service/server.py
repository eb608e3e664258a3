"""Serving the application: one granian worker inside this process, until it is told to stop."""

import asyncio
import gc
import signal
from typing import Final

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from litestar import Litestar

BACKLOG: Final = 1024
"""Connections that may wait to be accepted, and requests in hand: a burst of callers is queued, not refused."""

YOUNG: Final = 10_000
"""New objects before Python looks for cycles among them: some dozen triggers in hand are more than its usual 700."""

LOG: Final = {"loggers": {"_granian": {"propagate": True}}}
"""Granian's own lines go where all others go (`observe.configure_logging`)."""


def serve(app: Litestar, host: str, port: int) -> int:
    """Serve *app* until SIGTERM or SIGINT; requests in hand are answered first.

    Returns:
        the exit code: 0 after a signal, 1 when the application could not start.

    """
    gc.freeze()  # what is there by now stays: looking through it again and again was a tenth of the work of a trigger
    gc.set_threshold(YOUNG)
    return uvloop.run(_serve(app, host, port))


async def _serve(app: Litestar, host: str, port: int) -> int:
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        log_dictconfig=LOG,
    )
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        server.stop()  # type: ignore[no-untyped-call]  # granian's

    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop)
    await server.serve()
    return 0 if stopped.is_set() else 1
