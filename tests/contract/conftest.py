"""What holds for every contract test: a mark is no proof."""

from collections.abc import Iterator

import pytest

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
