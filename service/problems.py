"""Every error as a problem (RFC 9457): one table from error classes to status, slug and title.

Callers may rely on `type`, which is `urn:fanfare:problem:<slug>`; docs/problems.md lists the slugs for them.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from campaigns import errors, tracing
from campaigns.errors import CampaignsError

TYPE: Final = "urn:fanfare:problem:"
MEDIA_TYPE: Final = "application/problem+json"
CHALLENGE: Final = "Bearer"

log = structlog.get_logger()


class Malformed(errors.Invalid):
    """The request cannot be read: not JSON, or not of the shape that is asked for."""


class NoKey(errors.Invalid):
    """The trigger has neither an `Idempotency-Key` nor both `source` and `id`."""


class Unauthenticated(CampaignsError):
    """The request bears no API key that is known here."""


class PortalRefused(errors.Forbidden):
    """There is no such portal, or not for this caller."""


class CallbackRefused(errors.Forbidden):
    """The settings do not let this caller have its status posted there."""


class CountDiffers(errors.Conflict):
    """These are not as many runs as the command confirms."""


class NoCampaign(errors.Invalid):
    """HubSpot has no campaign of that id."""


class HubSpotAway(errors.Unavailable):
    """HubSpot cannot be asked now, and without it this cannot be done."""


class UnsupportedMediaType(CampaignsError):
    """Triggers are JSON in UTF-8, as plain `application/json` or in one of CloudEvents' modes."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of problem: what its HTTP status is, and the words that stay the same from one to the next."""

    status: int
    slug: str
    title: str


MALFORMED: Final = Kind(400, "malformed", "The request cannot be read")
UNAUTHENTICATED: Final = Kind(401, "unauthenticated", "An API key is needed")
FORBIDDEN: Final = Kind(403, "forbidden", "The caller lacks the right to this")
NOT_FOUND: Final = Kind(404, "not-found", "There is no such thing")
METHOD_NOT_ALLOWED: Final = Kind(405, "method-not-allowed", "The route does not take this method")
TOO_LARGE: Final = Kind(413, "too-large", "The body is too large")
UNSUPPORTED: Final = Kind(415, "unsupported-media-type", "The body is of another kind than is read here")
INTERNAL: Final = Kind(500, "internal", "The fault is ours")
UNAVAILABLE: Final = Kind(503, "unavailable", "The store cannot answer now")

BY_ERROR: Final[Mapping[type[Exception], Kind]] = {
    Malformed: MALFORMED,
    NoKey: Kind(400, "no-key", "The trigger has no key"),
    Unauthenticated: UNAUTHENTICATED,
    errors.Forbidden: FORBIDDEN,
    PortalRefused: Kind(403, "portal-refused", "The portal is not for this caller"),
    CallbackRefused: Kind(403, "callback-refused", "The status may not be posted there"),
    errors.NotFound: NOT_FOUND,
    UnsupportedMediaType: UNSUPPORTED,
    errors.Invalid: Kind(422, "invalid", "The wish cannot be carried out"),
    errors.Conflict: Kind(409, "conflict", "What there is does not allow this"),
    CountDiffers: Kind(409, "count-differs", "These are not as many runs as were confirmed"),
    errors.KeyReused: Kind(422, "key-reused", "The key already names another wish"),
    NoCampaign: Kind(422, "no-campaign", "There is no such campaign"),
    errors.NoRecipe: Kind(422, "no-recipe", "No recipe answers to this trigger"),
    errors.Unavailable: UNAVAILABLE,
    HubSpotAway: Kind(503, "hubspot-away", "HubSpot cannot be asked now"),
    errors.StoreFull: Kind(503, "store-full", "The store has no room for more"),
    errors.NotYetDurable: Kind(503, "not-yet-durable", "The wish is stored, but not yet safe"),
}
"""Ours; the most special class of an error decides."""

BY_STATUS: Final[Mapping[int, Kind]] = {
    kind.status: kind for kind in (MALFORMED, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE, UNSUPPORTED, INTERNAL)
}
"""Litestar's, by the status that it gives them."""

DETAILS: Final[Mapping[Kind, str]] = {
    NOT_FOUND: "no route has this path",
    METHOD_NOT_ALLOWED: "the header Allow names the methods that this route takes",
    TOO_LARGE: "a trigger has at most 262144 bytes",
    INTERNAL: "something failed here that should not have; asking again may help",
}
"""Sentences for errors that bring none, or one that is not for callers."""

KINDS: Final[frozenset[Kind]] = frozenset(BY_ERROR.values()) | frozenset(BY_STATUS.values())


class Problem(msgspec.Struct, frozen=True):
    """The body of a problem (RFC 9457, section 3.1)."""

    type: str
    title: str
    status: int
    detail: str


def kind_of(error: Exception) -> Kind:
    """The kind of problem that *error* is for the caller."""
    if isinstance(error, HTTPException):
        return BY_STATUS.get(error.status_code, INTERNAL)
    return next((BY_ERROR[known] for known in type(error).__mro__ if known in BY_ERROR), INTERNAL)


def problem_of(error: Exception) -> Problem:
    """*error* as it is told to the caller."""
    kind = kind_of(error)
    return Problem(TYPE + kind.slug, kind.title, kind.status, _detail(error, kind))


def answer(request: Request[Any, Any, State], error: Exception) -> Response[bytes]:
    """*error* as its answer; one that nobody foresaw keeps its words to the log."""
    kind = kind_of(error)
    if kind is INTERNAL:
        trace = tracing.trace_of(request.headers.get("traceparent"))
        log.error("request.failed", path=request.scope["path"], trace=trace, exc_info=error)
    body = msgspec.json.encode(problem_of(error))
    return Response(body, status_code=kind.status, media_type=MEDIA_TYPE, headers=_headers(error))


def _detail(error: Exception, kind: Kind) -> str:
    if isinstance(error, CampaignsError):
        return str(error)
    if isinstance(error, HTTPException):
        return DETAILS.get(kind, error.detail)
    return DETAILS[INTERNAL]


def _headers(error: Exception) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": CHALLENGE}
        case errors.Unavailable(after=after):
            return {"Retry-After": str(after)}
        case HTTPException(headers=headers) if headers:
            return headers
        case _:
            return {}
