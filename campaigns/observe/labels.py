"""Which values labels may take: each costs Prometheus memory for as long as it keeps anything."""

from collections.abc import Iterable
from typing import Final

MOST_PORTALS: Final = 200
"""Portals with a label of their own; those beyond are counted together."""

OTHERS: Final = "others"


class PortalLabels:
    """The label of each portal.

    Args:
        portals: those that the settings name.

    """

    def __init__(self, portals: Iterable[str]) -> None:
        self._named = frozenset(sorted(portals)[:MOST_PORTALS])

    def of(self, portal: str) -> str:
        """The portal's own name, or that of all who have none."""
        return portal if portal in self._named else OTHERS
