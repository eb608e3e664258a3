"""What a look-up has found: which campaigns bear which markers and names. Making markers is not known here."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from campaigns.hubspot.types import Campaign

T = TypeVar("T")

NOTES: Final = "hs_notes"
"""Where a marker stands unless the portal names a property of its own for it."""

_MARKER: Final = re.compile(r"\[fanfare:([a-z0-9]+)\.([0-9a-z]{1,12})\.([^\]\s.]+)\]")


class Found(msgspec.Struct, frozen=True):
    """A marker and the campaign that bears it.

    Attributes:
        run: the run whose marker it is.
        attempt: milliseconds since the epoch at which the attempt was journalled.
        subject: the hash of the run's subject, "-" without one.

    """

    run: str
    attempt: int
    subject: str
    campaign: Campaign


class Index:
    """Campaigns by marker and by name, as they were when last seen.

    A campaign may bear several markers, and several campaigns the same one: people copy notes, and HubSpot clones them.

    Args:
        marker_property: the property that the portal keeps for markers, besides the notes.

    """

    def __init__(self, marker_property: str | None = None) -> None:
        self.properties: Final = look_up_properties(marker_property)
        self._places: Final = tuple(name for name in (marker_property, NOTES) if name)
        self._seen: dict[str, Campaign] = {}
        self._by_run: dict[str, dict[str, tuple[Found, ...]]] = {}
        self._by_name: dict[str, dict[str, Campaign]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def learn(self, campaign: Campaign) -> None:
        """Take in a campaign, in the place of what was known of it."""
        self.forget(campaign.id)
        self._seen[campaign.id] = campaign
        self._by_name.setdefault(campaign.name.strip(), {})[campaign.id] = campaign
        for run in {found.run for found in self._markers(campaign)}:
            mine = tuple(found for found in self._markers(campaign) if found.run == run)
            self._by_run.setdefault(run, {})[campaign.id] = mine

    def learn_all(self, campaigns: Iterable[Campaign]) -> None:
        """Take in campaigns."""
        for campaign in campaigns:
            self.learn(campaign)

    def forget(self, campaign: str) -> None:
        """Drop what is known of the campaign with this id."""
        known = self._seen.pop(campaign, None)
        if known is None:
            return
        _drop(self._by_name, known.name.strip(), campaign)
        for found in self._markers(known):
            _drop(self._by_run, found.run, campaign)

    def find(self, run: str) -> tuple[Found, ...]:
        """Every campaign that bears a marker of this run: the earliest attempt first, an original before its copies."""
        of_run = (found for many in self._by_run.get(run, {}).values() for found in many)
        return tuple(sorted(of_run, key=_age))

    def named(self, name: str) -> tuple[Campaign, ...]:
        """Every campaign of exactly this name; outer spaces do not count, since HubSpot may drop them."""
        return tuple(self._by_name.get(name.strip(), {}).values())

    def all_markers(self) -> Iterator[Found]:
        """Every marker of every campaign, ordered as by `find`."""
        yield from sorted((found for one in self._seen.values() for found in self._markers(one)), key=_age)

    def _markers(self, campaign: Campaign) -> tuple[Found, ...]:
        texts = "\n".join(campaign.properties.get(name, "") for name in self._places)
        told = dict.fromkeys(_MARKER.findall(texts))
        return tuple(Found(run, int(attempt, 36), subject, campaign) for run, attempt, subject in told)


def _age(found: Found) -> tuple[int, int, str]:
    return found.attempt, found.campaign.created_at or 0, found.campaign.id


def look_up_properties(marker_property: str | None = None) -> tuple[str, ...]:
    """The properties to ask for when looking: the name and where markers may stand."""
    return tuple(dict.fromkeys(name for name in ("hs_name", NOTES, marker_property) if name))


def _drop(where: dict[str, dict[str, T]], key: str, campaign: str) -> None:
    """Take one campaign out of a map of maps, and the inner map with it if it is empty then."""
    inner = where.get(key, {})
    inner.pop(campaign, None)
    if not inner:
        where.pop(key, None)
