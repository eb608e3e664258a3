"""How many calls HubSpot lets us make, and how they are spaced. The places themselves are taken in `store`'s scripts.

Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
"""

from typing import Final, Literal

import msgspec

from campaigns.keys import SECOND

Tier = Literal["free", "starter", "professional", "enterprise", "increased", "oauth"]

WINDOW: Final = 10 * SECOND
"""HubSpot counts calls in a rolling window of ten seconds."""


class Limit(msgspec.Struct, frozen=True):
    """What one account may ask of HubSpot: calls in each window and in each day."""

    per_window: int
    per_day: int | None


LIMITS: Final[dict[Tier, Limit]] = {
    "free": Limit(100, 250_000),
    "starter": Limit(100, 250_000),
    "professional": Limit(190, 625_000),
    "enterprise": Limit(190, 1_000_000),
    "increased": Limit(250, 1_625_000),
    "oauth": Limit(110, None),
}
"""By the account's tier; `increased` is Professional with one API Limit Increase, `oauth` a public app."""


class Allowance:
    """What a portal may ask now: its tier's limit, corrected by what HubSpot's headers last said.

    Args:
        limit: what holds until HubSpot has said something.

    """

    def __init__(self, limit: Limit) -> None:
        self.limit = limit

    def heard(self, *, per_window: int | None, window: int | None) -> None:
        """HubSpot said that *per_window* calls fit into *window* ms; another window than ours is not believed."""
        if per_window and window in {None, WINDOW}:
            self.limit = msgspec.structs.replace(self.limit, per_window=per_window)
