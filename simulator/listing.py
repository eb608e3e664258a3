"""Which campaigns a list shows, in which order, page by page. Cursors are written in cursors.py."""

from typing import Final

import msgspec

from simulator.portal import Campaign, Portal

SORTS: Final = ("hs_name", "createdAt", "updatedAt")


class Wanted(msgspec.Struct, frozen=True):
    """What a list is asked for: `needle` a part of the name ("" for all), `sort` one of SORTS."""

    needle: str
    minds_case: bool
    sort: str
    descending: bool
    offset: int
    limit: int


class Page(msgspec.Struct, frozen=True):
    """Rows of one page, how many there are on all pages, and where the next page begins (None: there is none)."""

    rows: list[Campaign]
    total: int
    next_offset: int | None


class Listing:
    """The lists of a portal, kept in order between requests: walks must stay fast with 20,000 campaigns."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._kept: dict[tuple[str, bool, str], list[Campaign]] = {}
        self._kept_at = -1

    def page(self, wanted: Wanted, now: int) -> Page:
        """Return one page as it stands at `now` (ms)."""
        rows = self._ascending(wanted)
        if now < self._portal.hidden_until:
            rows = [campaign for campaign in rows if campaign.visible <= now]
        count = len(rows)
        end = wanted.offset + wanted.limit
        if wanted.descending:
            shown = rows[max(count - end, 0) : max(count - wanted.offset, 0)][::-1]
        else:
            shown = rows[wanted.offset : end]
        return Page(shown, count, end if end < count else None)

    def _ascending(self, wanted: Wanted) -> list[Campaign]:
        if wanted.sort == "createdAt" and not wanted.needle:
            return self._portal.standing
        if self._kept_at != self._portal.changes:
            self._kept, self._kept_at = {}, self._portal.changes
        key = (wanted.needle, wanted.minds_case, wanted.sort)
        if key not in self._kept:
            self._kept[key] = _sorted(_named(self._portal.standing, wanted), wanted.sort)
        return self._kept[key]


def _named(campaigns: list[Campaign], wanted: Wanted) -> list[Campaign]:
    if not wanted.needle:
        return campaigns
    if wanted.minds_case:
        return [campaign for campaign in campaigns if wanted.needle in campaign.name]
    needle = wanted.needle.casefold()
    return [campaign for campaign in campaigns if needle in campaign.name.casefold()]


def _sorted(campaigns: list[Campaign], sort: str) -> list[Campaign]:
    match sort:
        case "hs_name":
            return sorted(campaigns, key=lambda campaign: (campaign.name, campaign.number))
        case "updatedAt":
            return sorted(campaigns, key=lambda campaign: (campaign.updated, campaign.number))
        case _:
            return campaigns
