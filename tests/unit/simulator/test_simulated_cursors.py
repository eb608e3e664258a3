from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import cursors
from simulator.answers import Refused


def test_a_cursor_is_handed_out_percent_encoded() -> None:
    """Recorded: after two rows HubSpot hands out `Mg%3D%3D`, the base64 of 2."""
    assert cursors.encode(2) == "Mg%3D%3D"


@pytest.mark.seed("G14")
def test_the_cursor_of_the_guide_with_its_newline_is_read() -> None:
    assert cursors.decode(unquote("NTI1Cg%3D%3D")) == 525


@given(st.integers(min_value=0, max_value=10**13))
def test_a_cursor_decoded_once_is_read_back(number: int) -> None:
    assert cursors.decode(unquote(cursors.encode(number))) == number


@pytest.mark.parametrize("after", ["Mg%3D%3D", "Mg", "!!", "LTE=", "YWJj", "é"])
def test_what_is_no_cursor_is_refused(after: str) -> None:
    """Percent-encoded still, cut short, no base64, a negative number, a word, no ASCII."""
    with pytest.raises(Refused, match="Invalid after"):
        cursors.read(after, first=0)


def test_no_cursor_is_the_first_page() -> None:
    assert [cursors.read(after, first=-1) for after in (None, "")] == [-1, -1]
