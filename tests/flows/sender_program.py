"""A process that serves the portal acme: `python -m tests.flows.sender_program REDIS_URL HUBSPOT_URL`, until killed."""

import asyncio
import sys

from tests.flows.engine import engine, serving


async def main(redis_url: str, hubspot: str) -> None:
    """Serve until killed."""
    async with engine(redis_url, hubspot, call_deadline=5.0) as process, serving(process):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
