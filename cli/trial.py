"""A trial installation on this machine: settings, keys and secrets for two callers and one simulated portal."""

import hashlib
import os
import secrets
import shutil
from base64 import b64encode
from pathlib import Path
from typing import Final

import msgspec

EXAMPLES: Final = Path(__file__).parents[1] / "examples"
CALLERS: Final = ("shop", "events")
TOKEN: Final = "pat-test"  # noqa: S105 - the simulator's, which opens nothing

_SETTINGS: Final = """\
# Made for a trial on this machine; see docs/settings.md for an installation of your own.
installation = "trial"

[portals.acme]
base_url = "http://127.0.0.1:{simulator}"
timezone = "Europe/Berlin"
settle = {settle}          # seconds; the simulator shows at once what it made
call_deadline = {call_deadline}
token = {{ env = "HUBSPOT_TOKEN" }}
"""

_CALLER: Final = """
[callers.{name}]
keys = ["sha256:{digest}"]
portals = ["acme"]
rights = ["send", "read", "operate"]
callback_hosts = ["127.0.0.1"]
callback_ranges = ["127.0.0.0/8"]
callback_secret = {{ file = "keys/{name}.whsec" }}
"""


class Ports(msgspec.Struct, frozen=True):
    """Where the programs listen."""

    service: int = 8080
    campaigns: int = 8081
    callbacks: int = 8082
    simulator: int = 8900


class Trial(msgspec.Struct, frozen=True):
    """A trial installation.

    Attributes:
        environment: what its programs are started with.
        keys: each caller's API key.
        secrets: what each caller verifies its callbacks with.

    """

    folder: Path
    ports: Ports
    environment: dict[str, str]
    keys: dict[str, str]
    secrets: dict[str, str]


def lay_out(folder: Path, ports: Ports, *, settle: float = 2.0, call_deadline: float = 10.0) -> Trial:
    """Write what a trial needs into *folder*; keys that are there stay.

    Args:
        folder: what the programs keep.
        ports: where they listen.
        settle: of the simulated portal, seconds.
        call_deadline: likewise.

    """
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    keys = {name: _kept(folder / "keys" / name, f"ff_{secrets.token_urlsafe(24)}") for name in CALLERS}
    signing = {name: _kept(folder / "keys" / f"{name}.whsec", _signing_secret()) for name in CALLERS}
    callers = (_CALLER.format(name=name, digest=hashlib.sha256(key.encode()).hexdigest()) for name, key in keys.items())
    portal = _SETTINGS.format(simulator=ports.simulator, settle=settle, call_deadline=call_deadline)
    (folder / "fanfare.toml").write_text(portal + "".join(callers))
    shutil.copytree(EXAMPLES, folder / "recipes", dirs_exist_ok=True, ignore=lambda _, names: _no_recipes(names))
    environment = {
        **os.environ,
        "FANFARE_CONFIG": str(folder / "fanfare.toml"),
        "FANFARE_DATA": str(folder),
        "HUBSPOT_TOKEN": TOKEN,
    }
    return Trial(folder, ports, environment, keys, signing)


def _kept(path: Path, text: str) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(text + "\n")
    return path.read_text().strip()


def _signing_secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()


def _no_recipes(names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".toml")}
