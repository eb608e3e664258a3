"""What an answer means for whoever asked: a value, or an error named for what to do next. Decided from values alone.

The tables follow HubSpot's error page (https://developers.hubspot.com/docs/api-reference/error-handling) where it
says whether a change was made, and suppose the worst where it does not.
"""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from campaigns.errors import CampaignsError, InDoubt, Later, MissingScope, Problem, RateLimited, Refused, Unauthorized
from campaigns.hubspot.wire.exchange import Answer, Request
from campaigns.hubspot.wire.fields import Unreadable, decoded, text
from campaigns.hubspot.wire.problems import problem_of

T = TypeVar("T")

_NOT_NOW: Final = frozenset({301, 307, 308, 421, 425, 477})
"""Nothing was done: sent elsewhere (the base URL is wrong), to a wrong server, too early; 477: the account moves."""

_UNCLEAR: Final = frozenset({408, 409, 423, 499})
"""A timeout, a conflict with something unnamed, a two-second lock, a hang-up: the change may have been made."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def understand(request: Request[T], answer: Answer) -> T:
    """The value that *answer* gives to *request*.

    Raises:
        Refused: never again.
        Later: nothing happened, ask again (RateLimited, Unauthorized and MissingScope are cases of it).
        InDoubt: the change may have been made; only for requests that change something.

    """
    if not 200 <= answer.status < 300:  # noqa: PLR2004  the class of success, RFC 9110 section 15.3
        raise error_of(answer, changes=request.changes)
    try:
        return request.read(answer)
    except (ValueError, RecursionError) as error:
        detail = f"HubSpot answered {answer.status} to {request.operation}, which cannot be read: {error}"
        raise unclear(Problem(detail, status=answer.status), changes=request.changes) from error


def error_of(answer: Answer, *, changes: bool) -> CampaignsError:
    """The error that an answer other than 2xx is."""
    status, problem = answer.status, problem_of(answer)
    if status == 401:  # noqa: PLR2004  a status is its own name
        return Unauthorized(problem=problem, after=retry_after(answer))
    if status == 403:  # noqa: PLR2004
        return MissingScope(problem=problem, after=retry_after(answer))
    if status == 429:  # noqa: PLR2004
        return RateLimited(problem=problem, after=retry_after(answer), daily=_spent_the_day(answer, problem))
    if status in _NOT_NOW:
        return Later(problem=problem, after=retry_after(answer))
    if 400 <= status < 500 and status not in _UNCLEAR:  # noqa: PLR2004  the class of refusals
        return Refused(problem=problem)
    return unclear(problem, changes=changes, after=retry_after(answer))


def unclear(problem: Problem, *, changes: bool, after: float | None = None) -> InDoubt | Later:
    """No answer that can be relied on: a read can be asked again, a change must be looked for first."""
    return InDoubt(problem=problem) if changes else Later(problem=problem, after=after)


def retry_after(answer: Answer) -> float | None:
    """Seconds that `Retry-After` asks for: a number, or a date against the answer's own `Date` (RFC 9110, 10.2.3)."""
    told = answer.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(told):
        return float(told)
    until, sent = _date(told), _date(answer.headers.get("date", ""))
    return max((until - sent).total_seconds(), 0.0) if until and sent else None


def _date(told: str) -> datetime | None:
    """An HTTP date; those without a zone are no HTTP dates."""
    try:
        found = parsedate_to_datetime(told)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else None


def _spent_the_day(answer: Answer, problem: Problem) -> bool:
    """Whether a 429 is about the day: `policyName` says so, in any case; where it is missing, the message."""
    try:
        policy = text(decoded(answer.body).get("policyName"))
    except Unreadable:
        policy = None
    return "daily" in (policy or problem.detail).lower()
