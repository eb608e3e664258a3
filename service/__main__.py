"""`python -m service --host H --port N`: the HTTP service as a program; `fanfare serve` starts it."""

import argparse
import os
import sys

import structlog
import uvloop

from campaigns import observe, settings
from campaigns.errors import Invalid, Unavailable
from campaigns.observe import traces
from campaigns.settings import Settings
from campaigns.store import connection
from campaigns.store.vitals import Vitals
from campaigns.sweep import sweep
from service.app import create_app
from service.server import serve


def main() -> int:
    """Serve until told to stop; the exit code."""
    parser = argparse.ArgumentParser(prog="service", description="Takes triggers over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    told = parser.parse_args()
    observe.configure_logging()
    observe.count_without_birthdays()
    try:
        found = settings.read(os.environ)
        uvloop.run(examine(found))
    except Invalid as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return serve(create_app(found, (sweep,), spans=traces.of(os.environ, "service")), told.host, told.port)


async def examine(found: Settings) -> None:
    """Make sure that Redis is one to work with; while it is away, the service starts and is not ready.

    Raises:
        Invalid: it is none; the message says what to do.

    """
    async with connection.client(connection.address(found)) as redis:
        try:
            await Vitals(redis, found).examine()
        except Unavailable as error:
            structlog.get_logger().warning("redis.away", problem=str(error))


if __name__ == "__main__":
    sys.exit(main())
