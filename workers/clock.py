"""Redis's time between two of its answers: what it last said, and the span since by a clock that never jumps."""

from collections.abc import Callable


class Clock:
    """Tells Redis's time.

    Args:
        monotonic: seconds, from a clock that never jumps.

    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ahead = 0

    def heard(self, now: int) -> None:
        """Redis has just said that it is *now* (ms)."""
        self._ahead = now - self._local()

    def now(self) -> int:
        """Redis's time in ms, as far as can be known here."""
        return self._local() + self._ahead

    def _local(self) -> int:
        return int(self._monotonic() * 1000)
