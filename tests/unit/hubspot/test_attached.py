"""All of a campaign's assets, however many pages they are on."""

from typing import Any

from campaigns.hubspot import wire
from campaigns.hubspot.attached import attached
from campaigns.hubspot.types import Asset, CampaignWithAssets, Page
from campaigns.hubspot.wire import Request

PAGES = {
    wire.assets_page("c-1", "FORM", limit=100).query: Page((Asset("1"), Asset("2")), after="more"),
    wire.assets_page("c-1", "FORM", limit=100, after="more").query: Page((Asset("3"),), after="more"),
}


async def test_a_type_that_a_read_does_not_hold_whole_is_walked_and_no_other() -> None:
    asked = []

    async def ask(request: Request[Any], /) -> Any:  # noqa: ANN401 - whatever is asked for
        asked.append(request.target)
        return PAGES[request.query]

    campaign = CampaignWithAssets(
        "c-1",
        assets={
            "FORM": Page((Asset("1"),), after="of a read"),
            "CTA": Page((Asset("7"),)),
            "CALL": Page((Asset("9"),), after="x"),
        },
    )
    found = await attached(ask, campaign, ["FORM", "CTA", "EMAIL"])
    assert found == {("FORM", "1"), ("FORM", "2"), ("FORM", "3"), ("CTA", "7")}
    assert len(asked) == 2
