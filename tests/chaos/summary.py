"""What a scene met, and whether that was enough to prove anything. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tests.chaos.havoc import TakeOver
from tests.chaos.scene import MUST_BE_MET, Role, Scene

MOST_TAKE_OVER: Final = 8_000
"""Milliseconds, p99, from the SIGKILL of a holder to the TAKE of another process: a lease, a sweep and a job."""


class Met(msgspec.Struct, frozen=True):
    """What happened.

    Attributes:
        triggers: accepted ones; *requests* counts their repeats too.
        calls: requests that HubSpot had.
        struck: kills with work of the victim open.
        faults: how many requests each of HubSpot's faults has struck.
        told: seconds from the last kill until every status had been delivered.
        drained: and until nothing was left to look for.

    """

    triggers: int
    requests: int
    calls: int
    campaigns: int
    struck: Mapping[Role, int]
    stalls: int
    faults: Mapping[str, int]
    take_overs: tuple[TakeOver, ...]
    told: float
    drained: float


def shortfalls(scene: Scene, met: Met) -> Iterator[str]:
    """Why the scene proves less than it should."""
    floors = scene.floors
    if met.drained >= scene.drain:
        yield f"something was left to do after {scene.drain:.0f} s"
    kills = sum(met.struck.values())
    if met.triggers < floors.triggers:
        yield f"{met.triggers} triggers instead of {floors.triggers}"
    if kills < floors.kills:
        yield f"{kills} kills instead of {floors.kills}"
    for role, least in floors.by_role.items():
        if met.struck.get(role, 0) < least:
            yield f"{met.struck.get(role, 0)} kills of {role} instead of {least}"
    for fault in MUST_BE_MET:
        if met.faults.get(fault, 0) < floors.each_fault:
            yield f"{fault} met {met.faults.get(fault, 0)} times instead of {floors.each_fault}"
    spans = [one.span for one in met.take_overs if not one.disturbed]
    if len(spans) < floors.take_overs:
        yield f"{len(spans)} undisturbed take-overs instead of {floors.take_overs}"
    if floors.take_overs and spans and quantile(spans, 0.99) > MOST_TAKE_OVER:
        yield f"the p99 of take-overs is {quantile(spans, 0.99)} ms, more than {MOST_TAKE_OVER}"


def lines(scene: Scene, met: Met) -> Iterator[str]:
    """What a person wants to read."""
    looks = " and ".join(f"{span:g}" for span in scene.ghost_looks)
    yield f"{scene.name}, seed {scene.seed}: {met.triggers} triggers accepted, {met.requests} requests"
    yield f"  HubSpot had {met.calls} calls; {met.campaigns} campaigns stand"
    yield f"  kills with work open: {sum(met.struck.values())} ({_told(met.struck)}); stalls: {met.stalls}"
    yield f"  faults met: {_told(met.faults)}"
    yield f"  settle window {scene.settle:g} s, call deadline {scene.call_deadline:g} s, looks for ghosts after {looks} s"
    yield f"  afterwards: every status was told in {met.told:.1f} s, no ghost was left after {met.drained:.1f} s"
    for name, disturbed in (("take-overs", False), ("take-overs with Valkey killed meanwhile", True)):
        spans = [one.span for one in met.take_overs if one.disturbed is disturbed]
        if spans:
            yield f"  {name}: {len(spans)}, p50 {quantile(spans, 0.5)} ms, p99 {quantile(spans, 0.99)} ms, max {max(spans)} ms"


def quantile(spans: Sequence[int], share: float) -> int:
    """The smallest of *spans* that at least *share* of them do not exceed."""
    return sorted(spans)[max(math.ceil(len(spans) * share) - 1, 0)]


def _told(counts: Mapping[str, int] | Mapping[Role, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
