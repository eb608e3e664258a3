"""Planned trouble: which fault strikes which request. What the trouble does to the request is in exchange.py.

A plan is played from a seed: the same requests in the same order meet the same faults.
"""

import random
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

import msgspec

Kind = Literal[
    "delay",
    "status_before",
    "status_after",
    "cut_before",
    "cut_after",
    "late_commit",
    "lag_list",
    "shuffle",
    "bad_item",
]
# At most one of these can happen to a request; the others add up.
ENDINGS: Final = frozenset({"status_before", "status_after", "cut_before", "cut_after", "late_commit"})
NEED_STATUS: Final = frozenset({"status_before", "status_after"})
CREATES: Final = frozenset({"", "/batch/create", "/clone"})
WITH_RESULTS: Final = frozenset({"/batch/create", "/batch/read", "/batch/update"})


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of trouble and the requests it is meant for.

    Attributes:
        do: what happens.
        method: HTTP method it is meant for; None: any.
        path: the path after the version's prefix (`` is the collection itself). With `*`, `?` or `[` it is a glob over
            the whole of it, where `*` also passes over slashes; without, it is the path itself or a beginning of it
            that ends at a slash, and `` is the collection only. None: any.
        share: of the matching requests, those it strikes (0 to 1), drawn from the plan's seed.
        times: it strikes so often at most; None: no limit.
        status: what status_before and status_after answer; for late_commit the answer instead of a cut connection.
        delay_ms: how late the answer is (delay, and the statuses and cuts), the commit (late_commit), or how long a
            new campaign stays out of list and batch read (lag_list).
    """

    do: Kind
    method: str | None = None
    path: str | None = None
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    times: Annotated[int, msgspec.Meta(ge=0)] | None = None
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None
    delay_ms: Annotated[int, msgspec.Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        """Refuse a plan that does not say what to answer."""
        if self.do in NEED_STATUS and self.status is None:
            raise ValueError(f"{self.do} needs a status")

    def is_for(self, method: str, rest: str) -> bool:
        """Say whether a request is one of those this fault is meant for."""
        if self.method is not None and self.method.upper() != method:
            return False
        if self.do in {"shuffle", "bad_item"} and rest not in WITH_RESULTS:
            return False
        if self.do == "lag_list" and not (method == "POST" and rest in CREATES):
            return False
        return self.path is None or _covers(self.path, rest)


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The trouble of one scene: the faults in order, and the seed of their dice."""

    seed: int = 0
    faults: tuple[Fault, ...] = ()


class Trouble(msgspec.Struct, frozen=True):
    """What strikes one request.

    Attributes:
        ending: the fault that decides commit and answer, if any.
        delay_ms: how late the answer is.
        lag_ms: how long a campaign created by it stays out of list and batch read.
        shuffle: whether the results of a batch are shuffled.
        bad_item: which item of a batch fails, as a fraction of its length.
    """

    ending: Fault | None = None
    delay_ms: int = 0
    lag_ms: int = 0
    shuffle: bool = False
    bad_item: float | None = None


CALM: Final = Trouble()


class Met(msgspec.Struct, frozen=True):
    """A plan, and how many requests each of its faults has struck so far."""

    seed: int
    faults: tuple[Fault, ...]
    met: tuple[int, ...]


class Faults:
    """A plan being played."""

    def __init__(self, plan: Plan) -> None:
        self._random = random.Random(plan.seed)  # noqa: S311  trouble must be repeatable, not unforeseeable
        self._seed = plan.seed
        self._faults = plan.faults
        self._met = [0] * len(plan.faults)
        self._left = [fault.times for fault in plan.faults]

    def strike(self, method: str, rest: str) -> Trouble:
        """Draw what happens to the next request; `rest` is its path after the version's prefix."""
        struck: list[Fault] = []
        ended = False
        for at, fault in enumerate(self._faults):
            ending = fault.do in ENDINGS
            if self._left[at] == 0 or (ending and ended) or not fault.is_for(method, rest):
                continue
            if fault.share < 1 and self._random.random() >= fault.share:
                continue
            left = self._left[at]
            self._left[at] = None if left is None else left - 1
            self._met[at] += 1
            ended = ended or ending
            struck.append(fault)
        return self._together(struck) if struck else CALM

    def met(self) -> Met:
        """Say how often each fault has struck."""
        return Met(self._seed, self._faults, tuple(self._met))

    def _together(self, struck: list[Fault]) -> Trouble:
        kinds = {fault.do for fault in struck}
        ending = next((fault for fault in struck if fault.do in ENDINGS), None)
        return Trouble(
            ending=ending,
            delay_ms=sum(fault.delay_ms for fault in struck if fault.do not in {"late_commit", "lag_list"}),
            lag_ms=max((fault.delay_ms for fault in struck if fault.do == "lag_list"), default=0),
            shuffle="shuffle" in kinds,
            bad_item=self._random.random() if "bad_item" in kinds else None,
        )


def _covers(path: str, rest: str) -> bool:
    if any(sign in path for sign in "*?["):
        return fnmatchcase(rest, path)
    return rest == path or (path != "" and rest.startswith(path.rstrip("/") + "/"))
