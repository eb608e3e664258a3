"""The manifests are what Kubernetes takes, and say what the code says: commands, ports, probes, queues, names, keys."""

import inspect
import os
import re
import tomllib
from pathlib import Path
from typing import get_args

import jsonschema  # type: ignore[import-untyped]  # ships no types
import kubernetes_validate  # type: ignore[import-untyped]  # likewise
import msgspec
import pytest
import yaml  # type: ignore[import-untyped]  # likewise
from typer.core import TyperGroup
from typer.main import get_command

from campaigns import keys
from campaigns.queue import QueueName
from campaigns.settings import File, Secret
from cli.main import app
from service.app import create_app
from tests.settings import some_settings
from tests.system import metrics
from tests.system.manifests import (
    DEPLOY,
    OURS,
    OVERLAYS,
    Thing,
    composed,
    container,
    containers,
    of_kind,
    pods,
    ports,
    probes,
    rendered,
    secrets_of,
    told,
)
from workers import health

ROOT = DEPLOY.parent
KUBERNETES = "1.36"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
DEFINITIONS = Path(os.environ.get("HUBSPOT_OPENAPI", "")) / "keda"
SECRETS = "/run/secrets/fanfare/"

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def settings_text(overlay: str) -> str:
    (found,) = (one for one in rendered(overlay) if one["metadata"]["name"].startswith("settings-"))
    return str(found["data"]["fanfare.toml"])


def settings_of(overlay: str) -> File:
    return msgspec.convert(tomllib.loads(settings_text(overlay)), File)


def secrets_in(settings: File) -> set[Secret]:
    wanted = {portal.token for portal in settings.portals.values()}
    wanted |= {caller.callback_secret for caller in settings.callers.values()}
    return {one for one in wanted if one is not None}


@every_overlay
def test_kubernetes_takes_every_manifest_and_knows_every_word_in_it(overlay: str) -> None:
    own = [one for one in rendered(overlay) if not re.search(r"keda|coreos", one["apiVersion"])]
    for one in own:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
    assert len(own) > 10


def test_a_misspelt_word_is_no_manifest() -> None:
    wrong = of_kind("local", "Service")["service"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong | {"spec": {**wrong["spec"], "selectr": {}}}, KUBERNETES, strict=True)


@pytest.mark.skipif(not DEFINITIONS.is_dir(), reason="HUBSPOT_OPENAPI names no folder with KEDA's definitions")
@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_keda_takes_what_scales_the_workers(overlay: str) -> None:
    schemas = {}
    for path in DEFINITIONS.glob("*.yaml"):
        definition = yaml.safe_load(path.read_text())
        schemas[definition["spec"]["names"]["kind"]] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    own = [one for one in rendered(overlay) if one["apiVersion"].startswith("keda")]
    assert {one["kind"] for one in own} == {"ScaledObject", "TriggerAuthentication"}
    for one in own:
        jsonschema.validate(one, closed(schemas[one["kind"]]))


def closed(schema: object) -> object:
    """A schema that takes no word which it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    bounded = {name: closed(part) for name, part in schema.items()}
    if "properties" in schema and schema["properties"].keys() != {"apiVersion", "kind"}:
        bounded.setdefault("additionalProperties", False)
    return bounded


@every_overlay
def test_every_pod_obeys_the_restricted_standard_and_more(overlay: str) -> None:
    namespace = of_kind(overlay, "Namespace")["fanfare"]["metadata"]["labels"]
    assert namespace["pod-security.kubernetes.io/enforce"] == "restricted"
    for name, pod in pods(overlay).items():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["runAsUser"] == 10001, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
    for name, one in containers(overlay):
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert {"cpu", "memory", "ephemeral-storage"} == set(one["resources"]["requests"]), name
        assert {"memory", "ephemeral-storage"} == set(one["resources"]["limits"]), name


@every_overlay
def test_the_images_are_those_of_this_version(overlay: str) -> None:
    assert {one["image"] for _, one in containers(overlay)} <= {f"fanfare:{VERSION}", f"fanfare-simulator:{VERSION}"}
    assert {one["image"] for one in composed().values()} == {f"fanfare:{VERSION}", f"fanfare-simulator:{VERSION}"}


@pytest.mark.parametrize("place", [*OVERLAYS, "compose"])
@pytest.mark.parametrize("name", OURS)
def test_every_program_is_started_by_a_command_that_there_is(place: str, name: str) -> None:
    command, *arguments = composed()[name]["command"] if place == "compose" else container(place, name)["args"]
    there = get_command(app)
    assert isinstance(there, TyperGroup)
    context = there.commands[command].make_context(command, list(arguments))
    assert command == ("serve" if name == "service" else "work")
    assert context.params.get("queue", name) == name
    assert context.params.get("host", "0.0.0.0") == "0.0.0.0"


@every_overlay
def test_there_are_workers_for_every_queue(overlay: str) -> None:
    at_work = {one["args"][1] for _, one in containers(overlay) if one.get("args", [""])[0] == "work"}
    assert at_work == set(get_args(QueueName))


@every_overlay
def test_probes_ask_what_is_answered_where_it_is_answered(overlay: str) -> None:
    for name in OURS:
        one = container(overlay, name)
        paths = {kind: asked["path"] for kind, asked in probes(one).items()}
        assert paths == {"startupProbe": "/startupz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
        (port,) = ports(one).values()
        assert {ports(one)[asked["port"]] for asked in probes(one).values()} == {port}
        listens = one["args"][-1] if name == "service" else told(one)["FANFARE_HEALTH_PORT"]
        assert str(port) == listens


def test_the_service_answers_the_paths_of_the_probes(redis_url: str) -> None:
    paths = {route.path for route in create_app(some_settings(redis_url)).routes}
    assert {"/livez", "/readyz", "/startupz", "/metrics"} <= paths


def test_workers_answer_the_paths_of_their_probes() -> None:
    """They do in tests/system/test_image.py, and here as far as it can be seen without a worker."""
    answered = set(re.findall(r'"(/\w+)"', inspect.getsource(health)))
    assert {"/livez", "/readyz", "/startupz", "/metrics"} <= answered


@pytest.mark.parametrize("place", [*OVERLAYS, "compose"])
def test_every_variable_is_one_that_is_read(place: str) -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    known = set(re.findall(r"^\| `(FANFARE_\w+)` \|", page, re.MULTILINE))
    given = [one.get("environment", {}) for one in composed().values()]
    if place != "compose":
        given = [told(one) for _, one in containers(place)]
    assert {name for one in given for name in one} == known - {"FANFARE_DATA"}


@every_overlay
def test_the_settings_are_ones_that_programs_start_with(overlay: str) -> None:
    settings = settings_of(overlay)
    files = {one.file for one in secrets_in(settings)}
    assert files
    assert all(file is not None and file.startswith(SECRETS) for file in files)
    for name in OURS:
        mounts = {one["mountPath"]: one["name"] for one in container(overlay, name)["volumeMounts"]}
        volumes = {one["name"]: one for one in pods(overlay)[name]["volumes"]}
        assert Path(told(container(overlay, name))["FANFARE_CONFIG"]) == Path("/etc/fanfare/fanfare.toml")
        assert volumes[mounts["/etc/fanfare"]]["configMap"]["name"].startswith("settings-")
        assert volumes[mounts[SECRETS.rstrip("/")]]["secret"]["secretName"].startswith("fanfare")


def test_the_local_installation_is_complete() -> None:
    """Its Redis, its simulator and its secrets are where its settings say."""
    assert {f"{SECRETS}{key}" for key in secrets_of("local")} >= {one.file for one in secrets_in(settings_of("local"))}
    services = of_kind("local", "Service")
    portal = settings_of("local").portals["acme"]
    (port,) = services["simulator"]["spec"]["ports"]
    assert portal.base_url == f"http://simulator:{port['port']}"
    assert services["redis"]["spec"]["ports"][0]["port"] == 6379


def test_compose_mounts_the_settings_and_secrets_of_the_local_overlay() -> None:
    assert {"redis", "simulator", *OURS} == set(composed())
    for name in OURS:
        mounts = (one.split(":") for one in composed()[name]["volumes"])
        mounted = {there: (DEPLOY / here).read_text() for here, there, _ in mounts}
        assert mounted[composed()[name]["environment"]["FANFARE_CONFIG"]] == settings_text("local")
        wanted = {one.file for one in secrets_in(settings_of("local"))}
        assert {file: mounted[file] for file in wanted if file} == {
            f"{SECRETS}{key}": text for key, text in secrets_of("local").items() if f"{SECRETS}{key}" in wanted
        }


@every_overlay
def test_every_service_leads_to_a_port_of_a_pod(overlay: str) -> None:
    for name, service in of_kind(overlay, "Service").items():
        assert service["spec"]["selector"] == {"app.kubernetes.io/component": name}
        (port,) = service["spec"]["ports"]
        assert port["targetPort"] in ports(container(overlay, name))


@every_overlay
def test_the_ports_that_the_network_lets_in_are_those_that_are_listened_on(overlay: str) -> None:
    listening = {name: set(ports(one).values()) for name, one in containers(overlay)}
    for name, policy in of_kind(overlay, "NetworkPolicy").items():
        let_in = {one["port"] for rule in policy["spec"].get("ingress", ()) for one in rule["ports"]}
        for component in chosen(policy["spec"]["podSelector"]):
            assert let_in <= listening[component], name


def chosen(selector: Thing) -> set[str]:
    """The components that *selector* chooses by name."""
    by_expression = {value for one in selector.get("matchExpressions", ()) for value in one["values"]}
    return by_expression | set(selector.get("matchLabels", {}).values())


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_prometheus_asks_every_program_where_it_answers_and_may_do_so(overlay: str) -> None:
    monitors = of_kind(overlay, "ServiceMonitor", "PodMonitor").values()
    asked = {component for one in monitors for component in chosen(one["spec"]["selector"])}
    assert asked == set(OURS)
    for one in monitors:
        (endpoint,) = one["spec"].get("endpoints") or one["spec"]["podMetricsEndpoints"]
        assert endpoint["path"] == "/metrics"
        for component in chosen(one["spec"]["selector"]):
            assert endpoint["port"] in ports(container(overlay, component))
    scraped = (one for name, one in of_kind(overlay, "NetworkPolicy").items() if name.endswith("-scraped"))
    assert {component for one in scraped for component in chosen(one["spec"]["podSelector"])} == set(OURS)


@every_overlay
def test_nothing_goes_in_or_out_unless_a_policy_says_so(overlay: str) -> None:
    nothing = of_kind(overlay, "NetworkPolicy")["nothing"]["spec"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    outside = of_kind(overlay, "NetworkPolicy")["outside"]["spec"]["egress"][0]["to"][0]["ipBlock"]["except"]
    assert "169.254.0.0/16" in outside, "the addresses of the cloud's own services"


@every_overlay
def test_whoever_asks_hubspot_may_reach_it(overlay: str) -> None:
    """Workers, and the service for a campaign that is bound to a subject or compared with what triggers have set."""
    policies = of_kind(overlay, "NetworkPolicy")
    way = policies["to-simulator" if overlay == "local" else "outside"]
    assert {"service", "campaigns"} <= chosen(way["spec"]["podSelector"])


@every_overlay
def test_every_program_has_the_time_that_its_end_takes(overlay: str) -> None:
    (longest,) = (one for one in msgspec.inspect.type_info(File).fields if one.name == "portals")  # type: ignore[attr-defined]
    deadline = next(one for one in longest.type.value_type.fields if one.name == "call_deadline").type.le
    for name in get_args(QueueName):
        assert pods(overlay)[name]["terminationGracePeriodSeconds"] > deadline
        assert "lifecycle" not in container(overlay, name)
    pause = container(overlay, "service")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pods(overlay)["service"]["terminationGracePeriodSeconds"] >= pause + 20


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_processes_are_added_for_portals_and_lateness_never_for_runs(overlay: str) -> None:
    scaled = of_kind(overlay, "ScaledObject")["campaigns"]["spec"]
    triggers: dict[str, Thing] = {one["name"]: one["metadata"] for one in scaled["triggers"]}
    assert set(triggers) == {"lateness", "portals"}
    assert triggers["portals"]["listName"] == keys.PREFIXES["due"]
    assert triggers["lateness"]["ignoreNullValues"] == "false"
    (metric,) = re.findall(r"fanfare_\w+", triggers["lateness"]["query"])
    assert metric in metrics.all_samples()
    assert scaled["minReplicaCount"] >= 2
    assert "replicas" not in of_kind(overlay, "Deployment")["campaigns"]["spec"], "KEDA's number, not ours"
    assert "replicas" not in of_kind(overlay, "Deployment")["service"]["spec"], "the HorizontalPodAutoscaler's"
