"""How many calls HubSpot lets us make, and how they are spaced. Pure: places are taken in `store`'s scripts.

Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
"""

import math
from typing import Final, Literal

import msgspec

from campaigns.keys import SECOND

Tier = Literal["free", "starter", "professional", "enterprise", "increased", "oauth"]

WINDOW: Final = 10 * SECOND
"""HubSpot counts calls in a rolling window of ten seconds."""


class Limit(msgspec.Struct, frozen=True):
    """What one account may ask of HubSpot: calls in each window and in each day."""

    per_window: int
    per_day: int | None


LIMITS: Final[dict[Tier, Limit]] = {
    "free": Limit(100, 250_000),
    "starter": Limit(100, 250_000),
    "professional": Limit(190, 625_000),
    "enterprise": Limit(190, 1_000_000),
    "increased": Limit(250, 1_625_000),
    "oauth": Limit(110, None),
}
"""By the account's tier; `increased` is Professional with one API Limit Increase, `oauth` a public app."""


RESERVE: Final = 0.02
"""Share of the day's calls that is kept for priority high: an hour of a day that is used up evenly is twice as much."""

BELIEVED: Final = 300 * SECOND
"""How long what HubSpot said of the day is believed; then some calls leave to hear it anew: a day may have begun."""


class Allowance:
    """What a portal may ask now: its tier's limit, corrected by what HubSpot's headers last said.

    Args:
        limit: what holds until HubSpot has said something.

    """

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._left_today: int | None = None
        self._heard_at = 0

    def heard(self, *, per_window: int | None, window: int | None) -> None:
        """HubSpot said that *per_window* calls fit into *window* ms; another window than ours is not believed."""
        if per_window and window in {None, WINDOW}:
            self.limit = msgspec.structs.replace(self.limit, per_window=per_window)

    def heard_of_day(self, *, per_day: int | None, left: int | None, now: int) -> None:
        """HubSpot said at *now* how many calls it allows in a day, and how many are left of this one."""
        if per_day is not None and left is not None:
            self.limit = msgspec.structs.replace(self.limit, per_day=per_day)
            self._left_today, self._heard_at = left, now

    def reserved(self, now: int) -> int:
        """For how long (ms) only calls of priority high may leave, as nothing but their reserve is left of the day."""
        if not self._left_today or self._left_today > RESERVE * (self.limit.per_day or 0):
            return 0  # a day that is spent to the last parks the portal, whose probe finds its end
        return max(0, self._heard_at + BELIEVED - now)


AT_ONCE: Final = 5
"""Calls that may leave in a row after a pause: those of one run, whose caller waits for nobody else. As many places
come free together a window later: the gap in which a call of priority high finds none stays below 0.3 s."""

LEARNS: Final = 0.1
"""How much the latest call changes what is thought of how long they take."""


class Pace:
    """When the calls of a portal leave so that they are evenly spaced: at each moment the next place is near.

    A place is taken for the time of its call and a window, so the limit allows that many calls in as long. All calls
    count; those of priority high and looks do not wait (`wait` is not asked for them), the others make up for them.
    """

    def __init__(self) -> None:
        self._even = 0.0  # when the next call would leave if all had been evenly spaced
        self._takes = 0.0

    def wait(self, limit: Limit, now: int) -> int:
        """Milliseconds from *now* until a call may leave that is not urgent."""
        return max(0, math.ceil(self._even - (AT_ONCE - 1) * self._each(limit) - now))

    def left(self, limit: Limit, now: int) -> None:
        """A call has left."""
        self._even = max(self._even, now) + self._each(limit)

    def took(self, span: int) -> None:
        """A call has ended, *span* ms after it left."""
        self._takes += LEARNS * (span - self._takes)

    def _each(self, limit: Limit) -> float:
        return (WINDOW + self._takes) / limit.per_window
