"""A process that shares an app's tokens: `python -m tests.flows.token_program REDIS_URL HUBSPOT_URL NAME ask|hold`.

`ask` says `ready`, waits for its `go`, asks for a token and says it in the list `tokens`; `hold` takes the turn to
refresh, says `held`, and never gives it back.
"""

import asyncio
import sys
import time
from functools import partial

from redis.asyncio import Redis

from campaigns.hubspot.client import http_client, post_form
from campaigns.hubspot.tokens import TOKEN_PATH, Grant, OAuthToken, Post
from campaigns.store import Store

GRANT = Grant("client-test", "secret-test", "refresh-test")  # the simulator's


def app(redis: Redis, post: Post, hubspot: str, name: str) -> OAuthToken:
    """The token of the portal acme for the process *name*."""
    shelf = partial(Store(redis).tokens.shelf, "acme", name)
    return OAuthToken(lambda: GRANT, shelf, post, clock=time.monotonic, url=hubspot + TOKEN_PATH)


async def main(url: str, hubspot: str, name: str, wanted: str) -> None:
    """Do as *wanted*."""
    async with Redis.from_url(url) as redis, http_client() as http:
        if wanted == "hold":
            async with Store(redis).tokens.shelf("acme", name, GRANT).alone():
                await redis.rpush("held", name)
                await asyncio.Event().wait()
        await redis.rpush("ready", name)
        await redis.blpop([f"go:{name}"])
        token = await app(redis, partial(post_form, http), hubspot, name).token()
        await redis.rpush("tokens", token)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
