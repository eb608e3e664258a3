"""What the settings take, what they refuse and in which words, and where secrets come from."""

from pathlib import Path

import pytest

from campaigns import settings
from campaigns.errors import Invalid
from campaigns.hubspot.tokens import Grant
from campaigns.quota import LIMITS
from campaigns.settings import OAuth, Portal, Secret, Settings

STATIC = 'token = { env = "TOKEN" }'
OAUTH = 'oauth = { client_id = "app", client_secret = { env = "SECRET" }, refresh_token = { file = "refresh" } }'
ENVIRONMENT = {"TOKEN": "pat-1", "SECRET": "s3cret", "EMPTY": " \n", "WHSEC": "whsec_c2VjcmV0"}


def read(folder: Path, portal: str = STATIC, caller: str = "") -> Settings:
    """The settings of an installation with the portal acme and the caller shop."""
    path = folder / "fanfare.toml"
    path.write_text(f'installation = "test"\n[portals.acme]\n{portal}\n[callers.shop]\n{caller}\n')
    return settings.read(ENVIRONMENT | {"FANFARE_CONFIG": str(path)})


def refusal(folder: Path, portal: str = STATIC, caller: str = "") -> str:
    """In which words the settings are refused."""
    with pytest.raises(Invalid) as raised:
        read(folder, portal, caller)
    return str(raised.value).replace(str(folder) + "/", "")


def with_oauth(**changes: str) -> str:
    """An app's settings, changed or, with "", left out."""
    told = {"client_id": '"app"', "client_secret": '{ env = "SECRET" }', "refresh_token": '{ env = "TOKEN" }'} | changes
    return "oauth = { " + ", ".join(f"{name} = {value}" for name, value in told.items() if value) + " }"


def test_a_static_token_may_be_in_the_environment_or_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pat-2\n")
    for portal, value in ((STATIC, "pat-1"), ('token = { file = "token" }', "pat-2")):
        told = read(tmp_path, portal)
        reference = told.portals["acme"].access
        assert isinstance(reference, Secret)
        assert told.secret(reference) == told.fresh(reference) == value


def test_a_secret_in_a_file_is_read_afresh(tmp_path: Path) -> None:
    """Service keys rotate: the file has the new one, and nobody starts the workers again."""
    reference = Secret(file="token")
    (tmp_path / "token").write_text("old\n")
    told = read(tmp_path, 'token = { file = "token" }')
    (tmp_path / "token").write_text("new\n")
    assert (told.secret(reference), told.fresh(reference)) == ("old", "new")
    (tmp_path / "token").unlink()
    with pytest.raises(OSError, match="token"):
        told.fresh(reference)


def test_an_app_has_its_secrets_in_the_environment_or_in_files(tmp_path: Path) -> None:
    (tmp_path / "refresh").write_text("refresh-1\n")
    told = read(tmp_path, OAUTH)
    app = told.portals["acme"].access
    assert isinstance(app, OAuth)
    assert told.grant(app) == Grant("app", "s3cret", "refresh-1")
    (tmp_path / "refresh").write_text("refresh-of-a-new-connection\n")
    assert told.grant(app).refresh_token == "refresh-of-a-new-connection"


@pytest.mark.parametrize(
    ("portal", "url"),
    [
        (with_oauth(), "https://api.hubapi.com/oauth/v1/token"),
        (with_oauth() + '\nbase_url = "http://127.0.0.1:8900/"', "http://127.0.0.1:8900/oauth/v1/token"),
        (with_oauth(url='"https://elsewhere.test/token"'), "https://elsewhere.test/token"),
    ],
)
def test_tokens_are_refreshed_at_the_portals_host_unless_told(tmp_path: Path, portal: str, url: str) -> None:
    assert read(tmp_path, portal).portals["acme"].token_url == url


def test_an_app_has_hubspots_limit_for_apps_unless_told() -> None:
    token, app = Secret(env="TOKEN"), OAuth("app", Secret(env="SECRET"), Secret(env="TOKEN"))
    assert Portal(token=token).limit == LIMITS["professional"]
    assert Portal(oauth=app).limit == LIMITS["oauth"]
    assert Portal(oauth=app, tier="enterprise").limit == LIMITS["enterprise"]


EITHER = "settings: fanfare.toml: portals.acme: there must be either `token` or `oauth`"
MISSING = "settings: fanfare.toml: portals.acme: Object missing required field"


@pytest.mark.parametrize(
    ("portal", "words"),
    [
        ("", EITHER),
        (f"{STATIC}\n{OAUTH}", EITHER),
        ("token = {}", "settings: fanfare.toml: portals.acme: a secret is either `env` or `file` - at `$.token`"),
        (
            'token = { env = "TOKEN", file = "t" }',
            "settings: fanfare.toml: portals.acme: a secret is either `env` or `file` - at `$.token`",
        ),
        ('token = "pat-1"', "settings: fanfare.toml: portals.acme: Expected `object | null`, got `str` - at `$.token`"),
        (
            f"token = {{ {OAUTH} }}",
            "settings: fanfare.toml: portals.acme: Object contains unknown field `oauth` - at `$.token`",
        ),
        ('token = { env = "NONE" }', "settings: portals.acme.token: the environment has no NONE"),
        ('token = { env = "EMPTY" }', "settings: portals.acme.token: EMPTY is empty"),
        ('token = { file = "none" }', "settings: portals.acme.token: cannot read none: No such file or directory"),
        (with_oauth(client_id=""), f"{MISSING} `client_id` - at `$.oauth`"),
        (with_oauth(client_secret=""), f"{MISSING} `client_secret` - at `$.oauth`"),
        (with_oauth(refresh_token=""), f"{MISSING} `refresh_token` - at `$.oauth`"),
        (
            with_oauth(client_id='""'),
            "settings: fanfare.toml: portals.acme: Expected `str` of length >= 1 - at `$.oauth.client_id`",
        ),
        (
            with_oauth(client_secret='{ env = "NONE" }'),
            "settings: portals.acme.oauth.client_secret: the environment has no NONE",
        ),
        (
            with_oauth(refresh_token='{ file = "none" }'),
            "settings: portals.acme.oauth.refresh_token: cannot read none: No such file or directory",
        ),
        (
            with_oauth(url='"hubspot.test/token"'),
            "settings: fanfare.toml: portals.acme: `oauth.url` is not an http or https address",
        ),
        (
            STATIC + '\nbase_url = "http://[::1"',
            "settings: fanfare.toml: portals.acme: `base_url` is not an http or https address",
        ),
        (
            STATIC + '\ntimezone = "Europe/Atlantis"',
            "settings: fanfare.toml: portals.acme: `timezone`: no zone 'Europe/Atlantis'",
        ),
    ],
)
def test_whatever_is_wrong_with_a_portal_is_named(tmp_path: Path, portal: str, words: str) -> None:
    assert refusal(tmp_path, portal) == words


@pytest.mark.parametrize(
    ("caller", "words"),
    [
        ('portals = ["acne"]', "settings: callers.shop.portals names 'acne', which is not a portal"),
        ('keys = ["x"]', "settings: fanfare.toml: callers.shop: Expected `str` matching regex"),
        (
            'callback_secret = { env = "TOKEN" }',
            "settings: callers.shop.callback_secret is not a whsec_ secret of Standard Webhooks",
        ),
        ('callback_ranges = ["10.0.0.1/8"]', "settings: callers.shop.callback_ranges: 10.0.0.1/8 has host bits set"),
    ],
)
def test_whatever_is_wrong_with_a_caller_is_named(tmp_path: Path, caller: str, words: str) -> None:
    assert refusal(tmp_path, caller=caller).startswith(words)


def test_a_signing_secret_is_kept_as_it_was_at_the_start(tmp_path: Path) -> None:
    told = read(tmp_path, caller='callback_secret = { env = "WHSEC" }')
    assert told.secret(Secret(env="WHSEC")) == "whsec_c2VjcmV0"


def test_a_file_that_is_no_text_holds_what_no_token_holds(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    told = read(tmp_path, 'token = { file = "token" }')
    assert not told.fresh(Secret(file="token")).isascii()


def test_settings_that_cannot_be_read_say_where_they_were_looked_for(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"cannot read .*nowhere.toml \(FANFARE_CONFIG\): No such file"):
        settings.read({"FANFARE_CONFIG": str(tmp_path / "nowhere.toml")})


@pytest.mark.parametrize("text", [b"= 1", b"\xff", b"portals = 1", b"installation = 'A'\nportals = {}\ncallers = {}"])
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "fanfare.toml"
    path.write_bytes(text)
    with pytest.raises(Invalid, match=r"fanfare\.toml: "):
        settings.read({"FANFARE_CONFIG": str(path)})
