"""What `fanfare.toml` may hold. Every setting says what it is for; `docs/settings.md` shows the same."""

from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from campaigns import keys
from campaigns.hubspot.tokens import TOKEN_PATH
from campaigns.quota import LIMITS, Limit, Tier

Right = Literal["send", "read", "operate", "admin"]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,62}$")]

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret is: in an environment variable or in a file, never in the settings themselves.

    Attributes:
        env: name of the environment variable.
        file: path of the file, seen from the folder of `fanfare.toml`.

    """

    env: str | None = None
    file: str | None = None

    def __post_init__(self) -> None:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret is either `env` or `file`")


class OAuth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An app that somebody has connected to a HubSpot account.

    Attributes:
        client_id: the app's.
        client_secret: the app's.
        refresh_token: what HubSpot gave when the app was connected.
        url: the token endpoint, if it is not `/oauth/v1/token` on the host of `base_url`.

    """

    client_id: Annotated[str, msgspec.Meta(min_length=1)]
    client_secret: Secret
    refresh_token: Secret
    url: str | None = None


class Portal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One HubSpot account. It has either `token` or `oauth`.

    Attributes:
        token: a private app's or service key's token.
        oauth: an app whose access tokens are refreshed.
        base_url: HubSpot's host; the simulator's in tests and demos.
        version: of the campaigns API, `v3` or a date.
        tier: sets the quota until HubSpot's headers correct it; unless told, `oauth` for an app, else `professional`.
        timezone: of dates in recipes and of the end of the daily budget.
        call_deadline: seconds after which a call to HubSpot is given up, its answer included.
        settle: seconds after the end of a call in which what it made may still be invisible.
        marker_property: the campaign property that bears our markers, so that notes stay clean; in the notes without.
        probe_after: seconds after which a portal in trouble is tried again with one call; doubling to ten minutes.
        ghost_looks: seconds after an attempt that was declared absent at which it is looked for again.

    """

    token: Secret | None = None
    oauth: OAuth | None = None
    base_url: str = "https://api.hubapi.com"
    version: str = "2026-03"
    tier: Tier | None = None
    timezone: str = "UTC"
    call_deadline: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    settle: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    marker_property: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,99}$")] | None = None
    probe_after: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60.0
    ghost_looks: tuple[Annotated[float, msgspec.Meta(gt=0)], ...] = (60, 600, 3_600, 21_600, 86_400)

    def __post_init__(self) -> None:
        if (self.token is None) == (self.oauth is None):
            raise ValueError("there must be either `token` or `oauth`")
        if not _is_address(self.base_url):
            raise ValueError("`base_url` is not an http or https address")
        if not _is_address(self.token_url):
            raise ValueError("`oauth.url` is not an http or https address")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"`timezone`: no zone {self.timezone!r}") from error

    @property
    def access(self) -> Secret | OAuth:
        """What its access tokens come from."""
        return self.token or cast("OAuth", self.oauth)  # there is always one

    @property
    def limit(self) -> Limit:
        """What the account may ask of HubSpot, as far as the settings know."""
        return LIMITS[self.tier or ("oauth" if self.oauth else "professional")]

    @property
    def token_url(self) -> str:
        """Where an app's tokens are refreshed."""
        return (self.oauth and self.oauth.url) or self.base_url.rstrip("/") + TOKEN_PATH

    @property
    def on_this_machine(self) -> bool:
        """Whether this is a simulator beside us: it is as new as our Redis, without asking."""
        return urlsplit(self.base_url).hostname in LOOPBACK


class Caller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One internal service that sends triggers.

    Attributes:
        keys: `sha256:` and the hex digest of each API key that it may use.
        portals: the portals that it may name.
        rights: what it may do.
        space: whose subjects it speaks of; callers share the same unless one has its own.
        callback_hosts: hosts to which its runs' status may be posted; `*.shop.svc` stands for all whose names end so.
        callback_ranges: private addresses (CIDR) that those hosts may have.
        callback_secret: signs the callbacks (`whsec_...`, Standard Webhooks).
        operations_url: where its operators are told that a portal is in trouble, and that it is well again
            (docs/trouble.md); on one of the *callback_hosts*.

    """

    keys: tuple[Annotated[str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$")], ...] = ()
    portals: tuple[str, ...] = ()
    rights: tuple[Right, ...] = ("send", "read")
    space: str = "shared"
    callback_hosts: tuple[str, ...] = ()
    callback_ranges: tuple[str, ...] = ()
    callback_secret: Secret | None = None
    operations_url: str | None = None

    def may_be_posted_at(self, host: str) -> bool:
        """Whether *host*, as it stands in a URL, is one of the *callback_hosts*; `*.` stands for one or more labels."""
        named = (one.lower().strip("[]") for one in self.callback_hosts)
        return any(host.lower() == one or (one.startswith("*.") and host.lower().endswith(one[1:])) for one in named)


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `fanfare.toml` holds.

    Attributes:
        installation: in every run id and marker; two installations on one portal differ, and it never changes.
        portals: the HubSpot accounts, by the names that triggers use.
        callers: the internal services that send triggers, by name.
        recipes: what to do at which trigger; those in the `*.toml` of the folder `recipes` beside the file come after.
        retention_days: how long a run and its key stay after the run ended.
        replicas: how many of Redis's replicas must have heard of a run before it counts as accepted, and of a call
            before it makes something in HubSpot. 0: no replica ever takes over. Not said, it is 0 unless there are
            replicas; then the programs do not start.
        allow_unsafe_redis: start although Redis would lose what it has confirmed, or does not say that it would not.

    """

    installation: Name
    portals: dict[Name, Portal]
    callers: dict[Name, Caller]
    recipes: tuple[dict[str, Any], ...] = ()
    retention_days: Annotated[float, msgspec.Meta(gt=0)] = keys.RETENTION / keys.DAY
    replicas: Annotated[int, msgspec.Meta(ge=0, le=10)] | None = None
    allow_unsafe_redis: bool = False


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
