"""The log: one line for each attempt, with all that is known of it; whoever has one id finds all lines about it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from campaigns.model import Run
from campaigns.outbound import connected
from campaigns.store import Store
from simulator.fixture import Running
from tests.builders import a_run
from tests.flows.delivering import a_notifier
from tests.flows.ending import an_ended_run
from tests.flows.engine import advanced, engine
from tests.receiver import Receiver, calling_back

pytestmark = pytest.mark.usefixtures("redis")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

Line = MutableMapping[str, Any]

PROGRAM = """
import logging, structlog
from campaigns.observe import configure_logging
configure_logging()
structlog.get_logger().info("ours", run="r")
logging.getLogger("rq").warning("theirs %d", 1)
logging.getLogger("httpx").info("HTTP Request: POST https://receiver/hook?secret=x")
try:
    raise ValueError("wrong")
except ValueError:
    structlog.get_logger().exception("failed")
"""


def traced(run: Run) -> Run:
    trigger = msgspec.structs.replace(run.trigger, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    return msgspec.structs.replace(run, trigger=trigger)


async def lines_of(run: Run, redis_url: str, hubspot: Running) -> list[Line]:
    with capture_logs() as lines:
        async with engine(redis_url, hubspot.url) as process:
            await advanced(process, [run])
    return list(lines)


async def test_each_attempt_is_one_line_with_all_facts(redis_url: str, hubspot: Running) -> None:
    hubspot.lose_assets("1")
    run = traced(a_run(subject="lamp"))
    made, refused = (one for one in await lines_of(run, redis_url, hubspot) if one["event"] == "step.attempted")
    (campaign,) = hubspot.campaigns()
    assert (made["step"], made["kind"], made["outcome"]) == ("create_campaign", "create_campaign", "done")
    assert (made["receipt"], made["tries"], made["problem"]) == (campaign["id"], 1, None)
    assert (refused["kind"], refused["outcome"], refused["status"]) == ("attach_asset", "refused", 404)
    assert refused["correlation"], "HubSpot's support asks for it"
    assert refused["problem"]
    assert all(one["seconds"] >= 0 and one["attempt"] > 0 for one in (made, refused))


async def test_an_answer_that_is_missing_and_the_look_for_it_are_lines_of_the_same_attempt(
    redis_url: str, hubspot: Running
) -> None:
    hubspot.plan({"method": "POST", "do": "cut_after", "times": 1})
    lines = await lines_of(a_run(), redis_url, hubspot)
    (doubt,) = (one for one in lines if one.get("outcome") == "in_doubt")
    (look,) = (one for one in lines if one["event"] == "step.reconciled" and one["found"])
    assert (look["run"], look["step"], look["attempt"]) == (doubt["run"], doubt["step"], doubt["attempt"])


async def test_every_line_of_a_run_bears_its_ids(redis_url: str, hubspot: Running) -> None:
    run = traced(a_run(subject="lamp"))
    all_lines = await lines_of(run, redis_url, hubspot)
    lines = [one for one in all_lines if one["event"].partition(".")[0] in {"step", "run"}]
    assert {one["event"] for one in lines} == {"step.attempted", "run.ended"}
    for one in lines:
        named = (one["run"], one["portal"], one["caller"], one["subject"], one["trace"])
        assert named == (run.id, "acme", "shop", "lamp", TRACE)


async def test_each_attempt_to_post_is_one_line_with_the_ids_of_its_run(redis: Redis) -> None:
    async with Receiver() as receiver, connected(calling_back("127.0.0.1")) as posts:
        run = await an_ended_run(Store(redis), "a", receiver.url())
        with capture_logs() as lines:
            await a_notifier(Store(redis), posts).serve(asyncio.Event(), asyncio.Event(), linger=0.2)
    (line,) = (one for one in lines if one["event"] == "callback")
    assert (line["run"], line["portal"], line["caller"]) == (run.id, run.portal, run.caller)
    assert (line["outcome"], line["tries"], line["host"]) == ("delivered", 1, "127.0.0.1")


def test_what_is_written_is_one_json_object_a_line_and_no_whole_url() -> None:
    """Tracebacks too; and whatever the libraries write."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    ours, theirs, failed = (json.loads(line) for line in done.stderr.splitlines())
    assert (ours["event"], ours["run"], ours["level"]) == ("ours", "r", "info")
    assert theirs["event"] == "theirs 1"
    assert "ValueError: wrong" in failed["exception"]
    assert all(line["timestamp"].endswith("Z") for line in (ours, theirs, failed))
