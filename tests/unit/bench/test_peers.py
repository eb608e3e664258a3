import re
from pathlib import Path

import pytest

from bench.peers.compared import HERE
from bench.peers.known import PEERS

REQUIREMENTS = sorted((HERE / "requirements").glob("*.txt"))


def test_every_peer_has_its_program_and_its_locked_environment() -> None:
    for peer in PEERS:
        assert (HERE / f"with_{peer.environment}.py").exists()
        assert HERE / "requirements" / f"{peer.environment}.txt" in REQUIREMENTS


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.stem)
def test_what_a_peer_needs_is_pinned_with_hashes_and_names_no_place_to_get_it(path: Path) -> None:
    wanted = re.split(r"\n(?=\S)", path.read_text().strip())
    packages = [one for one in wanted if not one.startswith(("#", " "))]
    assert packages
    assert all("==" in one and "--hash=sha256:" in one for one in packages)
    assert "://" not in path.read_text()


@pytest.mark.parametrize("peer", sorted({peer.environment for peer in PEERS}))
def test_every_peers_program_links_the_page_that_it_follows(peer: str) -> None:
    assert "https://" in (HERE / f"with_{peer}.py").read_text()
