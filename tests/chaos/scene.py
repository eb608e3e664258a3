"""A scene: what is asked, what goes wrong in HubSpot and who is killed how often. Pure; the seed decides all of it."""

import random
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final, Literal

import msgspec

Role = Literal["valkey", "holder", "service", "callbacks"]
"""Whom havoc strikes; the holder is the worker process that serves the portal just then."""

PRIORITIES: Final = ("high", "normal", "normal", "normal", "bulk")
ASSETS: Final = ("MARKETING_EMAIL", "FORM", "LANDING_PAGE", "SOCIAL_BROADCAST")

SENT_AGAIN: Final = 0.1
"""Share of the triggers that are sent once more when they have long been accepted."""

HELD: Final = 0.1
"""Share of the conversations whose last trigger is held for a while."""

HUBSPOT_TAKES: Final = 30
"""Milliseconds of a call that nothing goes wrong with: calls are in flight whenever somebody is killed."""


class Wanted(msgspec.Struct, frozen=True):
    """One trigger.

    Attributes:
        key: its `Idempotency-Key`.
        name: that it gives to the subject's campaign; no two triggers give the same.
        assets: `<type> <id>` each; no two triggers have the same.
        budget: name and amount each; no two items of a subject have the same name.
        sent_at: seconds after its turn at which it is sent: several at once, perhaps once more later.
        held: seconds after its turn before which nothing of it may reach HubSpot; None: at once.

    """

    key: str
    subject: str
    sequence: int
    name: str
    priority: str
    assets: tuple[str, ...]
    budget: tuple[tuple[str, float], ...]
    sent_at: tuple[float, ...]
    held: float | None = None


class Conversation(msgspec.Struct, frozen=True):
    """The triggers of one subject: the first makes its campaign, each other one is sent when the last has its 202.

    Attributes:
        begins: seconds after the scene's beginning.
        patient: the second is sent only when the run of the first has ended.

    """

    begins: float
    wanted: tuple[Wanted, ...]
    patient: bool = False


class Havoc(msgspec.Struct, frozen=True):
    """Somebody is struck again and again.

    Attributes:
        act: killed by SIGKILL and started again, or stalled: stopped for longer than its lease lasts.
        gaps: seconds between two strikes, at least and at most.
        times: how often; None: until the scene's seconds are over.

    """

    victim: Role
    act: Literal["kill", "stall"] = "kill"
    gaps: tuple[float, float] = (0.0, 0.0)
    times: int | None = None


class Floors(msgspec.Struct, frozen=True):
    """What a scene must have met to prove anything; the summary fails below them."""

    triggers: int = 0
    kills: int = 0
    by_role: dict[Role, int] = {}
    each_fault: int = 0
    take_overs: int = 0


class Scene(msgspec.Struct, frozen=True):
    """All that happens.

    Attributes:
        seconds: how long the conversations begin and havoc goes on.
        faults: HubSpot's, as `PUT /_sim/faults` takes them.
        refusals: seconds between two moments in which HubSpot refuses everything with 429; None: never.
        settle: of the portal, seconds; likewise the call's deadline, the looks for ghosts, and for how long the portal
            is left alone after five failures in a row.
        drain: seconds in which everything must come to its end afterwards.
        quiet: the drain is over when nothing has happened for so many seconds.
        wiped: when all is done, Redis loses everything, and everything is asked for once more. The portal then counts
            as one that is not on this machine, which may have more than a Redis that has nothing.

    """

    name: str
    seed: int
    conversations: tuple[Conversation, ...]
    seconds: float = 0.0
    faults: tuple[dict[str, Any], ...] = ()
    refusals: float | None = None
    havoc: tuple[Havoc, ...] = ()
    settle: float = 1.5
    call_deadline: float = 3.0
    ghost_looks: tuple[float, ...] = (5.0, 8.0)
    probe_after: float = 2.0
    drain: float = 60.0
    quiet: float = 60.0
    wiped: bool = False
    floors: Floors = Floors()

    @property
    def latest_commit(self) -> float:
        """Seconds after a call at which HubSpot may still carry it out."""
        late = [fault["delay_ms"] for fault in self.faults if fault["do"] == "late_commit"]
        return max(late, default=0) / 1000

    @property
    def triggers(self) -> int:
        """How many different ones are sent."""
        return sum(len(conversation.wanted) for conversation in self.conversations)


def conversations(
    dice: random.Random, triggers: int, seconds: float, *, most: int = 4, again: float = 15.0, held: float = 5.0
) -> tuple[Conversation, ...]:
    """At least so many triggers in conversations of one to *most*, begun at random within *seconds*.

    Some are sent once more up to *again* seconds later; some of the last ones are held for up to *held* seconds.
    """
    found: list[Conversation] = []
    numbers = count(1)
    left = triggers
    while left > 0:
        length = dice.randint(1, most)
        subject = f"subject-{len(found)}"
        wanted = [_wanted(dice, subject, sequence, numbers, again) for sequence in range(1, length + 1)]
        if dice.random() < HELD:  # only the last: those behind one that is held go before it
            wanted[-1] = msgspec.structs.replace(wanted[-1], held=dice.uniform(0, held))
        found.append(Conversation(dice.uniform(0, seconds), tuple(wanted)))
        left -= length
    return tuple(sorted(found, key=lambda one: one.begins))


def _wanted(dice: random.Random, subject: str, sequence: int, numbers: Iterator[int], again: float) -> Wanted:
    at_once = [dice.uniform(0, 0.01) for _ in range(dice.choice((0, 0, 1, 2)))]
    later = [dice.uniform(0, again)] if dice.random() < SENT_AGAIN else []
    return Wanted(
        key=f"{subject}/{sequence}",
        subject=subject,
        sequence=sequence,
        name=f"Launch {next(numbers)} of {subject}",
        priority=dice.choice(PRIORITIES),
        assets=tuple(f"{kind} {next(numbers)}" for kind in dice.sample(ASSETS, k=dice.choice((1, 1, 1, 2)))),
        budget=tuple(
            (f"Item {sequence}.{order}", float(dice.randint(1, 900))) for order in range(dice.choice((0, 0, 1, 2)))
        ),
        sent_at=(0.0, *at_once, *later),
    )


def trouble(settle: float, call_deadline: float) -> tuple[dict[str, Any], ...]:
    """HubSpot's worst days, all at once; the endings first, of which only one strikes a request.

    A late commit comes either within the settle window, together with the lag of the listing, so that the look-up must
    find it; or after it, so that it is a ghost, which the looks for ghosts must find. Only what is made may come so
    late: for a change that comes after a newer one nobody can do anything.
    """
    within, after, lag = int(settle * 500), int((settle + 1.5) * 1000), int(settle * 400)
    return (
        *({"do": "late_commit", "method": "POST", "path": path, "share": 0.01, "delay_ms": after} for path in MAKING),
        *(ending for method in ("POST", "PATCH") for ending in _endings(method, within)),
        {"do": "cut_after", "method": "PUT", "share": 0.02},
        {"do": "status_after", "method": "PUT", "status": 503, "share": 0.02},
        {"do": "cut_before", "share": 0.005},
        {"do": "status_before", "status": 502, "share": 0.005},
        {"do": "delay", "share": 0.003, "delay_ms": int((call_deadline + 1) * 1000)},
        {"do": "delay", "share": 0.04, "delay_ms": 400},
        {"do": "delay", "delay_ms": HUBSPOT_TAKES},
        {"do": "lag_list", "share": 0.6, "delay_ms": lag},
        {"do": "shuffle"},
    )


def _endings(method: str, within: int) -> tuple[dict[str, Any], ...]:
    return (
        {"do": "cut_after", "method": method, "share": 0.03},
        {"do": "status_after", "method": method, "status": 503, "share": 0.03},
        {"do": "late_commit", "method": method, "share": 0.02, "delay_ms": within},
    )


MAKING: Final = ("", "/batch/create", "/*/budget")
"""Where campaigns and items are made."""

Make = Callable[[int], Scene]
"""Makes a scene from a seed."""

MUST_BE_MET: Final = ("cut_after", "late_commit", "status_after", "lag_list", "shuffle", "429")
"""The faults that a scene's floors are about: `do`, and the refusals by HubSpot's limit."""


def chaos(seed: int, *, seconds: float = 60.0, triggers: int = 1_050) -> Scene:
    """`make chaos`: everything at once for a minute."""
    dice = random.Random(seed)  # noqa: S311 - a scene must be repeatable
    return _everything(
        "chaos",
        seed,
        conversations(dice, triggers, seconds * 0.8),
        seconds,
        floors=Floors(
            triggers=1_000, kills=20, by_role=_at_least(valkey=4, holder=6, service=4, callbacks=4), each_fault=10
        ),
        havoc=(
            _kills("holder", 1, 2.5),
            _kills("valkey", 7, 11),
            _kills("service", 5, 9),
            _kills("callbacks", 1, 4),
        ),
    )


def in_small(seed: int) -> Scene:
    """The same for less than half the time, for every change; the holder is left to work in the end."""
    dice = random.Random(seed)  # noqa: S311 - likewise
    havoc = (
        Havoc("holder", gaps=(1.0, 2.5), times=2),
        _kills("valkey", 5, 7),
        _kills("service", 3, 5),
        _kills("callbacks", 0.5, 2),
    )
    floors = Floors(triggers=200, kills=4, by_role=_at_least(valkey=1, holder=1, service=1, callbacks=1))
    return _everything("chaos in small", seed, conversations(dice, 220, 15.0), 25.0, floors=floors, havoc=havoc)


def soak(seed: int, *, triggers: int = 20_000, kills: int = 500, take_overs: int = 100) -> Scene:
    """`make soak`: the same for half an hour and more, with less in each minute.

    A holder works for as long as it takes to replace it, so that there is time for everything that is asked; Valkey is
    killed seldom enough for most take-overs to be measured without.
    """
    dice = random.Random(seed)  # noqa: S311 - likewise
    seconds = max(triggers / 9.5, kills * 4.2, take_overs * 21)
    return _everything(
        "soak",
        seed,
        conversations(dice, triggers, seconds * 0.95),
        seconds,
        floors=Floors(
            triggers=triggers,
            kills=kills,
            by_role=_at_least(valkey=4, holder=take_overs, service=4, callbacks=4),
            each_fault=10,
            take_overs=take_overs,
        ),
        havoc=(
            _kills("holder", 6, 9),
            _kills("valkey", 25, 40),
            _kills("service", 5, 9),
            _kills("callbacks", 5, 9),
            Havoc("holder", "stall", gaps=(60.0, 120.0)),
        ),
        refusals=40.0,
    )


def _everything(
    name: str,
    seed: int,
    asked: tuple[Conversation, ...],
    seconds: float,
    *,
    floors: Floors,
    havoc: tuple[Havoc, ...],
    refusals: float = 3.0,
) -> Scene:
    calm = Scene(name, seed, asked)
    return msgspec.structs.replace(
        calm,
        seconds=seconds,
        faults=trouble(calm.settle, calm.call_deadline),
        refusals=refusals,
        havoc=havoc,
        floors=floors,
    )


def _kills(victim: Role, least: float, most: float) -> Havoc:
    return Havoc(victim, gaps=(least, most))


def _at_least(**roles: int) -> dict[Role, int]:
    return {role: roles[role] for role in ("valkey", "holder", "service", "callbacks")}
