"""`make demo`: the main job from trigger to callback, every program a process of its own, checked as it goes."""

import asyncio
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table
from standardwebhooks import Webhook, WebhookVerificationError

from cli.programs import Programs, Trouble
from cli.receiver import Receiver, receiving
from cli.trial import EXAMPLES, TOKEN, Ports, Trial, lay_out

LONGEST_RUN: Final = 20.0
"""Seconds until every run must have ended and called back."""

SENDERS: Final = {"shop": "product-launched.json", "events": "event-scheduled.json"}
"""Which caller sends which example."""

LATENCY: Final = 150
"""Milliseconds that the simulator takes for each answer, as HubSpot does, so that progress can be watched."""

EXPECTED: Final = {
    "Launch: Nova espresso machine": {
        "MARKETING_EMAIL": ["71001"],
        "SOCIAL_BROADCAST": ["71002"],
        "LANDING_PAGE": ["71003"],
    },
    "Webinar: Descaling without tears": {"MARKETING_EMAIL": ["72001"], "FORM": ["72002"]},
}
"""The campaigns that HubSpot must have in the end, by name, with their assets."""

console = Console()


class Different(Exception):
    """Something is not as it should be; the text says what."""


async def demo(trial: Trial, receiver: Receiver) -> None:
    """Send the examples, follow their runs, and look at what came of them.

    Raises:
        Different: something is not as it should be.

    """
    base = f"http://127.0.0.1:{trial.ports.service}"
    await _slow_down(trial)
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=10.0) as http:
        runs = {caller: await _send(http, trial, caller, receiver.url) for caller in SENDERS}
        await _check_replay(http, trial, receiver.url, runs["shop"])
        await _check_privacy(http, trial, runs)
        await _follow(http, trial, runs)
    await _check_callbacks(trial, receiver, runs)
    await _check_campaigns(trial)


async def _slow_down(trial: Trial) -> None:
    plan = {"seed": 0, "faults": [{"do": "delay", "delay_ms": LATENCY}]}
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.put(f"http://127.0.0.1:{trial.ports.simulator}/_sim/faults", json=plan)
    answer.raise_for_status()


async def _send(http: httpx.AsyncClient, trial: Trial, caller: str, callbackurl: str) -> dict[str, Any]:
    answer = await _post(http, trial, caller, callbackurl)
    _must(answer.status_code == httpx.codes.ACCEPTED, f"{caller}'s trigger: {answer.status_code} {answer.text}")
    console.print(f"[green]202[/] {caller}: {SENDERS[caller]} -> {answer.headers['location']}")
    found: dict[str, Any] = answer.json()
    return found


async def _post(http: httpx.AsyncClient, trial: Trial, caller: str, callbackurl: str) -> httpx.Response:
    event = msgspec.json.decode((EXAMPLES / SENDERS[caller]).read_bytes())
    return await http.post(
        "/v1/triggers",
        content=msgspec.json.encode({**event, "callbackurl": callbackurl}),
        headers={"content-type": "application/cloudevents+json", **_as(trial, caller)},
    )


async def _check_replay(http: httpx.AsyncClient, trial: Trial, callbackurl: str, first: dict[str, Any]) -> None:
    again = await _post(http, trial, "shop", callbackurl)
    _must(again.status_code == httpx.codes.ACCEPTED and again.json() == first, f"the replay differs: {again.text}")
    _must(again.headers.get("idempotent-replayed") == "true", "the replay does not say that it is one")
    console.print("[green]202[/] shop: the same again -> the same run, Idempotent-Replayed: true")


async def _check_privacy(http: httpx.AsyncClient, trial: Trial, runs: dict[str, dict[str, Any]]) -> None:
    foreign = await http.get(f"/v1/runs/{runs['shop']['id']}", headers=_as(trial, "events"))
    _must(foreign.status_code == httpx.codes.NOT_FOUND, "one caller sees another's run")
    console.print("[green]404[/] events: the shop's run -> a caller sees only its own\n")


async def _follow(http: httpx.AsyncClient, trial: Trial, runs: dict[str, dict[str, Any]]) -> None:
    with Live(console=console, refresh_per_second=20) as live:
        until = time.monotonic() + LONGEST_RUN
        while True:
            seen = {
                caller: (await http.get(f"/v1/runs/{run['id']}", headers=_as(trial, caller))).json()
                for caller, run in runs.items()
            }
            live.update(_progress(seen))
            if all(run["status"] in {"done", "failed", "partial"} for run in seen.values()):
                break
            _must(time.monotonic() < until, f"a run has not ended after {LONGEST_RUN:.0f} s")
            await asyncio.sleep(0.05)
    for caller, run in seen.items():
        _must(run["status"] == "done", f"{caller}'s run ended {run['status']}")


def _progress(seen: dict[str, dict[str, Any]]) -> Table:
    marks = {"done": "[green]done[/]", "failed": "[red]failed[/]", "sent": "[yellow]sent[/]"}
    table = Table("caller", "step", "state")
    for caller, run in seen.items():
        for step in run["steps"]:
            table.add_row(caller, step["name"], marks.get(step["state"], step["state"]))
        table.add_row(caller, "[bold]run[/]", f"[bold]{run['status']}[/]", end_section=True)
    return table


async def _check_callbacks(trial: Trial, receiver: Receiver, runs: dict[str, dict[str, Any]]) -> None:
    until = time.monotonic() + LONGEST_RUN
    while len(receiver.received) < len(runs):
        _must(time.monotonic() < until, f"{len(receiver.received)} of {len(runs)} callbacks came")
        await asyncio.sleep(0.02)
    owners = {run["id"]: caller for caller, run in runs.items()}
    for callback in receiver.received:
        body = msgspec.json.decode(callback.body)
        caller = owners[body["run"]["id"]]
        try:
            Webhook(trial.secrets[caller]).verify(callback.body, callback.headers)
        except WebhookVerificationError as error:
            raise Different(f"the callback to {caller} is not signed by us: {error}") from error
        _must(body["type"] == "run.done", f"the callback to {caller} says {body['type']}")
        console.print(f"\n[green]callback[/] to {caller}: {body['type']}, signature verified, {body['id']}")


async def _check_campaigns(trial: Trial) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(
            f"http://127.0.0.1:{trial.ports.simulator}/_sim/campaigns", headers={"authorization": f"Bearer {TOKEN}"}
        )
    campaigns = answer.json()
    table = Table("campaign in HubSpot", "status", "assets", "budget", title="\nWhat HubSpot (the simulator) now has")
    for campaign in campaigns:
        properties = campaign["properties"]
        assets = "\n".join(f"{kind} {', '.join(ids)}" for kind, ids in campaign["assets"].items())
        budget = "\n".join(f"{item['name']}: {item['amount']:.0f}" for item in campaign["budget"])
        table.add_row(properties["hs_name"], properties.get("hs_campaign_status", ""), assets, budget)
    console.print(table)
    found = {
        one["properties"]["hs_name"]: {k: [str(i) for i in ids] for k, ids in one["assets"].items()}
        for one in campaigns
    }
    _must(len(campaigns) == len(EXPECTED), f"HubSpot has {len(campaigns)} campaigns instead of {len(EXPECTED)}")
    _must(found == EXPECTED, f"HubSpot has {found} instead of {EXPECTED}")


def _as(trial: Trial, caller: str) -> dict[str, str]:
    return {"authorization": f"Bearer {trial.keys[caller]}"}


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Different(otherwise)


async def _with_receiver(trial: Trial) -> None:
    async with receiving() as receiver:
        await demo(trial, receiver)


def free_ports() -> Ports:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(4)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    numbers = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return Ports(*numbers)


def main(run: Callable[[Trial], Any] = _with_receiver) -> int:
    """Run the demo in a folder of its own; the exit code."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="fanfare-demo-"))
    trial = lay_out(folder, free_ports())
    try:
        with Programs(trial):
            asyncio.run(run(trial))
    except (Different, Trouble) as trouble:
        console.print(f"\n[red]{trouble}[/]\nThe logs are in {folder}")
        return 1
    shutil.rmtree(folder)
    console.print(f"\nTwo triggers, one of them twice: two campaigns. {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
