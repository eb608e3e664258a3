"""What a recipe is, and what the data of a `campaign.requested` is: values as their authors wrote them. Pure."""

from typing import Annotated, Final, Literal

import msgspec

from campaigns.wishes import Taken

REQUESTED: Final = "campaign.requested"
"""The type of trigger that brings everything itself and needs no recipe."""

MEND: Final = "campaign.mend"
"""The type of trigger that brings a subject's campaign back to what was set; it needs no recipe either."""

MOST_ASSETS: Final = 200
MOST_ITEMS: Final = 100
"""One trigger may not occupy a portal's quota for more than about half a minute."""

LONGEST_TEXT: Final = 10_000
"""Characters of a text in a recipe, and of what it becomes."""

Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
Does = Literal["create", "update", "another"]


class AssetGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of HubSpot's assets.

    Attributes:
        type: HubSpot's code, such as `MARKETING_EMAIL`.
        id: HubSpot's id.
        required: whether the run fails with it; else it ends partial.

    """

    type: Annotated[str, msgspec.Meta(pattern="^[A-Z_]{2,40}$")]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    required: bool = True


class ItemGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A budget or spend item; *amount* in the currency of the campaign, *required* as for an asset."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    amount: float | str
    description: Text = ""
    required: bool = True


Assets = Annotated[tuple[AssetGiven, ...], msgspec.Meta(max_length=MOST_ASSETS)]
Items = Annotated[tuple[ItemGiven, ...], msgspec.Meta(max_length=MOST_ITEMS)]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A campaign as a filled in recipe or the data of a `campaign.requested` describes it.

    Attributes:
        properties: names and values on HubSpot's wire.
        assets: the whole set that the campaign is to have of ours; None says nothing about assets.
        budget: items to add.
        spend: likewise.
        taken: what to do where another campaign has the name.

    """

    properties: dict[str, Text]
    assets: Assets | None = None
    budget: Items = ()
    spend: Items = ()
    taken: Taken = "trust"


class AssetWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Assets as a recipe describes them; `type` and `id` are templates.

    Attributes:
        each: a list in the data, such as `data.pages`: one asset for each `item` of it.
        when: only if this is true of the trigger (and the item).

    """

    type: Text
    id: Text = "{{ item }}"
    each: Text = ""
    when: Text = ""
    required: bool = True


class ItemWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Budget or spend items as a recipe describes them; texts are templates, *each* and *when* as for assets."""

    name: Text
    amount: float | Text
    description: Text = ""
    each: Text = ""
    when: Text = ""
    required: bool = True


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A campaign as marketing describes it for some types of trigger.

    Attributes:
        on: the type of trigger, or several; `*` stands for any characters.
        name: what the recipe is called in runs; unless told, the first of *on*.
        when: only if this is true of the trigger.
        portal: the HubSpot account, unless the trigger names one.
        do: what is done about the subject's campaign; unless told, what `lifecycles` says of the type, else create.
        upsert: whether an update makes the campaign that it does not find.
        taken: what to do where another campaign has the name: `trust` leaves it to HubSpot.
        archive: the subject's campaign is archived instead.
        properties: HubSpot's names; the values are templates.
        assets: the whole set; not told: nothing is attached and nothing detached.
        budget: items to add.
        spend: likewise.
        callback: where the final status is posted, unless the trigger says so.
        max_creates_per_hour: in one portal; beyond it runs are held, so that a sender gone wild does little harm.

    """

    on: str | tuple[str, ...]
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    when: Text = ""
    portal: str | None = None
    do: Does | None = None
    upsert: bool = True
    taken: Taken = "trust"
    archive: bool = False
    properties: dict[str, Text] = {}
    assets: tuple[AssetWanted, ...] | None = None
    budget: tuple[ItemWanted, ...] = ()
    spend: tuple[ItemWanted, ...] = ()
    callback: str | None = None
    max_creates_per_hour: Annotated[int, msgspec.Meta(ge=1)] = 500

    @property
    def types(self) -> tuple[str, ...]:
        """The patterns of the types of trigger that it answers to."""
        return (self.on,) if isinstance(self.on, str) else self.on

    @property
    def title(self) -> str:
        """What it is called in runs."""
        return self.name or ", ".join(self.types[:1])
