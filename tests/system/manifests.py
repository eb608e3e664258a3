"""The manifests as a cluster would get them: each overlay put together by kustomize, and the parts of it that tests ask for."""

import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # ships no types

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
OVERLAYS: Final = ("local", "staging", "production")
OURS: Final = ("service", "campaigns", "callbacks")

Thing = dict[str, Any]
"""One manifest."""


@cache
def rendered(overlay: str) -> tuple[Thing, ...]:
    """All manifests of *overlay*."""
    kubectl = Path(sys.executable).with_name("kubectl")
    done = subprocess.run(
        [kubectl, "kustomize", DEPLOY / "overlays" / overlay], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, *kinds: str) -> dict[str, Thing]:
    """The manifests of these kinds, by name."""
    return {one["metadata"]["name"]: one for one in rendered(overlay) if one["kind"] in kinds}


def pods(overlay: str) -> dict[str, Thing]:
    """The pod that each workload makes, by the workload's name."""
    workloads = of_kind(overlay, "Deployment", "StatefulSet")
    return {name: one["spec"]["template"]["spec"] for name, one in workloads.items()}


def containers(overlay: str) -> Iterator[tuple[str, Thing]]:
    """Every container, with the name of its workload."""
    for name, pod in pods(overlay).items():
        for container in pod["containers"]:
            yield name, container


def container(overlay: str, name: str) -> Thing:
    """The one container of the workload *name*."""
    (one,) = pods(overlay)[name]["containers"]
    return dict(one)


def told(container: Thing, secrets: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The environment of a container; what comes from a Secret out of *secrets*, by their keys."""
    return {one["name"]: one.get("value") or secrets.get(_key(one), "") for one in container.get("env", ())}


def _key(variable: Thing) -> str:
    return str(variable["valueFrom"]["secretKeyRef"]["key"])


def secrets_of(overlay: str) -> dict[str, str]:
    """What the Secrets that *overlay* brings hold."""
    found = of_kind(overlay, "Secret").values()
    return {key: b64decode(text).decode() for one in found for key, text in one["data"].items()}


def ports(container: Thing) -> dict[str, int]:
    """The ports of a container by name."""
    return {one["name"]: one["containerPort"] for one in container.get("ports", ())}


def probes(container: Thing) -> dict[str, Thing]:
    """The probes of a container that ask over HTTP: by kind, what they get."""
    kinds = ("startupProbe", "livenessProbe", "readinessProbe")
    return {kind: container[kind]["httpGet"] for kind in kinds if "httpGet" in container.get(kind, {})}


def composed() -> Thing:
    """The programs of compose.yaml by name."""
    found: Thing = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return found
