"""HubSpot's two limits: a rolling window of ten seconds per app and a day's budget per portal (usage guidelines).

Times are whole milliseconds. A request leaves the window exactly 10,000 ms after it came. A request that is refused
takes no place, in neither of the two, unless the switch `refused_count` says so.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

WINDOW_MS: Final = 10_000
TIERS: Final[Mapping[str, tuple[int, int]]] = {
    "free": (100, 250_000),
    "starter": (100, 250_000),
    "professional": (190, 625_000),
    "enterprise": (190, 1_000_000),
}

OAUTH_PER_10S: Final = 110  # of an app from the marketplace, whatever the tier

Exceeded = Literal["DAILY", "TEN_SECONDLY_ROLLING"]


class Ceiling(NamedTuple):
    """How much one app may ask: in ten seconds, and in a day (None: as much as it likes)."""

    per_10s: int
    per_day: int | None


class Ceilings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits that stand instead of the tier's; None: the tier's."""

    per_10s: Annotated[int, msgspec.Meta(ge=0)] | None = None
    per_day: Annotated[int, msgspec.Meta(ge=0)] | None = None

    def over(self, tier: str) -> Ceiling:
        """Return the limits in force for a private app in a portal of this tier."""
        per_10s, per_day = TIERS[tier]
        return Ceiling(
            per_10s if self.per_10s is None else self.per_10s,
            per_day if self.per_day is None else self.per_day,
        )

    def over_oauth(self) -> Ceiling:
        """Return the limits in force for an app that uses OAuth: no daily one is documented."""
        return Ceiling(OAUTH_PER_10S if self.per_10s is None else self.per_10s, None)


class Verdict(msgspec.Struct, frozen=True):
    """What the limiter says to one request.

    Attributes:
        exceeded: the policy that refuses it, None when it may pass.
        wait_ms: until the window (or the day) has a place again, 0 when it may pass.
        headers: HubSpot's own, for this answer.
    """

    exceeded: Exceeded | None
    wait_ms: int
    headers: Mapping[str, str]


class Limits:
    """The places that were taken: by each app in its window, by all in the portal's day."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._windows: defaultdict[str, deque[int]] = defaultdict(deque)
        self._day = date.min
        self._taken = 0

    def take(self, app: str, now: int, ceiling: Ceiling, *, refused_count: bool) -> Verdict:
        """Take a place for a request that comes at `now` (ms), or say what refuses it.

        Args:
            app: whose window counts it.
            now: milliseconds since 1970.
            ceiling: without a daily limit, the request is not counted in the day, and its answer does not tell of it.
            refused_count: whether a refused request takes a place too.
        """
        per_10s, per_day = ceiling
        window = self._windows[app]
        while window and now - window[0] >= WINDOW_MS:
            window.popleft()
        self._turn_day(now)
        exceeded: Exceeded | None = None
        wait = 0
        if per_day is not None and self._taken >= per_day:
            exceeded, wait = "DAILY", self._until_midnight(now)
        elif len(window) >= per_10s:
            exceeded = "TEN_SECONDLY_ROLLING"
            wait = window[0] + WINDOW_MS - now if window else WINDOW_MS
        if exceeded is None or refused_count:
            window.append(now)
            self._taken += per_day is not None
        return Verdict(exceeded, wait, _headers(ceiling, len(window), self._taken))

    def _turn_day(self, now: int) -> None:
        today = datetime.fromtimestamp(now / 1000, self._zone).date()
        if today != self._day:
            self._day, self._taken = today, 0

    def _until_midnight(self, now: int) -> int:
        here = datetime.fromtimestamp(now / 1000, self._zone)
        midnight = datetime.fromordinal(here.toordinal() + 1).replace(tzinfo=self._zone)
        return int(midnight.timestamp() * 1000) - now


def _headers(ceiling: Ceiling, in_window: int, taken: int) -> dict[str, str]:
    per_10s, per_day = ceiling
    headers = {
        "X-HubSpot-RateLimit-Max": str(per_10s),
        "X-HubSpot-RateLimit-Remaining": str(max(per_10s - in_window, 0)),
        "X-HubSpot-RateLimit-Interval-Milliseconds": str(WINDOW_MS),
    }
    if per_day is not None:
        headers["X-HubSpot-RateLimit-Daily"] = str(per_day)
        headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(per_day - taken, 0))
    return headers
