"""The errors raised on purpose, named for what whoever catches them does next.

CampaignsError
├── Refused            never again: the same request will be refused again
├── Later              not now: nothing happened, ask again after `after` seconds
│   ├── RateLimited    HubSpot's window or day is spent
│   ├── Unauthorized   the token was not accepted
│   │   └── Revoked    no token can be had until somebody connects the app again
│   ├── MissingScope   this operation waits until somebody grants it
│   └── Parked         the whole portal is left alone until its next probe
├── InDoubt            it may have happened: look before asking again
├── Invalid            the caller's words cannot be understood or carried out
├── KeyReused          the key already names another wish
├── Conflict           what there is does not allow this now
├── NoRecipe           no recipe answers to this trigger
├── Forbidden          the caller has no right to this
├── NotFound           there is no such thing, or not for this caller
└── Unavailable        our own store cannot answer now
    ├── StoreFull      it has no room for more; what is open still ends
    ├── NotYetDurable  it has stored this, and too few of its replicas have heard of it
    └── Newer          a newer release has stored this: leave it to its processes
"""

from typing import Any

import msgspec


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong, in the form that reaches the run, the callback and the log.

    HubSpot's own words where it gave any: every field but *detail* may be missing on the wire
    (https://developers.hubspot.com/docs/api-reference/error-handling).

    Attributes:
        detail: one sentence for a person.
        status: the HTTP status of HubSpot's answer; None when there was no answer.
        category: HubSpot's `category`, such as `VALIDATION_ERROR`.
        correlation_id: what HubSpot's support asks for.
        context: HubSpot's `context`, values as it gave them.
        link: where HubSpot says more.

    """

    detail: str
    status: int | None = None
    category: str | None = None
    correlation_id: str | None = None
    context: dict[str, Any] | None = None
    link: str | None = None


class CampaignsError(Exception):
    """Something that this project expects to go wrong."""

    def __init__(self, message: str = "", *, problem: Problem | None = None) -> None:
        text = message or (problem.detail if problem else "") or (self.__doc__ or "").strip()
        super().__init__(text)
        self.problem = problem or Problem(text)


class Refused(CampaignsError):
    """HubSpot refused this request and will refuse it again."""


class Later(CampaignsError):
    """HubSpot did not do this now; asking again may succeed.

    Attributes:
        after: seconds that HubSpot asked us to wait, or None when it did not say.

    """

    def __init__(self, message: str = "", *, after: float | None = None, problem: Problem | None = None) -> None:
        super().__init__(message, problem=problem)
        self.after = after


class RateLimited(Later):
    """HubSpot's window or daily budget is spent.

    Attributes:
        daily: whether the day's budget is spent, not only the ten-second window.

    """

    def __init__(
        self,
        message: str = "",
        *,
        daily: bool = False,
        after: float | None = None,
        problem: Problem | None = None,
    ) -> None:
        super().__init__(message, after=after, problem=problem)
        self.daily = daily


class Unauthorized(Later):
    """HubSpot did not accept the token."""


class Revoked(Unauthorized):
    """HubSpot refused the refresh token: somebody must connect the app to the account again."""


class MissingScope(Later):
    """HubSpot does not let this token or this account do the operation; others may still work."""


class Parked(Later):
    """The portal is left alone until its next probe."""


class InDoubt(CampaignsError):
    """HubSpot may have done this: its answer is missing or cannot be read."""


class Invalid(CampaignsError):
    """What the caller sent cannot be understood or carried out."""


class KeyReused(CampaignsError):
    """The key already names another wish."""


class Conflict(CampaignsError):
    """What there is does not allow this now."""


class NoRecipe(CampaignsError):
    """No recipe answers to this trigger."""


class Forbidden(CampaignsError):
    """The caller has no right to this."""


class NotFound(CampaignsError):
    """There is no such thing, or not for this caller."""


class Unavailable(CampaignsError):
    """Our own store cannot answer now; nothing was lost, ask again.

    Attributes:
        after: seconds after which to ask again.

    """

    def __init__(self, message: str = "", *, after: int = 1) -> None:
        super().__init__(message)
        self.after = after


class StoreFull(Unavailable):
    """Our store has no room for more; nothing was stored."""


class NotYetDurable(Unavailable):
    """This is stored, but too few replicas have confirmed it to call it kept: ask again, which finds it."""


class Newer(Unavailable):
    """A newer release has stored this, and only its processes can read it: leave it as it is; one of them answers."""
