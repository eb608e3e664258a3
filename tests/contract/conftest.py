"""What holds for every contract test: a mark is no proof."""

from collections.abc import Generator, Iterator

import pytest

from simulator.fixture import Running
from tests.contract.asked import ASKED
from tests.contract.seeds import ROWS, left_out


@pytest.fixture(autouse=True)
def _a_seed_leaves_its_request(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that is marked with a row and asks a simulator must have asked for the row's operation."""
    ASKED.forget()
    yield
    rows = [mark.args[0] for mark in request.node.iter_markers("seed")]
    guilty = [row for row in rows if ASKED.simulators and left_out(ROWS[row], ASKED.operations)]
    if guilty:
        pytest.fail(f"marked {', '.join(guilty)}, but asked the simulator only for {sorted(ASKED.operations)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, None, None]:
    """Note what a simulator that runs by itself was asked; those in the test's own process tell it themselves."""
    yield
    for value in item.funcargs.values() if item.get_closest_marker("seed") else ():
        if isinstance(value, Running):
            ASKED.take(value.stats())
