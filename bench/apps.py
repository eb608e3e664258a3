"""What our accept path is compared with, each served as ours is: `python -m bench.apps <bare|first|null> <port>`.

- bare: our own application, which reads, authorises, counts and answers, and stores nothing.
- first: what a team writes first: a synchronous handler, `SET NX` for the key, `Queue.enqueue` for the work.
- null: a socket that answers anything with the same bytes; it shows what the load generator can do at the most.
"""

import asyncio
import os
import signal
import sys
import time
from typing import Annotated, Any, Final, cast

import msgspec
import redis
import uvloop
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State
from litestar.exceptions import NotAuthorizedException
from litestar.params import JSONBody
from prometheus_client import CollectorRegistry
from rq import Queue

from bench.load import KEY
from campaigns import settings
from campaigns.observe import AcceptMetrics
from service import bodies, cloudevents, idempotency, problems
from service.answers import Answer
from service.auth import Callers
from service.server import serve
from service.taken import TriggerTaken
from service.triggers import MOST_BODY

ANSWER: Final = b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
DAY: Final = 24 * 60 * 60


def bare() -> Litestar:
    """Our application without a store."""
    told = settings.read(os.environ)
    callers, metrics = Callers.of(told), AcceptMetrics(CollectorRegistry())
    encode = msgspec.json.Encoder().encode

    async def accept(request: Request[Any, Any, State]) -> Answer:
        began = time.perf_counter()
        headers = list(request.scope["headers"])
        caller = callers.asking(headers)
        body = await bodies.whole(request.receive, MOST_BODY)
        caller.needs("send")
        trigger = cloudevents.read(cloudevents.form_of(headers), headers, body)
        key = idempotency.key_of(headers, trigger)
        caller.needs_portal(trigger.portal or "")
        taken = TriggerTaken(key, "waiting", trigger.portal or "", trigger.subject)
        answer = Answer(202, encode(taken), (b"location", b"/v1/runs/" + key.encode()))
        metrics.answered("accepted", time.perf_counter() - began)
        return answer

    return Litestar(
        [post("/v1/triggers", status_code=202)(accept)],
        exception_handlers={Exception: problems.answer},
        openapi_config=None,
        logging_config=None,
    )


class FirstTrigger(msgspec.Struct):
    """The trigger as the first application reads it."""

    type: str
    source: str
    id: Annotated[str, msgspec.Meta(min_length=1)]
    data: dict[str, Any]
    subject: str | None = None


def first() -> Litestar:
    """The first application that comes to mind: the job bears the trigger."""
    client = redis.Redis.from_url(os.environ["FANFARE_REDIS_URL"])
    queue = Queue("first", connection=client)
    allowed = f"Bearer {KEY}"

    @post("/v1/triggers", status_code=202, sync_to_thread=True)
    def accept(data: JSONBody[FirstTrigger], request: Request[Any, Any, State]) -> Response[dict[str, str]]:
        if request.headers.get("Authorization") != allowed:
            raise NotAuthorizedException
        if client.set(f"first:{data.source}:{data.id}", "", nx=True, ex=DAY):
            queue.enqueue("workers.jobs.advance", msgspec.to_builtins(data))
        return Response({"id": data.id})

    return Litestar([accept], openapi_config=None, logging_config=None)


class Null(asyncio.Protocol):
    """Answers whatever comes; a request of the load comes in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._write = cast("asyncio.WriteTransport", transport).write

    def data_received(self, _data: bytes) -> None:
        """Answer."""
        self._write(ANSWER)


async def null(port: int) -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    async with await loop.create_server(Null, "127.0.0.1", port):
        await ended.wait()


def main() -> int:
    """Serve the application that is asked for."""
    name, port = sys.argv[1], int(sys.argv[2])
    if name == "null":
        uvloop.run(null(port))
        return 0
    return serve({"bare": bare, "first": first}[name](), "127.0.0.1", port)


if __name__ == "__main__":
    sys.exit(main())
