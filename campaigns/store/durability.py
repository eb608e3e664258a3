"""Whether a Redis keeps what it confirms, judged by what it says of itself. Pure: `vitals` does the asking."""

from collections.abc import Iterator
from typing import Final

import msgspec

OLDEST: Final = 7
"""Scripts that may run while memory is full came with Redis 7.0. Every Valkey says that it is 7.2."""

FULL_FROM: Final = 0.8
"""Share of `maxmemory` from which nothing is accepted any more: the rest lets open runs end, and RQ carry them."""


class Facts(msgspec.Struct, frozen=True):
    """What a server says of itself (`INFO`, `CONFIG GET`).

    Attributes:
        server: names this life of this server.
        version: the first number of its version.
        role: master, or slave.
        appendonly: whether it writes an append-only file.
        appendfsync: when that file is written to the disk; None where `CONFIG GET` is forbidden.
        policy: what it does when its memory is full.
        replicas: how many are connected.
        needs_replicas: how many must be connected or it refuses to write; None where `CONFIG GET` is forbidden.
        used: bytes that count towards *most*.
        most: bytes that it may use; 0 when nothing limits it.

    """

    server: str
    version: int
    role: str
    appendonly: bool
    appendfsync: str | None
    policy: str
    replicas: int
    needs_replicas: int | None
    used: int
    most: int

    @property
    def full(self) -> bool:
        """Whether nothing more may be accepted."""
        return self.most > 0 and self.used >= FULL_FROM * self.most


class Verdict(msgspec.Struct, frozen=True):
    """What follows from the facts: why nothing may be accepted, and what an operator should know."""

    objections: tuple[str, ...]
    cautions: tuple[str, ...]


def judge(facts: Facts, *, replicas: int | None, allow: bool, begun: bool) -> Verdict:
    """The verdict on a server.

    Args:
        facts: what it says of itself.
        replicas: how many must have heard of a run before it counts as accepted; None when the settings do not say.
        allow: the settings allow a server that would lose something.
        begun: work has begun with it. Replicas that come then are no reason to stop: a backup must not end the intake.

    """
    losing, telling, noting = (
        tuple(losses(facts)),
        tuple(untold(facts, replicas)),
        tuple(cautions(facts, replicas or 0)),
    )
    objections = tuple(hopeless(facts))
    if allow:
        return Verdict(objections, (*losing, *telling, *noting))
    if losing:
        objections += (*losing, "or allow it: `allow_unsafe_redis = true` in the settings")
    if begun:
        return Verdict(objections, (*telling, *noting))
    return Verdict((*objections, *telling), noting)


def hopeless(facts: Facts) -> Iterator[str]:
    """Why we cannot work with the server at all."""
    if facts.version < OLDEST:
        yield f"version {facts.version} is too old: take Redis {OLDEST} or later, or any Valkey"
    if facts.role != "master":
        yield f"it is a {facts.role}, which takes no writes: name its master, or its Sentinels"


def losses(facts: Facts) -> Iterator[str]:
    """How the server would lose what it has confirmed, and what to do about it."""
    if not facts.appendonly:
        yield "a restart would lose all that was accepted: set `appendonly yes`"
    elif facts.appendfsync not in {None, "always"}:
        yield (
            f"with `appendfsync {facts.appendfsync}` a power cut would lose the last second of what was accepted: "
            "set `appendfsync always`"
        )
    if facts.policy != "noeviction":
        yield f"with `maxmemory-policy {facts.policy}` a full memory would lose runs: set `maxmemory-policy noeviction`"


def untold(facts: Facts, replicas: int | None) -> Iterator[str]:
    """What only the settings can say: whether one of the connected replicas may ever take over.

    Args:
        facts: of the master.
        replicas: how many must have heard of a run before it counts as accepted; None when the settings do not say.

    """
    if facts.replicas and replicas is None:
        yield (
            f"{facts.replicas} of its replicas would lose what they have not heard of when one takes over: set "
            "`replicas = 1` (or more) in the settings, or `replicas = 0` if none ever takes over"
        )


def cautions(facts: Facts, replicas: int) -> Iterator[str]:
    """What an operator should know, though it loses nothing."""
    if facts.appendonly and facts.appendfsync is None:
        yield "CONFIG GET is forbidden here: make sure that `appendfsync` is `always`, or the like of your provider"
    if replicas > facts.replicas:
        yield f"only {facts.replicas} of {replicas} replicas are connected: nothing is accepted before they are"
    if replicas and facts.needs_replicas == 0:
        yield "set `min-replicas-to-write 1`, so that a master that is cut off stops writing"
