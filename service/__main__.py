"""`python -m service --host H --port N`: the HTTP service as a program; `fanfare serve` starts it."""

import argparse
import os
import sys

from campaigns import observe, settings
from campaigns.errors import Invalid
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
    try:
        found = settings.read(os.environ)
    except Invalid as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return serve(create_app(found, (sweep,)), told.host, told.port)


if __name__ == "__main__":
    sys.exit(main())
