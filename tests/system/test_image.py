"""The images, built and run: what is in them, and that the programs in them work together and stop when told to."""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from cli.trial import TOKEN, Ports, Trial, lay_out
from tests.system.containers import BASE, Container, Containers, why_not

T = TypeVar("T")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MEGABYTE = 1_000_000
CAMPAIGNS = "http://127.0.0.1:8900/marketing/campaigns/2026-03"
VALKEY = ("--dir", "/tmp", "--appendonly", "yes", "--appendfsync", "always", "--save", "")  # noqa: S108 - the container's
AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def containers() -> Iterator[Containers]:
    reason = why_not()
    if reason and "FANFARE_TEST_ALL" in os.environ:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="containers-") as folder:
        here = Containers(Path(folder))
        try:
            here.stand_in()
            yield here
        finally:
            here.end()


@pytest.fixture(scope="module")
def product(containers: Containers) -> str:
    return containers.build("product")


@pytest.fixture(scope="module")
def simulator(containers: Containers) -> str:
    return containers.build("simulator")


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """Settings that the images' user may read, as Kubernetes mounts them."""
    found = lay_out(tmp_path, Ports())
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return found


def waited(question: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """The first answer that is enough; at most a minute is waited for it."""
    until = time.monotonic() + 60
    while not enough(answer := question()):
        assert time.monotonic() < until, answer
    return answer


def until_answers(container: Container, url: str) -> None:
    waited(lambda: (*container.ask("GET", url), container.log()), lambda answer: answer[0] == 200)


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


def test_a_trigger_becomes_a_campaign_and_every_program_stops_in_order(
    containers: Containers, product: str, simulator: str, trial: Trial
) -> None:
    """What Kubernetes runs, with what Kubernetes allows: a read-only root, no privileges, 256 MB."""
    redis = containers.start("redis", product, *VALKEY, entrypoint="valkey-server")
    hubspot = containers.start("hubspot", simulator, beside=redis)
    ours = {"FANFARE_REDIS_URL": "redis://127.0.0.1:6379/0", "HUBSPOT_TOKEN": TOKEN}
    folders = {trial.folder: "/etc/fanfare"}

    def started(name: str, *arguments: str, **told: str) -> Container:
        return containers.start(name, product, *arguments, beside=redis, environment={**ours, **told}, folders=folders)

    service = started("service")
    campaigns = started("campaigns", "work", "campaigns", FANFARE_HEALTH_PORT="8081")
    callbacks = started("callbacks", "work", "callbacks", FANFARE_HEALTH_PORT="8082")
    for port in (8080, 8081, 8082):
        for probe in ("livez", "startupz", "readyz"):
            until_answers(service, f"http://127.0.0.1:{port}/{probe}")

    wish = {"type": "campaign.requested", "source": "test", "id": "1", "portal": "acme"}
    status, accepted = service.ask(
        "POST",
        "http://127.0.0.1:8080/v1/triggers",
        wish | {"data": {"properties": {"hs_name": "Out of a container"}}},
        authorization=f"Bearer {trial.keys['shop']}",
    )
    assert status == 202, accepted
    made = waited(lambda: hubspot.ask("GET", "http://127.0.0.1:8900/_sim/campaigns")[1], bool)
    assert [one["properties"]["hs_name"] for one in made] == ["Out of a container"]
    stopped = {one.name: one.stop() for one in (service, campaigns, callbacks, hubspot, redis)}
    assert stopped == {"service": 0, "campaigns": 0, "callbacks": 0, "hubspot": 0, "redis": 0}


def test_the_product_image_holds_no_simulator_and_nothing_to_build_with(containers: Containers, product: str) -> None:
    alone = containers.start("bare", product, "300", entrypoint="sleep")
    assert alone.run("ls", "/opt/fanfare/programs").split() == ["campaigns", "cli", "service", "workers"]
    assert alone.run("sh", "-c", "command -v pip cc gcc make git curl || true") == ""
    absent = "from importlib.util import find_spec; print([n for n in ('pip', 'setuptools', 'pytest') if find_spec(n)])"
    assert alone.run("python", "-c", absent) == "[]"
    assert "Triggers in" in alone.run("fanfare", "--help")
