"""Many portals in one process: one that is slow and one that is down keep nobody else waiting."""

import pytest

from bench.portals import measured
from bench.rows import Row


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_others_wait_no_longer_for_one_portal_that_is_slow_and_one_that_is_down() -> None:
    """Two hundred others; the best of three rounds, as a shared machine stalls now and then."""
    *told, row = measured(200, rounds=3, triggers=150, backlog=700)
    print(*told, sep="\n")
    assert isinstance(row, Row)
    assert row.void is None
    assert min(row.rounds) <= 5, row
