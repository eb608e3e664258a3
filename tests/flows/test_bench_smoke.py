"""The bench in small: no commit may make a run much dearer than it was: in work, in calls and in bytes."""

from collections.abc import Callable

import pytest

from bench.smoke import accepting, calling, recorded, running, shortfall, storing


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("measure", [accepting, running, calling, storing], ids=lambda measure: measure.__name__)
def test_a_run_stays_near_what_is_on_record(measure: Callable[[], tuple[float, ...]]) -> None:
    rounds = measure()
    print(measure.__name__, rounds)
    assert shortfall(measure.__name__, rounds, recorded()[measure.__name__]) is None
