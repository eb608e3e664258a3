"""Who asks: the API keys of callers, and what each caller may do. Where a run's status may go is `callback_urls`."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, Self

import msgspec

from campaigns import settings
from campaigns.errors import Forbidden
from campaigns.plan import Sender
from campaigns.settings import Right, Settings
from service.problems import Malformed, PortalRefused, Unauthenticated

AUTHORIZATION: Final = b"authorization"
SCHEME: Final = b"bearer "


class Caller(msgspec.Struct, frozen=True):
    """An internal service, as the settings know it.

    Attributes:
        sender: who it is to the plan.
        rights: what it may do; an admin has them all.
        portals: the portals that it may name; an admin's are all.
        callbacks: its entry in the settings, which says where its status may go.

    """

    name: str
    sender: Sender
    rights: frozenset[Right]
    portals: frozenset[str]
    callbacks: settings.Caller

    @property
    def sees_all(self) -> bool:
        """Whether it may read the runs of other callers too."""
        return "admin" in self.rights

    def needs(self, right: Right) -> None:
        """Raise Forbidden unless the caller has *right*."""
        if right not in self.rights and "admin" not in self.rights:
            raise Forbidden(f"this needs the right {right!r}")

    def needs_portal(self, portal: str) -> None:
        """Raise PortalRefused unless *portal* is the caller's; a portal that is not there is refused alike."""
        if portal not in self.portals:
            raise PortalRefused(f"no portal {portal!r} is there for this caller")


class Callers:
    """All callers, by the digests of their API keys.

    Attributes:
        names: theirs.

    """

    def __init__(self, by_digest: Mapping[bytes, Caller]) -> None:
        self._by_digest = by_digest
        self.names = tuple(sorted({caller.name for caller in by_digest.values()}))

    @classmethod
    def of(cls, told: Settings) -> Self:
        """The callers in the settings."""
        callers = {name: _caller(name, entry, told) for name, entry in told.callers.items()}
        by_digest = told.callers_by_digest()
        return cls({bytes.fromhex(key.removeprefix("sha256:")): callers[name] for key, name in by_digest.items()})

    def asking(self, headers: Iterable[tuple[bytes, bytes]], token: str | None = None) -> Caller:
        """Whose API key the header `Authorization: Bearer <key>` bears, or the query's *token* is.

        The work is the same for every key: a digest tells nothing about the keys that are near it.

        Raises:
            Malformed: the key came in both ways (RFC 6750, section 2).
            Unauthenticated: it is nobody's, or there is none.

        """
        told = next((value for name, value in headers if name == AUTHORIZATION), b"")
        if told and token is not None:
            raise Malformed("send the API key once, in the header or as access_token")
        key = told[len(SCHEME) :].strip() if told[: len(SCHEME)].lower() == SCHEME else (token or "").encode()
        caller = self._by_digest.get(hashlib.sha256(key).digest())
        if caller is None:
            raise Unauthenticated("no caller has this API key" if key else "send Authorization: Bearer <API key>")
        return caller


def _caller(name: str, entry: settings.Caller, told: Settings) -> Caller:
    return Caller(
        name=name,
        sender=Sender(told.installation, name, entry.space),
        rights=frozenset(entry.rights),
        portals=frozenset(told.portals if "admin" in entry.rights else entry.portals),
        callbacks=entry,
    )
