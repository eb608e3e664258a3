"""What campaigns brought in: requests to build, answers to read."""

from typing import Literal

from campaigns.hubspot.types import Metrics, Page, Revenue
from campaigns.hubspot.wire.campaigns import cursor_in
from campaigns.hubspot.wire.exchange import Answer, Request, page_size, segment, told
from campaigns.hubspot.wire.fields import decoded, every, identity, mapping, number, text, whole

ContactType = Literal["contactFirstTouch", "contactLastTouch", "influencedContacts"]

AttributionModel = Literal[
    "LINEAR",
    "FIRST_INTERACTION",
    "LAST_INTERACTION",
    "FULL_PATH",
    "U_SHAPED",
    "W_SHAPED",
    "TIME_DECAY",
    "J_SHAPED",
    "INVERSE_J_SHAPED",
]


def metrics(campaign: str, *, start_date: str, end_date: str) -> Request[Metrics]:
    """Sessions and contacts between two dates (YYYY-MM-DD); both, since HubSpot refuses some unbounded reports."""
    query = told(("startDate", start_date), ("endDate", end_date))
    return Request("report.metrics", "GET", f"/{segment(campaign)}/reports/metrics", read_metrics, query=query)


def revenue(
    campaign: str, *, start_date: str, end_date: str, attribution: AttributionModel = "LINEAR"
) -> Request[Revenue]:
    """Money attributed between two dates; needs a scope of its own."""
    query = told(("startDate", start_date), ("endDate", end_date), ("attributionModel", attribution))
    return Request("report.revenue", "GET", f"/{segment(campaign)}/reports/revenue", read_revenue, query=query)


def contacts_page(
    campaign: str,
    contact_type: ContactType,
    *,
    start_date: str,
    end_date: str,
    limit: int | None = None,
    after: str | None = None,
) -> Request[Page[str]]:
    """One page of the ids of contacts that a campaign reached; 100 if *limit* is None."""
    query = told(("startDate", start_date), ("endDate", end_date), ("limit", page_size(limit)), ("after", after))
    path = f"/{segment(campaign)}/reports/contacts/{segment(contact_type)}"
    return Request("report.contacts", "GET", path, read_page_of_contacts, query=query)


def read_metrics(answer: Answer) -> Metrics:
    """The counters; one that is missing is 0."""
    body = decoded(answer.body)
    return Metrics(
        whole(body.get("sessions")) or 0,
        whole(body.get("newContactsFirstTouch")) or 0,
        whole(body.get("newContactsLastTouch")) or 0,
        whole(body.get("influencedContacts")) or 0,
    )


def read_revenue(answer: Answer) -> Revenue:
    """The sums; every one of them is optional."""
    body = decoded(answer.body)
    return Revenue(
        whole(body.get("contactsNumber")),
        whole(body.get("dealsNumber")),
        number(body.get("dealAmount")),
        number(body.get("revenueAmount")),
        text(body.get("currencyCode")),
    )


def read_page_of_contacts(answer: Answer) -> Page[str]:
    """A page of contact ids."""
    body = decoded(answer.body)
    return Page(every(body.get("results"), lambda row: identity(mapping(row).get("id"))), cursor_in(body))
