"""Days in templates, on the calendar of the portal's zone. Pure.

Thirty days after a morning is that morning, whatever the clocks did in between.
"""

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from minijinja import pass_state

from campaigns.recipes.unfit import Unfit, shown

ZONE: Final = "zone"
"""Under this name the state of a template bears the portal's zone."""

MOST_DAYS: Final = 40_000
"""About a century, in either direction."""

_FORMAT: Final = re.compile(r"(?:[^%]|%[dmYyHMjBbAaV%])*")
"""The directives of strftime that a text may use: those with widths could pad it to any length."""


def moment(value: object, zone: ZoneInfo) -> datetime:
    """The moment that *value* names, in *zone*: an ISO 8601 day or time, or milliseconds since the epoch.

    A time without an offset is one of that zone.

    Raises:
        Unfit: it names none.

    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC).astimezone(zone)
        at = datetime.fromisoformat(str(value).strip())
        return at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
    except (ValueError, OverflowError, OSError) as error:
        raise Unfit(
            f"`date` needs a day such as 2026-12-01 or a time such as 2026-12-01T09:00:00Z, not {shown(value)}"
        ) from error


def later(at: datetime, *, days: int, months: int, hours: int) -> datetime:
    """*at* plus months and days on the calendar (the last of a short month stands in) and hours that really pass."""
    month = at.month - 1 + months
    year, month = at.year + month // 12, month % 12 + 1
    day = min(at.day, calendar.monthrange(year, month)[1])
    moved = at.replace(year=year, month=month, day=day) + timedelta(days=days)
    return (moved.astimezone(UTC) + timedelta(hours=hours)).astimezone(at.tzinfo) if hours else moved


@pass_state
def as_date(
    state: Any,  # noqa: ANN401 - MiniJinja's
    value: object,
    days: int = 0,
    weeks: int = 0,
    months: int = 0,
    hours: int = 0,
    format: str = "%Y-%m-%d",  # noqa: A002 - authors write `format=`
) -> str:
    """The day of *value* in the portal's zone, moved by so much; *format* as strftime has it, in part."""
    if not all(isinstance(n, int) and abs(n) <= MOST_DAYS for n in (days, weeks, months, hours)):
        raise Unfit(f"`date` takes whole numbers of days, weeks, months and hours, at most {MOST_DAYS}")
    if not _FORMAT.fullmatch(format):
        raise Unfit("`date` knows in its format only %d %m %Y %y %H %M %j %B %b %A %a %V")
    try:
        at = later(moment(value, state.lookup(ZONE)), days=days + 7 * weeks, months=months, hours=hours)
        return at.strftime(format) if at.year > 999 else date.isoformat(at)  # noqa: PLR2004 - strftime writes year 999 as "999"
    except (ValueError, OverflowError) as error:
        raise (
            error if isinstance(error, Unfit) else Unfit(f"`date`: {shown(value)} moved by so much is no day")
        ) from error
