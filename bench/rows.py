"""One line of the bench: what was measured, in how many rounds, and whether it is enough. Pure."""

from statistics import median

import msgspec


class Row(msgspec.Struct, frozen=True):
    """A measure of several rounds and what it must reach.

    Attributes:
        what: which ratio, in words.
        rounds: its value in each round.
        least: the median must reach it.
        void: why the row says nothing; it then falls short.

    """

    what: str
    rounds: tuple[float, ...]
    least: float
    void: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the row holds and reaches what it must."""
        return self.void is None and median(self.rounds) >= self.least

    def __str__(self) -> str:
        """The row as it is printed."""
        told = f"{median(self.rounds):.2f} ({min(self.rounds):.2f} .. {max(self.rounds):.2f}), at least {self.least:g}"
        void = f", void: {self.void}" if self.void else ""
        return f"{self.what}: {told}{void}: {'ok' if self.ok else 'falls short'}"
