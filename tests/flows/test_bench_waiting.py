"""A backlog waits in Redis: a worker does not take it up, nor look through it in rounds."""

import pytest

from bench.rows import Row
from bench.waiting import compared


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_backlog_ten_times_as_long_costs_a_worker_no_command_and_no_memory_more() -> None:
    found = list(compared(10_000, rounds=1, seconds=6.0))
    print(*found, sep="\n")
    rows = [one for one in found if isinstance(one, Row)]
    assert len(rows) == 2
    assert all(row.ok for row in rows)
