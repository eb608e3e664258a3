"""The only reader of the environment and of `fanfare.toml`; both are read once, into one frozen value."""

import hashlib
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from campaigns import keys
from campaigns.errors import Invalid
from campaigns.hubspot.tokens import Grant
from campaigns.recipes import Recipes
from campaigns.settings import secrets
from campaigns.settings.file import Caller, File, OAuth, Portal, Secret
from campaigns.settings.recipe_files import RecipeFiles


class Settings(msgspec.Struct, frozen=True):
    """All that a program of ours is told from outside.

    Attributes:
        installation: in every run id and marker; never changes.
        redis_url: as `store.connection.client` takes it (Sentinel too); None means the embedded Valkey in *data*.
        data: folder of the embedded Valkey and of what `fanfare up` keeps.
        secrets: the values that all secrets had at the start, by the `Secret` that refers to them.
        retention: milliseconds that a run stays readable after it ended.
        health_port: where a worker answers probes; None: nowhere.
        replicas: as in `File`.
        allow_unsafe_redis: likewise.
        folder: where the paths of secrets' files begin.
        recipe_files: where the recipes stand, to be read again; None: they never change.

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
    folder: Path = Path()
    recipe_files: RecipeFiles | None = None

    def secret(self, reference: Secret) -> str:
        """The value that *reference* named at the start."""
        return self.secrets[reference]

    def fresh(self, reference: Secret) -> str:
        """The value that *reference* names now: a file may have another one, the environment never has.

        Raises:
            OSError: the file cannot be read.

        """
        return self.secret(reference) if reference.file is None else secrets.in_file(self.folder / reference.file)

    def grant(self, app: OAuth) -> Grant:
        """What *app* may ask tokens with now; raises as `fresh` does."""
        return Grant(app.client_id, self.fresh(app.client_secret), self.fresh(app.refresh_token))

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
    told = _file(path)
    _check(told)
    port = environment.get("FANFARE_HEALTH_PORT")
    zones = {name: portal.timezone for name, portal in told.portals.items()}
    files = RecipeFiles(path, path.parent / "recipes", zones)
    return Settings(
        installation=told.installation,
        portals=dict(told.portals),
        callers=dict(told.callers),
        book=files.book(files.texts()),
        redis_url=environment.get("FANFARE_REDIS_URL"),
        data=Path(environment.get("FANFARE_DATA", ".fanfare")),
        secrets=_secrets(told, environment, path.parent),
        retention=int(told.retention_days * keys.DAY),
        health_port=int(port) if port else None,
        replicas=told.replicas,
        allow_unsafe_redis=told.allow_unsafe_redis,
        folder=path.parent,
        recipe_files=files,
    )


def _file(path: Path) -> File:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        for section, kind in (("portals", Portal), ("callers", Caller)):
            _check_each(section, told.get(section), kind)
        return msgspec.convert(told, File)
    except OSError as error:
        raise Invalid(f"settings: cannot read {path} (FANFARE_CONFIG): {error.strerror}") from error
    except ValueError as error:
        raise Invalid(f"settings: {path}: {error}") from error


def _check_each(section: str, told: object, kind: type[Portal | Caller]) -> None:
    """Check the entries of a table one by one: msgspec does not say which of them is wrong."""
    for name, one in told.items() if isinstance(told, dict) else ():
        try:
            msgspec.convert(one, kind)
        except msgspec.ValidationError as error:
            raise ValueError(f"{section}.{name}: {error}") from error


def _check(told: File) -> None:
    """What types cannot say."""
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


def _secrets(told: File, environment: Mapping[str, str], folder: Path) -> dict[Secret, str]:
    wanted: dict[str, Secret] = {}
    for name, portal in told.portals.items():
        match portal.access:
            case Secret() as token:
                wanted[f"portals.{name}.token"] = token
            case OAuth() as app:
                wanted[f"portals.{name}.oauth.client_secret"] = app.client_secret
                wanted[f"portals.{name}.oauth.refresh_token"] = app.refresh_token
    for name, caller in told.callers.items():
        if caller.callback_secret:
            wanted[f"callers.{name}.callback_secret"] = caller.callback_secret
    found = {reference: secrets.read(where, reference, environment, folder) for where, reference in wanted.items()}
    for name, caller in told.callers.items():
        if caller.callback_secret and not secrets.signs(found[caller.callback_secret]):
            raise Invalid(f"settings: callers.{name}.callback_secret is not a whsec_ secret of Standard Webhooks")
    return found
