"""The settings: the only reader of the environment and of `fanfare.toml`; read once, into one frozen value.

Every field says what it is for. Secrets are only ever referred to: by environment variable or by file.
"""

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from campaigns import keys
from campaigns.errors import Invalid
from campaigns.quota import Tier
from campaigns.recipes import Recipe, Recipes
from campaigns.recipes import read as read_recipes

Right = Literal["send", "read", "operate", "admin"]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,62}$")]

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret is: in the environment variable *env* or in the file *file*."""

    env: str | None = None
    file: str | None = None


class Portal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One HubSpot account.

    Attributes:
        token: a private app's or service key's token.
        base_url: HubSpot's host; the simulator's in tests and demos.
        version: of the campaigns API, `v3` or a date.
        tier: sets the quota; HubSpot's headers correct it.
        timezone: of dates in recipes and of the end of the daily budget.
        call_deadline: seconds after which a call to HubSpot is given up, its answer included.
        settle: seconds after the end of a call in which what it made may still be invisible.
        marker_property: the campaign property that bears our markers, so that notes stay clean; in the notes without.
        probe_after: seconds after which a portal in trouble is tried again with one call; doubling to ten minutes.
        ghost_looks: seconds after an attempt that was declared absent at which it is looked for again.

    """

    token: Secret
    base_url: str = "https://api.hubapi.com"
    version: str = "2026-03"
    tier: Tier = "professional"
    timezone: str = "UTC"
    call_deadline: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    settle: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    marker_property: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,99}$")] | None = None
    probe_after: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60.0
    ghost_looks: tuple[Annotated[float, msgspec.Meta(gt=0)], ...] = (60, 600, 3_600, 21_600, 86_400)

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
        callback_hosts: hosts to which its runs' status may be posted.
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


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    installation: Name
    portals: dict[Name, Portal]
    callers: dict[Name, Caller]
    recipes: tuple[Recipe, ...] = ()
    retention_days: Annotated[float, msgspec.Meta(gt=0)] = keys.RETENTION / keys.DAY
    replicas: Annotated[int, msgspec.Meta(ge=0, le=10)] | None = None
    allow_unsafe_redis: bool = False


class Settings(msgspec.Struct, frozen=True):
    """All that a program of ours is told from outside.

    Attributes:
        installation: in every run id and marker; never changes.
        redis_url: as `store.connection.client` takes it (Sentinel too); None means the embedded Valkey in *data*.
        data: folder of the embedded Valkey and of what `fanfare up` keeps.
        secrets: the values of all secrets, by the `Secret` that refers to them.
        retention: milliseconds that a run stays readable after it ended.
        health_port: where a worker answers probes; None: nowhere.
        replicas: how many of Redis's replicas must have heard of a run before it counts as accepted, and of a call
            before it makes something in HubSpot. 0: no replica ever takes over. None: not said, which is 0 unless there
            are replicas; then the programs do not start.
        allow_unsafe_redis: start although Redis would lose what it has confirmed, or does not say that it would not.

    """

    installation: str
    portals: dict[str, Portal]
    callers: dict[str, Caller]
    book: Recipes
    redis_url: str | None
    data: Path
    secrets: dict[Secret, str]
    retention: int
    health_port: int | None = None
    replicas: int | None = None
    allow_unsafe_redis: bool = False

    def secret(self, reference: Secret) -> str:
        """The value that *reference* names."""
        return self.secrets[reference]

    def caller_of(self, key: str) -> str | None:
        """The name of the caller whose API key this is; None for nobody's."""
        return self.callers_by_digest().get("sha256:" + hashlib.sha256(key.encode()).hexdigest())

    def callers_by_digest(self) -> dict[str, str]:
        """Digest of each API key -> name of its caller."""
        return {digest: name for name, caller in self.callers.items() for digest in caller.keys}


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that *environment* and the file it names (`FANFARE_CONFIG`) hold.

    Raises:
        Invalid: something is missing or wrong; the message names it.

    """
    path = Path(environment.get("FANFARE_CONFIG", "fanfare.toml"))
    try:
        told = msgspec.convert(tomllib.loads(path.read_text()), _File)
    except OSError as error:
        raise Invalid(f"settings: cannot read {path} (FANFARE_CONFIG): {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Invalid(f"settings: {path}: {error}") from error
    _check(told)
    port = environment.get("FANFARE_HEALTH_PORT")
    return Settings(
        installation=told.installation,
        portals=dict(told.portals),
        callers=dict(told.callers),
        book=Recipes(told.recipes + _recipe_files(path.parent / "recipes")),
        redis_url=environment.get("FANFARE_REDIS_URL"),
        data=Path(environment.get("FANFARE_DATA", ".fanfare")),
        secrets=_secrets(told, environment, path.parent),
        retention=int(told.retention_days * keys.DAY),
        health_port=int(port) if port else None,
        replicas=told.replicas,
        allow_unsafe_redis=told.allow_unsafe_redis,
    )


def _recipe_files(folder: Path) -> tuple[Recipe, ...]:
    found: tuple[Recipe, ...] = ()
    for path in sorted(folder.glob("*.toml")):
        try:
            found += read_recipes(path.read_text())
        except Invalid as error:
            raise Invalid(f"{path}: {error}") from error
    return found


def _check(told: _File) -> None:
    """What types cannot say."""
    for name, portal in told.portals.items():
        if urlsplit(portal.base_url).scheme not in {"http", "https"}:
            raise Invalid(f"settings: portals.{name}.base_url is not an http or https address")
        try:
            ZoneInfo(portal.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise Invalid(f"settings: portals.{name}.timezone: no zone {portal.timezone!r}") from error
    for name, caller in told.callers.items():
        for portal_name in caller.portals:
            if portal_name not in told.portals:
                raise Invalid(f"settings: callers.{name}.portals names {portal_name!r}, which is not a portal")
        for text in caller.callback_ranges:
            try:
                ip_network(text)
            except ValueError as error:
                raise Invalid(f"settings: callers.{name}.callback_ranges: {error}") from error
        _check_callbacks(name, caller)


def _check_callbacks(name: str, caller: Caller) -> None:
    """That what is to be posted to *caller* can be: signed, and to a host of its own."""
    if (caller.callback_hosts or caller.operations_url) and caller.callback_secret is None:
        raise Invalid(f"settings: callers.{name} has no callback_secret, and nothing is posted unsigned")
    if caller.operations_url is None:
        return
    where = f"settings: callers.{name}.operations_url"
    try:
        url = urlsplit(caller.operations_url)
        _ = url.port
    except ValueError as error:
        raise Invalid(f"{where}: {error}") from error
    if url.scheme not in {"http", "https"} or url.username is not None:
        raise Invalid(f"{where} is not an http or https address without a user")
    if not caller.may_be_posted_at(url.hostname or ""):
        raise Invalid(f"{where} names the host {url.hostname!r}, which is not one of the caller's callback_hosts")
    if url.scheme == "http" and not caller.callback_ranges:
        raise Invalid(f"{where}: http goes only to the private addresses of callback_ranges; use https")


def _secrets(told: _File, environment: Mapping[str, str], folder: Path) -> dict[Secret, str]:
    wanted = {f"portals.{name}.token": portal.token for name, portal in told.portals.items()}
    for name, caller in told.callers.items():
        if caller.callback_secret:
            wanted[f"callers.{name}.callback_secret"] = caller.callback_secret
    found = {reference: _secret(where, reference, environment, folder) for where, reference in wanted.items()}
    for name, caller in told.callers.items():
        if caller.callback_secret and not _signs(found[caller.callback_secret]):
            raise Invalid(f"settings: callers.{name}.callback_secret is not a whsec_ secret of Standard Webhooks")
    return found


def _secret(where: str, reference: Secret, environment: Mapping[str, str], folder: Path) -> str:
    if (reference.env is None) == (reference.file is None):
        raise Invalid(f"settings: {where} names either `env` or `file`")
    if reference.env is not None:
        if reference.env not in environment:
            raise Invalid(f"settings: {where}: the environment has no {reference.env}")
        return environment[reference.env]
    path = folder / str(reference.file)
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Invalid(f"settings: {where}: cannot read {path}: {error.strerror}") from error


def _signs(secret: str) -> bool:
    try:
        return secret.startswith("whsec_") and len(base64.b64decode(secret[6:], validate=True)) > 0
    except ValueError:
        return False
