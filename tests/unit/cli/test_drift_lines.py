"""What `fanfare portals diff` prints, word for word."""

from campaigns.drift import (
    AssetLeft,
    AssetMissing,
    CampaignGone,
    Difference,
    MarkerLost,
    PropertyDiffers,
    PropertyMissing,
)
from cli.portals import Report, lines


def told(*differences: Difference, campaign: str | None = "c-1") -> list[str]:
    return list(lines(Report("acme", "sku-4711", campaign, differences)))


def test_each_kind_of_difference_has_its_sentence() -> None:
    assert told(
        PropertyMissing("hs_audience", "all"),
        PropertyDiffers("hs_name", "Lamp", "Lampe\nII"),
        PropertyDiffers("hs_notes", "n" * 61, "m" * 60),
        AssetMissing("FORM", "1"),
        AssetLeft("CTA", "3"),
        MarkerLost(),
    ) == [
        "acme, sku-4711: campaign c-1",
        "  hs_audience: 'all' is wanted, HubSpot has nothing",
        "  hs_name: 'Lamp' is wanted, HubSpot has 'Lampe\\nII'",
        f"  hs_notes: '{'n' * 57}...' is wanted, HubSpot has '{'m' * 60}'",
        "  FORM 1: is not attached",
        "  CTA 3: is attached, and is not wanted any more",
        "  it has lost the marker by which Fanfare knows its own",
        "  -> to mend it, send a trigger of the type campaign.mend with this portal and subject",
    ]


def test_a_campaign_that_is_gone_cannot_be_mended() -> None:
    assert told(CampaignGone()) == [
        "acme, sku-4711: campaign c-1",
        "  HubSpot does not have it any more",
        "  -> bind another campaign to the subject: docs/triggers.md",
    ]


def test_a_campaign_without_a_difference_and_a_subject_without_a_campaign_are_told_in_a_line() -> None:
    assert told() == ["acme, sku-4711: campaign c-1 is as it is wanted"]
    assert told(campaign=None) == ["acme, sku-4711: it has no campaign"]
