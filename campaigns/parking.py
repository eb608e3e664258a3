"""When a portal is parked: for trouble that is the account's, not one call's. Runs wait then, and none fails. Pure."""

from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from campaigns.errors import CampaignsError, InDoubt, Later, MissingScope, RateLimited, Refused, Revoked, Unauthorized
from campaigns.keys import DAY, SECOND

Reason = Literal["day", "moving", "token", "down"]
"""The day's budget is spent; HubSpot moves the account; the token is not accepted; HubSpot fails again and again."""

LONGEST_PAUSE: Final = 600 * SECOND
"""A portal that is well again is used within ten minutes; one that is not costs 144 calls a day."""

LONGEST_ASKED: Final = DAY
"""HubSpot asks for up to 24 hours while it moves an account; no `Retry-After` is believed beyond that."""

MOST_FAILURES: Final = 5
"""In a row: two may be chance, five are an outage."""

MOVING: Final = 477
"""HubSpot's status while an account is migrated (usage guidelines)."""


class Message(msgspec.Struct, frozen=True):
    """What a caller's operators are told of a portal; times are Redis's (ms).

    Beside trouble with the portal this may be that a recipe has made as many campaigns there as it may in an hour
    (`recipe.over`, for the reason `creates`): told when the first of the caller's runs is held for that.

    Attributes:
        id: names it, however often it is posted.
        time: when the portal was found to be as *type* says.
        since: when its trouble began.
        until: when it is probed next, or the first of the held runs goes; None once it has recovered.
        runs: how many of the caller's runs were open on it then, those that are held until a time included.
        recipe: which one holds runs; None when the message is of the portal.

    """

    id: str
    type: Literal["portal.delayed", "portal.recovered", "recipe.over"]
    caller: str
    portal: str
    reason: Reason | Literal["creates"]
    time: int
    since: int
    until: int | None
    runs: int
    recipe: str | None = None


class Condition(msgspec.Struct, frozen=True):
    """How a portal's last calls went.

    Attributes:
        failures: calls in a row that HubSpot did not answer as it should.
        rejections: of the token, in a row; after the first one it is read afresh.

    """

    failures: int = 0
    rejections: int = 0

    def after(self, error: CampaignsError | None) -> "Condition":
        """The condition after a call that ended in *error*; None when it was done."""
        match error:
            case Unauthorized():
                return Condition(self.failures, self.rejections + 1)
            case RateLimited() | MissingScope():
                return self  # HubSpot is well; what it said is about us
            case None | Refused():
                return Condition()
            case InDoubt() | Later():
                return Condition(self.failures + 1, self.rejections)
            case _:
                return self

    def reason(self, error: CampaignsError | None) -> Reason | None:
        """Why the portal is parked now that its last call ended in *error*; None: it is not."""
        match error:
            case RateLimited(daily=True):
                return "day"
            case Revoked():
                return "token"
            case Unauthorized() if self.rejections > 1:
                return "token"
            case Later() if error.problem.status == MOVING:
                return "moving"
            case _:
                return "down" if self.failures >= MOST_FAILURES else None


def probe_says(error: CampaignsError | None) -> Literal["well", "ill", "nothing"]:
    """What the one call to a parked portal tells of it, having ended in *error*; None when it was done."""
    match error:
        case None | Refused() | MissingScope():
            return "well"  # HubSpot is at work; what it said is about this one call
        case RateLimited(daily=False):
            return "nothing"
        case _:
            return "ill"


def pause(reason: Reason, error: CampaignsError | None, before: int, *, first: int, now: int, zone: str) -> int:
    """How long the portal is left alone before one real call is tried (ms).

    A day that is spent ends at midnight at the latest, but it is asked for before: somebody may raise the budget, and
    the zone in the settings may not be the account's.

    Args:
        reason: why it is parked.
        error: what its last call ended in; HubSpot may have said how long.
        before: the last such pause; 0 when it has just been parked.
        first: the pause to begin with; each further one is twice the last.
        now: Redis's time.
        zone: the account's; its day ends at midnight there.

    """
    asked = min(int((error.after or 0) * SECOND), LONGEST_ASKED) if isinstance(error, Later) else 0
    span = min(max(2 * before, first), LONGEST_PAUSE)
    return max(asked, min(span, until_midnight(now, zone)) if reason == "day" else span)


def until_midnight(now: int, zone: str) -> int:
    """Milliseconds until the day ends in *zone*."""
    here = datetime.fromtimestamp(now / SECOND, ZoneInfo(zone))
    tomorrow = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    return int(tomorrow.timestamp() * SECOND) - now
