"""The life of a product through the real engine, its triggers arriving in any order, twice, with answers lost."""

import random
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from campaigns.keys import without_markers
from campaigns.model import Run, Trigger
from campaigns.plan import Sender, plan
from campaigns.recipes import Recipes, read
from simulator.fixture import Running
from tests.flows.engine import accept, advanced, ended, engine, serving

pytestmark = pytest.mark.usefixtures("redis")

EXAMPLES = Path(__file__).parents[2] / "examples"
BOOK = Recipes(
    [recipe for path in sorted(EXAMPLES.glob("*.toml")) for recipe in read(path.read_text())],
    {"acme": "Europe/Berlin"},
)
SENDER = Sender("test", "shop", "shared")
STAGES = {
    "product": ("scheduled", "launched", "updated", "rescheduled", "paused", "resumed", "retired", "cancelled"),
    "event": ("scheduled", "launched", "updated", "rescheduled", "paused", "resumed", "ended", "cancelled"),
}


def example(kind: str, stage: str) -> dict[str, Any]:
    """The trigger of an example, as it is sent."""
    found: dict[str, Any] = msgspec.json.decode((EXAMPLES / f"{kind}-{stage}.json").read_bytes())
    return found


def a_run(kind: str, stage: str, subject: str, number: int) -> Run:
    """What the example of that stage asks for, as the trigger with that sequence for that subject."""
    told = example(kind, stage)
    time = int(datetime.fromisoformat(told["time"]).timestamp() * 1000)
    trigger = Trigger(type=told["type"], id=told["id"], subject=subject, sequence=number, time=time, data=told["data"])
    # The same wish sent twice has the same key, and so the same id.
    return plan(trigger, BOOK, SENDER, f"{subject} {number}")


def shown(hubspot: Running, campaign: str | None) -> dict[str, Any]:
    """A campaign as people see it: without our signatures and HubSpot's own ids, and which of the two subjects it is."""
    (found,) = [one for one in hubspot.campaigns() if one["id"] == campaign]
    properties = {name: WHICH.sub("", without_markers(value)).strip() for name, value in found["properties"].items()}
    items = [
        (kind, item["name"], item["amount"], without_markers(item.get("description") or "").strip())
        for kind in ("budget", "spend")
        for item in found[kind]
    ]
    kept = {name: value for name, value in properties.items() if value and name not in OWN}
    assets = {kind: sorted(map(str, ids)) for kind, ids in found["assets"].items() if ids}
    return {"properties": kept, "assets": assets, "items": sorted(items)}


WHICH = re.compile(r"(in|any)-order")
OWN = {"hs_object_id", "hs_color_hex", "hs_owner", "hs_created_by_user_id"}


async def lived(redis_url: str, hubspot: Running, kind: str, seed: int) -> None:
    """One life in order and one in any order; both end alike, with one campaign each."""
    chance = random.Random(seed)  # noqa: S311 - which example it is need not be secret
    stages = chance.choices(STAGES[kind], k=chance.randint(3, 6))
    in_order = [a_run(kind, stage, f"in-order-{seed}", number) for number, stage in enumerate(stages)]
    arriving = [a_run(kind, stage, f"any-order-{seed}", number) for number, stage in enumerate(stages)]
    arriving += chance.choices(arriving, k=2)
    chance.shuffle(arriving)
    hubspot.plan(
        {"method": "POST", "do": "cut_after", "share": 0.2},
        {"method": "PATCH", "do": "cut_after", "share": 0.2},
        {"method": "DELETE", "do": "cut_before", "share": 0.2},
        {"method": "PUT", "do": "cut_after", "share": 0.1},
        seed=seed,
    )
    async with engine(redis_url, hubspot.url, settle=0.1) as process:
        await advanced(process, in_order)
        async with serving(process):
            for run in arriving:
                await accept(process, [run])
                if chance.random() < 0.7:  # else the next arrives while this one is in its lane
                    await ended(process, [run])
            ends = await ended(process, {run.id: run for run in arriving}.values())
        first = await process.store.runs.read(in_order[0].id)
    assert {one.ending for one in ends} <= {"done", "superseded"}, stages
    assert len(hubspot.campaigns()) == 2
    (any_order,) = {one.run.campaign for one in ends}
    assert shown(hubspot, any_order) == shown(hubspot, first.run.campaign), stages


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["product", "event"])
async def test_a_life_ends_the_same_in_whatever_order_its_triggers_arrive(
    redis_url: str, hubspot: Running, kind: str, seed: int
) -> None:
    await lived(redis_url, hubspot, kind, seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["product", "event"])
async def test_many_lives_end_the_same_in_whatever_order_their_triggers_arrive(
    redis_url: str, hubspot: Running, kind: str
) -> None:
    for seed in range(100, 112):
        hubspot.reset()
        hubspot.limit(per_10s=5_000)
        await lived(redis_url, hubspot, kind, seed)
