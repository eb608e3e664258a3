"""Callbacks and messages being delivered meanwhile, as the `notify` job does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from campaigns.outbound import Posts
from campaigns.store import Store
from workers.notify import Notifier


def a_notifier(store: Store, posts: Posts) -> Notifier:
    """One that waits the least that it may."""
    return Notifier(store.callbacks, posts, chance=lambda: 0.0)


@asynccontextmanager
async def delivering(notifier: Notifier) -> AsyncIterator[None]:
    """Deliver meanwhile."""
    stopping = asyncio.Event()
    serving = asyncio.create_task(notifier.serve(stopping, asyncio.Event(), linger=60))
    try:
        yield
    finally:
        stopping.set()
        await serving
