"""HubSpot's campaigns API without a network: requests to build, answers to read, what an answer means.

`exchange` is the form of a request and an answer, `meaning` decides what an answer is for whoever asked, `problems`
and `limits` read HubSpot's words about failures and quotas, `fields` reads JSON that may lack anything. `campaigns`,
`batches`, `assets`, `items` and `reports` hold HubSpot's operations. No module here does I/O or reads a clock.
"""

from campaigns.hubspot.wire.assets import asset_types, assets_page, attach, detach
from campaigns.hubspot.wire.batches import archive_many, create_many, read_many, update_many
from campaigns.hubspot.wire.campaigns import create, delete, find, read, update
from campaigns.hubspot.wire.exchange import MOST_IN_A_BATCH, MOST_ON_A_PAGE, Answer, Request, prefix_of
from campaigns.hubspot.wire.items import add_item, read_item, remove_item, replace_item, totals
from campaigns.hubspot.wire.limits import Limits, limits_of
from campaigns.hubspot.wire.meaning import error_of, understand
from campaigns.hubspot.wire.reports import AttributionModel, ContactType, contacts_page, metrics, revenue

__all__ = [
    "MOST_IN_A_BATCH",
    "MOST_ON_A_PAGE",
    "Answer",
    "AttributionModel",
    "ContactType",
    "Limits",
    "Request",
    "add_item",
    "archive_many",
    "asset_types",
    "assets_page",
    "attach",
    "contacts_page",
    "create",
    "create_many",
    "delete",
    "detach",
    "error_of",
    "find",
    "limits_of",
    "metrics",
    "prefix_of",
    "read",
    "read_item",
    "read_many",
    "remove_item",
    "replace_item",
    "revenue",
    "totals",
    "understand",
    "update",
    "update_many",
]
