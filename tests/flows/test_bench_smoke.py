"""The bench in small: no commit may make acceptance or the worker much more work than they were."""

from collections.abc import Callable

import pytest

from bench.smoke import accepting, recorded, running, shortfall


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("measure", [accepting, running], ids=lambda measure: measure.__name__)
def test_work_stays_near_what_is_on_record(measure: Callable[[], tuple[float, ...]]) -> None:
    rounds = measure()
    print(measure.__name__, rounds)
    assert shortfall(measure.__name__, rounds, recorded()[measure.__name__]) is None
