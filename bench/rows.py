"""One line of the bench: what was measured, in how many rounds, and whether it is enough. Pure."""

from collections.abc import Sequence
from math import ceil
from statistics import median
from typing import Final

import msgspec

THOUSAND: Final = 1_000


class Row(msgspec.Struct, frozen=True):
    """A measure of several rounds and what it must reach: at least *least*, or at most *most*.

    Attributes:
        what: which measure, in words.
        rounds: its value in each round.
        unit: of the values; none for ratios.
        void: why the row says nothing; it then falls short.

    """

    what: str
    rounds: tuple[float, ...]
    least: float | None = None
    most: float | None = None
    unit: str = ""
    void: str | None = None

    def __post_init__(self) -> None:
        if (self.least is None) == (self.most is None):
            raise ValueError(f"{self.what}: either `least` or `most`")

    @property
    def middle(self) -> float:
        """The value that counts."""
        return median(self.rounds)

    @property
    def ok(self) -> bool:
        """Whether the row holds and reaches what it must."""
        if self.void is not None:
            return False
        return self.middle >= self.least if self.least is not None else self.middle <= (self.most or 0.0)

    @property
    def verdict(self) -> str:
        """Whether it is enough, in words."""
        return "ok" if self.ok else "falls short"

    @property
    def share(self) -> float:
        """How much of what it must reach is reached; 1 is just enough, whichever way the measure counts."""
        if self.least is not None:
            return self.middle / self.least
        return (self.most or 0.0) / self.middle if self.middle else float("inf")

    @property
    def bound(self) -> str:
        """What it must reach, in words."""
        said = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        return f"{said} {self.unit}".rstrip()

    @property
    def value(self) -> str:
        """What was measured: the median, the least and the most of the rounds."""
        told = f"{_short(self.middle)} ({_short(min(self.rounds))} .. {_short(max(self.rounds))}) {self.unit}"
        return told.rstrip()

    def __str__(self) -> str:
        """The row as it is printed."""
        void = f", void: {self.void}" if self.void else ""
        return f"{self.what}: {self.value}, {self.bound}{void}: {self.verdict}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that *share* of all do not exceed (nearest rank).

    Raises:
        ValueError: there are no values.

    """
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(ceil(share * len(values)), 1) - 1]


def _short(value: float) -> str:
    """Three digits, or all of a large number."""
    return f"{value:,.0f}" if abs(value) >= THOUSAND else f"{value:#.3g}".rstrip(".")
