"""The order of runs in a lane."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import Invalid
from campaigns.lanes import MOST_SEQUENCE, order

places = st.tuples(st.integers(0, MOST_SEQUENCE), st.integers(0, 10**14 - 1))


@given(places, places)
def test_orders_compare_as_text_as_sequence_and_time_compare_as_numbers(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    assert (order(*one) < order(*other)) == (one < other)


@pytest.mark.parametrize(("sequence", "time"), [(-1, 0), (MOST_SEQUENCE + 1, 0), (0, -1), (0, 10**14)])
def test_what_cannot_be_ordered_is_refused(sequence: int, time: int) -> None:
    with pytest.raises(Invalid):
        order(sequence, time)
