"""Where a campaign bears the marker of the attempt that made it, and how it keeps it. Pure."""

from collections.abc import Mapping

import msgspec

from campaigns import keys
from campaigns.hubspot.index import NOTES
from campaigns.hubspot.properties import RETIRED, shown
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
        return tuple(name for name in names if shown(name, signed.get(name)) != shown(name, now.get(name)))

    def marker_in(self, properties: Mapping[str, str]) -> Marker | None:
        """The marker that a campaign bears."""
        return marker_in(properties.get(self.place or NOTES))

    def differing(self, wanted: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
        """Which of the *wanted* properties a campaign shows otherwise, save for what HubSpot may change of a value.

        Args:
            wanted: properties as they were to be set.
            now: what the campaign shows of them.

        """
        written = (name for name in wanted if name not in RETIRED and name != self.place)
        return tuple(name for name in written if shown(name, wanted[name]) != shown(name, self.text(name, now)))

    def text(self, name: str, now: Mapping[str, str]) -> str:
        """What a campaign shows of a property, less our marker."""
        return _unsigned(now) if name == NOTES and self.place is None else now.get(name, "")

    def has_lost(self, marker: str, now: Mapping[str, str]) -> bool:
        """Whether a campaign bears no marker any more, though it should bear this one ("": none is known)."""
        return marker_in(marker) is not None and self.marker_in(now) is None

    def changes(self, wanted: Mapping[str, str], now: Mapping[str, str], marker: str) -> dict[str, str]:
        """What to write so that a campaign has the *wanted* properties and its marker: nothing that it has already.

        Args:
            wanted: properties to set.
            now: what the campaign has of them, and where it bears its marker, read just before.
            marker: the one that it should bear; "" when that is not known.

        """
        told = {name: wanted[name] for name in self.differing(wanted, now)}
        bears = self.marker_in(now) or marker_in(marker)
        lost = self.has_lost(marker, now)
        if bears is None or not (lost or (NOTES in told and self.place is None)):
            return told
        return self.signed(told if self.place is not None else {NOTES: _unsigned(now), **told}, bears)

    def reads(self, wanted: Mapping[str, str]) -> tuple[str, ...]:
        """The properties to read before `changes` and `edited`."""
        return tuple(dict.fromkeys([*(name for name in wanted if name not in RETIRED), self.place or NOTES]))


def _unsigned(now: Mapping[str, str]) -> str:
    return without_markers(now.get(NOTES, "")).rstrip("\n")


def marker_of(run: Run, attempt: int) -> Marker:
    """The marker of an attempt of *run*."""
    subject = keys.subject_hash(run.space, run.subject) if run.subject is not None else "-"
    return Marker(run.id, attempt, subject)
