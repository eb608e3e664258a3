"""`python -m simulator --port N`: the simulator as a program on this machine, served by granian."""

import argparse
import asyncio
import signal
import socket
import sys

import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from simulator.app import create_app
from simulator.wire import quiet
from simulator.world import Beginning


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="HubSpot's campaigns API, with planned trouble.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--token", action="append", help="a private app's token; may be repeated (default pat-test)")
    parser.add_argument("--seed", type=int, default=0, help="of ids and of all else that is drawn")
    parser.add_argument("--timezone", default="UTC", help="the portal's; its midnight ends the daily budget")
    return parser.parse_args()


def _check_free(host: str, port: int) -> None:
    """End with a message when somebody listens there: granian would share the port with him, request by request."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SystemExit(f"Cannot listen on {host}:{port}: {error.strerror}") from error


async def _serve(host: str, port: int, beginning: Beginning) -> None:
    server = Server(
        quiet(create_app(beginning)),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, server.stop)
    sys.stdout.write(f"HubSpot's simulator on http://{host}:{port}\n")
    sys.stdout.flush()
    await server.serve()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    told = _arguments()
    _check_free(told.host, told.port)
    beginning = Beginning(seed=told.seed, tokens=tuple(told.token or ("pat-test",)), timezone=told.timezone)
    uvloop.run(_serve(told.host, told.port, beginning))


if __name__ == "__main__":
    main()
