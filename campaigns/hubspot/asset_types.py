"""The 26 kinds of thing that a campaign gathers, by HubSpot's codes. The codes do not follow the names people use.

Two independent programs in production agree on the codes; the metrics are the guide's
(https://developers.hubspot.com/docs/guides/api/marketing/campaigns). Only 2026-09-beta can be asked for the codes.
"""

from difflib import get_close_matches
from typing import Final

import msgspec


class AssetType(msgspec.Struct, frozen=True):
    """One kind of asset.

    Attributes:
        noun: what HubSpot's screens call it.
        metrics: what is counted of it when both dates are given; none is documented for the types without.

    """

    noun: str
    metrics: tuple[str, ...] = ()


_PAGE_METRICS: Final = ("CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "CUSTOMERS", "SUBMISSIONS", "VIEWS")

ASSET_TYPES: Final = {
    "AD_CAMPAIGN": AssetType("ads"),
    "AUTOMATION_PLATFORM_FLOW": AssetType("workflows", ("CURRENTLY_ENROLLED", "STARTED")),
    "BLOG_POST": AssetType("blog posts", ("CONTACTS_FIRST_TOUCH", "CONTACTS_LAST_TOUCH", "SUBMISSIONS", "VIEWS")),
    "CALL": AssetType("calls"),
    "CASE_STUDY": AssetType("case studies"),
    "CTA": AssetType("CTAs (legacy)", ("CLICKS", "SUBMISSIONS", "VIEWS")),
    "EMAIL": AssetType("sales emails"),
    "EXTERNAL_WEB_URL": AssetType("external website pages", ("VIEWS",)),
    "FEEDBACK_SURVEY": AssetType("feedback surveys"),
    "FILE_MANAGER_FILE": AssetType("files"),
    "FORM": AssetType("forms", ("CONVERSION_RATE", "SUBMISSIONS", "VIEWS")),
    "KNOWLEDGE_ARTICLE": AssetType("knowledge base articles"),
    "LANDING_PAGE": AssetType("landing pages", _PAGE_METRICS),
    "MARKETING_EMAIL": AssetType("marketing emails", ("CLICKS", "OPEN", "SENT")),
    "MARKETING_EVENT": AssetType("marketing events", ("ATTENDEES", "CANCELLATIONS", "REGISTRATIONS")),
    "MARKETING_SMS": AssetType("SMS", ("SENT", "DELIVERED", "UNIQUE_CLICKS")),
    "MEDIA": AssetType("videos"),
    "MEETING_EVENT": AssetType("meetings"),
    "OBJECT_LIST": AssetType("static lists", ("CONTACTS",)),
    "PLAYBOOK": AssetType("playbooks"),
    "PODCAST_EPISODE": AssetType("podcast episodes"),
    "SALES_DOCUMENT": AssetType("sales documents"),
    "SEQUENCE": AssetType("sequences"),
    "SITE_PAGE": AssetType("website pages", _PAGE_METRICS),
    "SOCIAL_BROADCAST": AssetType("social posts", ("FACEBOOK_CLICKS", "LINKEDIN_CLICKS", "TWITTER_CLICKS")),
    "WEB_INTERACTIVE": AssetType("CTAs", ("CLICKS", "VIEWS")),
}

_GUESSES: Final = {
    "AD": "AD_CAMPAIGN",
    "SMS": "MARKETING_SMS",
    "SOCIAL_POST": "SOCIAL_BROADCAST",
    "STATIC_LIST": "OBJECT_LIST",
    "VIDEO": "MEDIA",
    "WEBSITE_PAGE": "SITE_PAGE",
    "WORKFLOW": "AUTOMATION_PLATFORM_FLOW",
}
"""Codes that others have guessed from the names on screen; HubSpot may answer them like a type without assets."""


def doubt_about(code: str) -> str | None:
    """Why *code* is probably wrong, or None. HubSpot adds types, so this is a warning and no refusal."""
    if code in ASSET_TYPES:
        return None
    near = _GUESSES.get(code.upper()) or next(iter(get_close_matches(code.upper(), ASSET_TYPES, n=1)), None)
    hint = f"; {near} ({ASSET_TYPES[near].noun}) is one" if near else ""
    return f"{code} is no asset type that HubSpot is known to have{hint}"


def advice_on_refusal(code: str) -> str:
    """What to tell people whose asset HubSpot refused to attach because of its type."""
    noun = ASSET_TYPES[code].noun if code in ASSET_TYPES else code
    return f"HubSpot does not attach {noun} by its API here: attach them inside HubSpot, in Marketing > Campaigns"
