"""Walking back through a portal's campaigns, newest first, until "not there" may be said. Pure: the caller reads pages.

HubSpot's cursor is an offset, so a page shows other rows when campaigns come and go between two pages. For each gap
between two pages let c campaigns be created (at the top) and d deleted, a of them above a row that we have yet to see.
That row moves down by c - a and is missed only if this is negative; then c - d, by which `total` grows, is negative
too. So a walk whose total never falls has missed nothing. Rows that come again must be explained by the growth: more of
them mean that rows of the same moment have changed places, and one may have slipped away. Page 1 is read again at the
end to notice campaigns that became visible late, among rows already read: they count, but are not new rows on top.
"""

from itertools import takewhile
from typing import Final

import msgspec

from campaigns.hubspot.types import Campaign, Page

SORT: Final = "-createdAt"
"""The order in which pages must be read."""


class Walk(msgspec.Struct, frozen=True):
    """A walk that asks for one more page.

    Attributes:
        oldest_ms: campaigns created before this need not be seen.
        after: the cursor of the page to ask for; None is page 1.
        closing: whether page 1 is asked for once more, at the end.
        walked: cursors of the pages already read.
        first: the ids on page 1, as it was at first.
        last: the ids on the page read last.
        began_with: `total` on page 1, as it was at first.
        total: `total` on the page read last.
        in_order: whether all pages so far were newest first; otherwise HubSpot did not sort, and age ends nothing.

    """

    oldest_ms: int
    after: str | None = None
    closing: bool = False
    walked: frozenset[str | None] = frozenset()
    first: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    began_with: int = 0
    total: int = 0
    in_order: bool = True


class Again(msgspec.Struct, frozen=True):
    """The walk proves nothing: the portal changed under it. Begin anew; what was found stays found."""

    why: str


class Complete(msgspec.Struct, frozen=True):
    """Every campaign that was visible during the whole walk and is young enough was on one of its pages."""


def begin(oldest_ms: int) -> Walk:
    """A walk back to campaigns created before *oldest_ms* (milliseconds since the epoch); 0 walks to the end."""
    return Walk(oldest_ms)


def feed(walk: Walk, page: Page[Campaign]) -> Walk | Again | Complete:
    """What comes after *page*, which must be the one that *walk* asked for.

    A walk of one page is complete with it: no gap, nothing to compare.
    """
    if walk.closing:
        return _compare(walk, page)
    if walk.walked and _slipped(walk, page):
        return Again("rows have moved up or changed places")
    walked = walk.walked | {walk.after}
    in_order = walk.in_order and _newest_first(page)
    over = page.after is None or (in_order and _reaches(page, walk.oldest_ms))
    if over and len(walked) == 1:
        return Complete()
    if page.total is None:
        return Again("a page without a total")
    if not over and page.after in walked:
        return Again("a cursor came again")
    ids = _ids(page)
    return Walk(
        walk.oldest_ms,
        after=None if over else page.after,
        closing=over,
        walked=walked,
        first=walk.first if walk.walked else ids,
        last=ids,
        began_with=walk.began_with if walk.walked else page.total,
        total=page.total,
        in_order=in_order,
    )


def _slipped(walk: Walk, page: Page[Campaign]) -> bool:
    """Whether a row may have been missed between the page before and this one; true whenever the total has fallen."""
    grown = (page.total or 0) - walk.total
    return len(_ids(page) & walk.last) > grown


def _compare(walk: Walk, page: Page[Campaign]) -> Again | Complete:
    """Whether page 1, read again, explains by how much the total has grown."""
    fresh = len(list(takewhile(lambda campaign: campaign.id not in walk.first, page.results)))
    if walk.first and page.after is not None and fresh == len(page.results):
        return Again("more new campaigns than a page holds")
    if (page.total or 0) - walk.began_with != fresh:
        return Again("the total has grown by other than the new rows on top")
    return Complete()


def _newest_first(page: Page[Campaign]) -> bool:
    times = [campaign.created_at for campaign in page.results]
    known = [time for time in times if time is not None]
    return len(known) == len(times) and known == sorted(known, reverse=True)


def _reaches(page: Page[Campaign], oldest_ms: int) -> bool:
    created = page.results[-1].created_at if page.results else None
    return created is not None and created < oldest_ms


def _ids(page: Page[Campaign]) -> frozenset[str]:
    return frozenset(campaign.id for campaign in page.results)
