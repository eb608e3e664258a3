"""The manifests of the local overlay and compose.yaml, run as they are by podman: a trigger comes to its callback."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types
from standardwebhooks import Webhook

from tests.system.containers import Container, Containers
from tests.system.manifests import DEPLOY, Thing, of_kind, rendered, secrets_of, told
from tests.system.patience import until_answers, waited

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("images")]

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


def played() -> Iterator[Thing]:
    """What `podman play kube` makes of the local overlay: it knows neither Services nor StatefulSets.

    So each pod has the name of the Service that leads to it. What it makes of Secrets differs from version to version: here
    they are ConfigMaps. It publishes ports, which two pods have in common: here none are.
    """
    yield from of_kind("local", "ConfigMap").values()
    for name in of_kind("local", "Secret"):
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": SECRETS}
    for one in rendered("local"):
        if one["kind"] not in {"Deployment", "StatefulSet"}:
            continue
        pod: dict[str, Any] = json.loads(json.dumps(one["spec"]["template"]["spec"]))
        for container in pod["containers"]:
            container["env"] = [{"name": name, "value": text} for name, text in told(container, SECRETS).items()]
            container.pop("ports")
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


SECRETS = secrets_of("local")


def comes_to_its_callback(containers: Containers, network: str, service: Container, product: str) -> None:
    """Send a trigger to *service* and have its status posted to a receiver beside it."""
    until_answers(service, "http://127.0.0.1:8080/readyz")
    receiver = containers.start("receiver", product, "-c", RECEIVER, entrypoint="python", network=network)
    try:
        trigger = TRIGGER | {"callbackurl": "http://receiver:8080/status"}
        url = "http://127.0.0.1:8080/v1/triggers"
        status, accepted = service.ask("POST", url, trigger, authorization="Bearer local-only")
        assert status == 202, accepted
        headers, body = json.loads(waited(receiver.log, bool))
    finally:
        containers.podman("rm", "--force", "--time=0", receiver.name)
    posted = Webhook(SECRETS["shop-whsec"].strip()).verify(body, headers)
    assert (posted["type"], posted["run"]["id"]) == ("run.done", accepted["id"])


@pytest.mark.usefixtures("simulator")
def test_the_pods_of_the_local_overlay_take_a_trigger_to_its_callback(
    containers: Containers, product: str, tmp_path: Path
) -> None:
    pods = tmp_path / "pods.yaml"
    pods.write_text(yaml.safe_dump_all(played()))
    with containers.networks():
        containers.podman("network", "create", "pods")
        try:
            containers.podman("play", "kube", "--network=pods", str(pods))
            comes_to_its_callback(containers, "pods", Container(containers, "service-service"), product)
        finally:
            containers.podman("play", "kube", "--down", str(pods))
            containers.podman("network", "rm", "--force", "pods")


@pytest.mark.usefixtures("simulator")
def test_what_compose_starts_takes_a_trigger_to_its_callback(containers: Containers, product: str) -> None:
    here = ("--file", str(DEPLOY / "compose.yaml"))
    with containers.networks():
        try:
            containers.compose(*here, "up", "--detach")
            comes_to_its_callback(containers, "fanfare_default", Container(containers, "fanfare_service_1"), product)
        finally:
            containers.compose(*here, "down", "--volumes")
