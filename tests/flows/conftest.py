"""The simulator that flows share, one for each file; it is empty and does what it should when a test begins."""

from collections.abc import Iterator

import pytest

from simulator.fixture import Running, running


@pytest.fixture(scope="module")
def simulated() -> Iterator[Running]:
    """One simulator for a file of tests."""
    with running() as simulator:
        yield simulator


@pytest.fixture
def hubspot(simulated: Running) -> Running:
    """The file's simulator, empty, and wide enough that nothing waits for the quota."""
    simulated.reset()
    simulated.limit(per_10s=5_000)
    return simulated
