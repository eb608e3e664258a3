"""What the life of a product or an occasion does to its campaign, where a recipe does not say otherwise. Pure."""

from typing import Final

import msgspec

from campaigns.recipes.shapes import Does

KINDS: Final = frozenset({"product", "event"})
"""Whose lives these are: the word before the last of a type, so that `com.acme.product.launched` is one too."""


class Stage(msgspec.Struct, frozen=True):
    """One moment of a life.

    Attributes:
        do: what is done about the subject's campaign.
        properties: templates of those that a recipe need not name.

    """

    do: Does
    properties: dict[str, str] = {}


def _status(status: str) -> dict[str, str]:
    return {"hs_campaign_status": status}


CANCELLED_NOTE: Final = (
    "Cancelled{% if time %} on {{ time | date }}{% endif %}{% if data.reason %}: {{ data.reason }}{% endif %}"
)

STAGES: Final = {
    "launched": Stage("create", _status("in_progress")),
    "scheduled": Stage("create", _status("planned")),
    "updated": Stage("update"),
    "rescheduled": Stage("update"),
    "paused": Stage("update", _status("paused")),
    "resumed": Stage("update", _status("in_progress")),
    "retired": Stage("update", _status("completed")),
    "ended": Stage("update", _status("completed")),
    "cancelled": Stage("update", _status("paused") | {"hs_notes": CANCELLED_NOTE}),
}
"""The stages by the last word of the trigger's type."""

NO_STAGE: Final = Stage("create")


def stage_of(kind: str) -> Stage:
    """The stage that a trigger of this type tells of; for types of other things a plain create."""
    *_, whose, word = ("", *kind.split("."))
    return STAGES.get(word, NO_STAGE) if whose in KINDS else NO_STAGE
