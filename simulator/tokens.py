"""Who asks: private apps' tokens and those OAuth granted, and what they may do (CONTRACT section 7)."""

import random
from typing import Final
from uuid import UUID

import msgspec

from simulator.answers import TITLES, Problem, Refused, missing_scopes
from simulator.switches import Switches

READ: Final = "marketing.campaigns.read"
WRITE: Final = "marketing.campaigns.write"


class Granting(msgspec.Struct, frozen=True):
    """The app that the token endpoint knows."""

    client_id: str = "client-test"
    client_secret: str = "secret-test"  # noqa: S105  a credential of the simulator's own
    refresh_token: str = "refresh-test"  # noqa: S105  likewise


class PrivateApp(msgspec.Struct, frozen=True):
    """A private app; its token is its name."""

    name: str


class OAuthApp(msgspec.Struct, frozen=True):
    """An app with granted tokens, which share its window; its client id is its name."""

    name: str


class Tokens:
    """The tokens of one portal."""

    def __init__(self, private: tuple[str, ...], granting: Granting, dice: random.Random) -> None:
        self._private = frozenset(private)
        self._random = dice
        self._granted: dict[str, int] = {}
        self.granting = granting

    def grant(self, expires: int) -> str:
        """Make an access token that OAuth grants until `expires` (ms)."""
        token = f"granted-{UUID(int=self._random.getrandbits(128), version=4)}"
        self._granted[token] = expires
        return token

    def app(self, authorization: str, now: int, switches: Switches) -> PrivateApp | OAuthApp:
        """Return the app whose token an `Authorization` header bears.

        Raises:
            Refused: 401, there is no such token or it has expired.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token in self._private and switches.private_token != "unknown":  # noqa: S105  an answer of the switch
            if switches.private_token == "expired":  # noqa: S105  likewise
                raise _expired(0)
            return PrivateApp(token)
        if scheme.lower() == "bearer" and token in self._granted:
            if self._granted[token] <= now:
                raise _expired(now - self._granted[token])
            return OAuthApp(self.granting.client_id)
        title, category = TITLES[401]
        raise Refused(Problem(401, title, category=category))


def check_scopes(required: tuple[str, ...], switches: Switches) -> None:
    """Check that the tokens may do what needs any one of `required`.

    Raises:
        Refused: 403, with the scopes that are missing.
    """
    if switches.scopes == "all" or not required:
        return
    held = {"read and write": {READ, WRITE}, "read": {READ}, "write": {WRITE}}.get(switches.scopes, set())
    if not held.intersection(required):
        raise missing_scopes(required)
    if switches.write_needs_read == "yes" and READ not in held:
        raise missing_scopes((READ,))


def _expired(since_ms: int) -> Refused:
    message = f"The OAuth token used to make this call expired {since_ms // 60_000} minute(s) ago."
    return Refused(Problem(401, message, category="EXPIRED_AUTHENTICATION"))
