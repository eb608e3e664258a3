"""The wishes towards HubSpot that a run is made of: one a step."""

from typing import Literal

import msgspec

ItemKind = Literal["budget", "spend"]

Taken = Literal["trust", "fail", "adopt", "number"]
"""What to do where another campaign has the name: leave it to HubSpot, fail, take that campaign, or number the name."""


class CreateCampaign(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="create_campaign"):
    """Wish for a new campaign with these properties (strings on HubSpot's wire).

    Attributes:
        another: a new one even if the subject has a campaign; else that is changed instead.
        taken: what to do where another campaign has the name.

    """

    properties: dict[str, str]
    another: bool = False
    taken: Taken = "trust"


class UpdateCampaign(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="update_campaign"):
    """Wish for these properties on the subject's campaign; *upsert* makes one where there is none, *taken* as above.

    Attributes:
        mend: nothing is set anew: the properties are those kept with the subject, once the run's turn in its lane has
            come, and stay as old as they are.

    """

    properties: dict[str, str]
    upsert: bool = True
    taken: Taken = "trust"
    mend: bool = False


class AttachAsset(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="attach_asset"):
    """Wish for an asset of one of HubSpot's 26 types on the run's campaign."""

    type: str
    id: str


class DetachAssets(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="detach_assets"):
    """Wish that what an earlier run has attached for the subject, and this run does not name, be detached.

    Attributes:
        assets: type and id of each, once the run's turn in its lane has come; nobody knows before.

    """

    assets: tuple[tuple[str, str], ...] = ()


class MendAssets(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="mend_assets"):
    """Wish that the assets on the subject's campaign be those of the set that was last named for it.

    Attributes:
        wanted: type and id of each, once the run's turn in its lane has come.
        gone: those that the set before had, and it has not.

    """

    wanted: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, str], ...] = ()


class ArchiveCampaign(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="archive_campaign"):
    """Wish that the subject's campaign, if it has one, be archived."""


class AddItem(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="add_item"):
    """Wish for one budget or spend item on the run's campaign."""

    kind: ItemKind
    name: str
    amount: float
    order: int
    description: str = ""


class Undo(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="undo"):
    """Wish that what the step *of* has made be gone, unless it is somebody else's too."""

    of: str

    @property
    def step(self) -> str:
        """What the step is called."""
        return f"undo {self.of}"


Wish = CreateCampaign | UpdateCampaign | ArchiveCampaign | AttachAsset | DetachAssets | MendAssets | AddItem | Undo

OfCampaign = CreateCampaign | UpdateCampaign | ArchiveCampaign
"""What the first step of a run wishes; its receipt names the run's campaign."""


def kind_of(wish: Wish) -> str:
    """What kind of wish this is, in a word."""
    return str(wish.__struct_config__.tag)
