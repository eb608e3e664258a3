"""The trace of a trigger on its way out: to HubSpot, and to the receiver of the callback."""

import asyncio

import httpx
import msgspec
from redis.asyncio import Redis

from campaigns.model import Run
from campaigns.outbound import connected
from campaigns.store import Store
from campaigns.wishes import AddItem, CreateCampaign
from simulator.fixture import Running
from tests.builders import a_run, acceptable
from tests.flows.delivering import a_notifier
from tests.flows.ending import an_ended_run, end
from tests.flows.engine import advanced, engine
from tests.receiver import Receiver, calling_back

TRACES = [f"{number:032x}" for number in (0xA, 0xB)]


def traced(run: Run, trace: str) -> Run:
    trigger = msgspec.structs.replace(run.trigger, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    return msgspec.structs.replace(run, trigger=trigger)


async def test_each_call_to_hubspot_belongs_to_the_trace_of_its_run(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    await redis.flushall()
    sent: list[tuple[str, str]] = []

    async def written_down(request: httpx.Request) -> None:
        sent.append((request.method, request.headers.get("traceparent", "")))

    wishes = (CreateCampaign({"hs_name": "Launch"}), AddItem("budget", "Ads", 10.0, 0))
    run, silent = traced(a_run("traced", *wishes), TRACES[0]), a_run("silent")
    async with engine(redis_url, hubspot.url) as process:
        process.shared.http.event_hooks = {"request": [written_down]}
        await advanced(process, [run])
        await advanced(process, [silent])
    told = [trace for method, trace in sent if method != "GET"]
    assert [trace[:36] for trace in told] == [f"00-{TRACES[0]}-"] * 2 + [""] * 2
    assert len(set(told[:2]) | {run.trigger.traceparent}) == 3


async def test_a_batch_belongs_to_the_first_trace_among_its_runs(
    redis: Redis, redis_url: str, hubspot: Running
) -> None:
    await redis.flushall()
    sent: list[str] = []

    async def written_down(request: httpx.Request) -> None:
        if request.url.path.endswith("/batch/create"):
            sent.append(request.headers.get("traceparent", ""))

    runs = [a_run(str(number), CreateCampaign({"hs_name": f"Launch {number}"})) for number in range(8)]
    async with engine(redis_url, hubspot.url) as process:
        process.shared.http.event_hooks = {"request": [written_down]}
        await advanced(process, [traced(run, TRACES[1]) for run in runs])
    assert sent
    assert {trace[:36] for trace in sent} == {f"00-{TRACES[1]}-"}


async def test_each_post_of_a_callback_belongs_to_the_trace_of_its_run(redis: Redis) -> None:
    store = Store(redis)
    async with Receiver() as receiver, connected(calling_back("127.0.0.1")) as posts:
        run = traced(a_run("traced", callbackurl=receiver.url()), TRACES[0])
        await store.acceptance.accept(acceptable(run, "traced"))
        await end(store, run)
        silent = await an_ended_run(store, "silent", receiver.url())
        receiver.answer(503, times=2)
        stopping = asyncio.Event()
        serving = asyncio.create_task(a_notifier(store, posts).serve(stopping, asyncio.Event(), linger=60))
        received = await receiver.wait_for(4)
        stopping.set()
        await serving
    told = {
        id_: [one.headers.get("traceparent", "") for one in received if id_ in one.headers["webhook-id"]]
        for id_ in (run.id, silent.id)
    }
    assert [trace[:36] for trace in told[run.id]] == [f"00-{TRACES[0]}-"] * 2
    assert len({*told[run.id], run.trigger.traceparent}) == 3
    assert told[silent.id] == ["", ""]
