"""The simulator as a process, over real sockets: what a client sees of cuts, delays and limits."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from simulator.fixture import HOST, ROOT, Running, running

PREFIX = "/marketing/campaigns/2026-03"
MARKER = "[fanfare:run.1.subject]"
CREATE = {"method": "POST", "path": ""}


@pytest.fixture(scope="module")
def process() -> Iterator[Running]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def simulator(process: Running) -> Running:
    process.reset()
    return process


@pytest.fixture
async def http(simulator: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=simulator.url + PREFIX, headers={"Authorization": "Bearer pat-test"}) as http:
        yield http


async def create(http: httpx.AsyncClient, name: str = "A") -> httpx.Response:
    return await http.post("", json={"properties": {"hs_name": name, "hs_notes": MARKER}})


@pytest.mark.parametrize(("do", "made"), [("cut_before", 0), ("cut_after", 1)])
async def test_a_cut_is_a_transport_error_and_the_next_request_is_answered(
    simulator: Running, http: httpx.AsyncClient, do: str, made: int
) -> None:
    simulator.plan({**CREATE, "do": do, "times": 1})
    with pytest.raises(httpx.TransportError):
        await create(http)
    assert len(simulator.campaigns()) == made
    assert (await create(http)).status_code == 201
    assert [(row["status"], row["marker"], row["committed"]) for row in simulator.ledger()] == [
        (0, MARKER, made == 1),
        (201, MARKER, True),
    ]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_cut_of_an_answer_that_would_be_empty_is_a_transport_error_too(
    simulator: Running, http: httpx.AsyncClient, method: str
) -> None:
    """A 204 has no body that could break off; the cut has one."""
    campaign = (await create(http)).json()["id"]
    simulator.plan({"method": method, "do": "cut_after"})
    with pytest.raises(httpx.TransportError):
        await http.request(method, f"/{campaign}/assets/FORM/17")


async def test_a_cut_hits_its_own_connection_only(simulator: Running, http: httpx.AsyncClient) -> None:
    simulator.plan({**CREATE, "do": "cut_after", "times": 5})
    answers = await asyncio.gather(*(create(http, f"{number}") for number in range(40)), return_exceptions=True)
    kinds = Counter(isinstance(answer, httpx.TransportError) for answer in answers)
    assert kinds == {True: 5, False: 35}
    assert len(simulator.campaigns()) == 40


async def test_a_client_that_gives_up_during_a_delay_does_not_undo_the_commit(
    simulator: Running, http: httpx.AsyncClient
) -> None:
    simulator.plan({**CREATE, "do": "delay", "delay_ms": 60_000})
    with pytest.raises(httpx.ReadTimeout):
        await http.post("", json={"properties": {"hs_name": "A"}}, timeout=0.2)
    assert len(simulator.campaigns()) == 1


async def test_a_late_commit_appears_after_the_connection_was_cut(simulator: Running, http: httpx.AsyncClient) -> None:
    simulator.plan({**CREATE, "do": "late_commit", "delay_ms": 300})
    with pytest.raises(httpx.TransportError):
        await create(http)
    assert simulator.campaigns() == []
    row = next(rows[0] for rows in iter(simulator.ledger, None) if rows[0]["committed"])
    assert row["campaign"] == simulator.campaigns()[0]["id"]


async def test_of_two_hundred_requests_at_once_exactly_190_pass(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(http.get("") for _ in range(200)))
    assert Counter(answer.status_code for answer in answers) == {200: 190, 429: 10}


async def test_what_a_test_turns_is_turned(simulator: Running, http: httpx.AsyncClient) -> None:
    simulator.turn(duplicate_name=409)
    simulator.lose_assets(17)
    campaign = (await create(http)).json()["id"]
    assert (await create(http)).status_code == 409
    assert (await http.put(f"/{campaign}/assets/FORM/17")).status_code == 404
    simulator.limit(per_10s=1)
    assert (await http.get("")).status_code == 429
    assert simulator.stats()["by_status"] == {"201": 1, "404": 1, "409": 1, "429": 1}


def test_the_command_takes_tokens_seed_and_time_zone() -> None:
    with running("--token", "one", "--seed", "5", "--timezone", "Europe/Berlin") as simulator:
        headers = {"Authorization": "Bearer one"}
        assert httpx.get(simulator.url + PREFIX, headers=headers).status_code == 200
        assert httpx.get(simulator.url + PREFIX, headers={"Authorization": "Bearer pat-test"}).status_code == 401


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_without_complaint(wanted: signal.Signals) -> None:
    command = [sys.executable, "-m", "simulator", "--host", HOST, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("HubSpot's simulator on")
        process.send_signal(wanted)
        rest = process.stdout.read()
        assert (process.wait(timeout=20), rest) == (0, "")


def test_two_simulators_never_share_a_port(simulator: Running) -> None:
    """Granian opens its socket so that a second one could, and would get every other request."""
    port = simulator.url.rpartition(":")[2]
    command = [sys.executable, "-m", "simulator", "--host", HOST, "--port", port]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert f"Cannot listen on {HOST}:{port}" in second.stderr
