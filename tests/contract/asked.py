"""What the simulators of the test that runs were asked, by their own count."""

from collections.abc import Mapping
from typing import Any, Final


class Asked:
    """How many simulators a test has opened, and for which operations they counted requests."""

    def __init__(self) -> None:
        self.simulators = 0
        self.operations: set[str] = set()

    def forget(self) -> None:
        """Begin another test."""
        self.simulators = 0
        self.operations = set()

    def take(self, stats: Mapping[str, Any]) -> None:
        """Note what one simulator counted."""
        self.simulators += 1
        self.operations |= set(stats["by_operation"])


ASKED: Final = Asked()
