"""Images, built once for all tests that run them."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.containers import Containers, forbidden, lacking


@pytest.fixture(scope="session")
def containers() -> Iterator[Containers]:
    """Podman with the base image in it."""
    if reason := lacking():
        (pytest.fail if "FANFARE_TEST_ALL" in os.environ else pytest.skip)(reason)
    if reason := forbidden():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="containers-") as folder:
        here = Containers(Path(folder))
        try:
            here.stand_in()
            yield here
        finally:
            here.end()


@pytest.fixture(scope="session")
def product(containers: Containers) -> str:
    """The name of the product's image."""
    return containers.build("product")


@pytest.fixture(scope="session")
def simulator(containers: Containers) -> str:
    """The name of the simulator's image."""
    return containers.build("simulator")
