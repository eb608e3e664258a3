"""What leaves the simulator: an answer, or a problem in the shape HubSpot gives its errors.

Who decides that there is a problem is elsewhere; the texts follow answers recorded from HubSpot (CONTRACT section 5).
"""

from collections.abc import Mapping
from typing import Final

import msgspec

CUT: Final = 0
"""The status in ledger and stats of a request whose connection was cut before a complete answer."""

INVALID_REQUEST: Final = "CampaignApiError.INVALID_REQUEST"
SCOPES_PAGE: Final = "https://developers.hubspot.com/scopes"
LOCK_S: Final = 2  # a 423 lock lasts two seconds (error handling page)
MIGRATION_S: Final = 86400  # a 477 says "typically up to 24 hours"
HTML: Final = "text/html; charset=UTF-8"
JSON: Final = "application/json;charset=utf-8"

# Statuses that come from the edge in front of HubSpot, which knows no JSON.
GATEWAY: Final = frozenset({502, 503, 504, 520, 521, 522, 523, 524})

TITLES: Final[Mapping[int, tuple[str, str | None]]] = {
    400: ("Invalid request", "VALIDATION_ERROR"),
    401: ("Authentication credentials not found.", "INVALID_AUTHENTICATION"),
    403: ("This app hasn't been granted all required scopes to make this call.", "MISSING_SCOPES"),
    404: ("resource not found", "OBJECT_NOT_FOUND"),
    408: ("Request timed out", "TIMEOUT"),
    409: ("Conflict", "CONFLICT"),
    414: ("URI too long", "VALIDATION_ERROR"),
    423: ("The resource is locked, try again after 2 seconds", "LOCKED"),
    477: ("This account is being migrated to another data centre", "MIGRATION_IN_PROGRESS"),
    500: ("internal error", "INTERNAL_ERROR"),
}


class Problem(msgspec.Struct, frozen=True):
    """An error answer before it is written: `category` is None where HubSpot leaves it out."""

    status: int
    message: str
    category: str | None = "VALIDATION_ERROR"
    sub_category: str | None = None
    context: Mapping[str, list[str]] = {}
    errors: tuple[Mapping[str, object], ...] = ()
    headers: Mapping[str, str] = {}
    more: Mapping[str, object] = {}

    def body(self, correlation_id: str) -> dict[str, object]:
        """Write the JSON of HubSpot's `Error`; absent parts are left out, as on the wire."""
        written: dict[str, object] = {"status": "error", "message": self.message, "correlationId": correlation_id}
        if self.category is not None:
            written["category"] = self.category
        if self.sub_category is not None:
            written["subCategory"] = self.sub_category
        if self.context:
            written["context"] = dict(self.context)
        if self.errors:
            written["errors"] = list(self.errors)
        return written | dict(self.more)


class Refused(Exception):
    """The request is answered with a problem, and nothing has changed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Answer(msgspec.Struct, frozen=True):
    """A complete answer.

    Attributes:
        status: HTTP's.
        body: what is written as JSON; text is sent as HTML; None is an empty body.
        headers: besides length and content type.
        campaigns: for each wish of the request the id of the campaign it came to, None where it was refused.
    """

    status: int
    body: object = None
    headers: Mapping[str, str] = {}
    campaigns: tuple[str | None, ...] = ()


def invalid(message: str) -> Refused:
    """Refuse as the campaigns API does when a request makes no sense to it (recorded 2026-05-20)."""
    text = f"Invalid request: '{message}'"
    return Refused(Problem(400, text, sub_category=INVALID_REQUEST, context={"message": [message]}))


def not_found(message: str) -> Refused:
    """Refuse because what the path names does not exist."""
    return Refused(Problem(404, message, category="OBJECT_NOT_FOUND"))


def missing_scopes(required: tuple[str, ...]) -> Refused:
    """Refuse because the token lacks the scopes, naming them where HubSpot names them."""
    granular = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(required)},
    }
    message = f"{TITLES[403][0]} Read more about required scopes here: {SCOPES_PAGE}."
    return Refused(
        Problem(403, message, category="MISSING_SCOPES", errors=(granular,), more={"links": {"scopes": SCOPES_PAGE}})
    )


def planned(status: int) -> Problem:
    """Write the problem that HubSpot would answer this status with, for a status that a fault asked for."""
    title, category = TITLES.get(status, (f"HTTP {status}", None))
    if status == 403:  # noqa: PLR2004  403 is its own name
        return missing_scopes(("marketing.campaigns.write",)).problem
    pauses = {423: LOCK_S, 477: MIGRATION_S}
    headers = {"Retry-After": str(pauses[status])} if status in pauses else {}
    return Problem(status, title, category=category, headers=headers)


def gateway_page(status: int) -> str:
    """Write the page that stands in front of HubSpot when HubSpot itself does not answer."""
    return (
        f"<html><head><title>{status}</title></head><body><center><h1>{status} Bad Gateway</h1></center></body></html>"
    )
