"""Where a campaign bears the marker of the attempt that made it, and how it keeps it. Pure."""

from collections.abc import Mapping

import msgspec

from campaigns import keys
from campaigns.hubspot.index import NOTES
from campaigns.hubspot.properties import RETIRED
from campaigns.keys import Marker, marker_in, with_marker, without_markers
from campaigns.model import Run


class Signing(msgspec.Struct, frozen=True):
    """How a portal's campaigns are signed.

    Attributes:
        place: the property that the portal keeps for markers, so that notes stay clean; None: in the notes.

    """

    place: str | None = None

    def signed(self, properties: Mapping[str, str], marker: Marker) -> dict[str, str]:
        """The properties of a campaign to make, with its marker."""
        if self.place is not None:
            return {**properties, self.place: str(marker)}
        return {**properties, NOTES: with_marker(properties.get(NOTES, ""), marker)}

    def edited(self, made: Mapping[str, str], marker: Marker, now: Mapping[str, str]) -> tuple[str, ...]:
        """The properties that somebody has edited since a campaign was made.

        Args:
            made: the properties that it was made with.
            marker: whose attempt made it.
            now: what it shows of them, and where it bears its marker.

        """
        signed = self.signed(made, marker)
        names = sorted(name for name in signed.keys() | now.keys() if name not in RETIRED)
        return tuple(name for name in names if _shown(name, signed.get(name)) != _shown(name, now.get(name)))

    def marker_in(self, properties: Mapping[str, str]) -> Marker | None:
        """The marker that a campaign bears."""
        return marker_in(properties.get(self.place or NOTES))

    def changes(self, wanted: Mapping[str, str], now: Mapping[str, str], marker: str) -> dict[str, str]:
        """What to write so that a campaign has the *wanted* properties and its marker.

        Args:
            wanted: properties to set.
            now: what the campaign has of them, and where it bears its marker, read just before.
            marker: the one that it should bear; "" when that is not known.

        """
        told = dict(wanted)
        mine = marker_in(marker)
        if mine is not None and self.place is not None:
            told[self.place] = str(marker_in(now.get(self.place)) or mine)
        elif mine is not None:
            bears = marker_in(now.get(NOTES)) or mine
            told[NOTES] = with_marker(wanted.get(NOTES, without_markers(now.get(NOTES, "")).rstrip("\n")), bears)
        return {name: value for name, value in told.items() if now.get(name, "") != value}

    def reads(self, wanted: Mapping[str, str]) -> tuple[str, ...]:
        """The properties to read before `changes` and `edited`."""
        return tuple(dict.fromkeys([*(name for name in wanted if name not in RETIRED), self.place or NOTES]))


def _shown(name: str, value: str | None) -> str:
    """A value without what HubSpot may change about it: spaces around a name, the case of a status."""
    text = (value or "").strip()
    return text.casefold() if name == "hs_campaign_status" else text


def marker_of(run: Run, attempt: int) -> Marker:
    """The marker of an attempt of *run*."""
    subject = keys.subject_hash(run.space, run.subject) if run.subject is not None else "-"
    return Marker(run.id, attempt, subject)
