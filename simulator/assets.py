"""The 26 asset types, their metrics and which of them the API attaches (CONTRACT section 4; HubSpot's guide)."""

from collections.abc import Mapping
from typing import Final
from zlib import crc32

METRICS: Final[Mapping[str, tuple[str, ...]]] = {
    "AD_CAMPAIGN": (),
    "AUTOMATION_PLATFORM_FLOW": ("CURRENTLY_ENROLLED", "STARTED"),
    "BLOG_POST": ("CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "SUBMISSIONS", "VIEWS"),
    "CALL": (),
    "CASE_STUDY": (),
    "CTA": ("CLICKS", "SUBMISSIONS", "VIEWS"),
    "EMAIL": (),
    "EXTERNAL_WEB_URL": ("VIEWS",),
    "FEEDBACK_SURVEY": (),
    "FILE_MANAGER_FILE": (),
    "FORM": ("CONVERSION_RATE", "SUBMISSIONS", "VIEWS"),
    "KNOWLEDGE_ARTICLE": (),
    "LANDING_PAGE": ("CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "CUSTOMERS", "SUBMISSIONS", "VIEWS"),
    "MARKETING_EMAIL": ("CLICKS", "OPEN", "SENT"),
    "MARKETING_EVENT": ("ATTENDEES", "CANCELLATIONS", "REGISTRATIONS"),
    "MARKETING_SMS": ("SENT", "DELIVERED", "UNIQUE_CLICKS"),
    "MEDIA": (),
    "MEETING_EVENT": (),
    "OBJECT_LIST": ("CONTACTS",),
    "PLAYBOOK": (),
    "PODCAST_EPISODE": (),
    "SALES_DOCUMENT": (),
    "SEQUENCE": (),
    "SITE_PAGE": ("CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "CUSTOMERS", "SUBMISSIONS", "VIEWS"),
    "SOCIAL_BROADCAST": ("FACEBOOK_CLICKS", "LINKEDIN_CLICKS", "TWITTER_CLICKS"),
    "WEB_INTERACTIVE": ("CLICKS", "VIEWS"),
}
"""The metrics of every asset type; a type that is not in here does not exist."""

# The guide's header list of 2025-10-09; since 2026-01-23 all 26 can be attached.
ON_THE_PAGE: Final = frozenset(
    {
        "CALL", "CASE_STUDY", "EMAIL", "EXTERNAL_WEB_URL", "FEEDBACK_SURVEY", "FORM", "KNOWLEDGE_ARTICLE",
        "MEETING_EVENT", "OBJECT_LIST", "PLAYBOOK", "PODCAST_EPISODE", "SALES_DOCUMENT", "SEQUENCE", "WEB_INTERACTIVE",
    }
)  # fmt: skip


def metrics(asset_type: str, asset_id: str) -> dict[str, float]:
    """Make up the metrics of an asset: the same asset always has the same."""
    return {name: float(crc32(f"{asset_type}/{asset_id}/{name}".encode()) % 1000) for name in METRICS[asset_type]}
