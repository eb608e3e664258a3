"""What is kept for long takes little room, and can be read as long as it is kept."""

import zlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.errors import Newer
from campaigns.model import Run
from campaigns.states import Done, Receipt
from campaigns.store.packing import packed, unpacked
from tests.builders import a_run


def an_ended_run() -> Run:
    run = a_run("k-1", subject="lamp")
    for step in run.steps:
        run = run.with_state(step.name, Done(Receipt("c-1")), 1_795_309_491_018)
    return run


@settings(deadline=None)  # the machine may be busy
@given(st.recursive(st.none() | st.integers(0, 2**53) | st.text(), lambda told: st.dictionaries(st.text(), told)))
def test_what_is_packed_is_read_again(told: object) -> None:
    assert msgspec.msgpack.decode(unpacked(packed(told))) == told


def test_an_ended_run_takes_less_than_half_of_what_it_takes_without_the_dictionary() -> None:
    run = an_ended_run()
    assert len(packed(run)) < len(zlib.compress(msgspec.msgpack.encode(run))) / 2


def test_what_only_a_newer_release_can_read_is_refused() -> None:
    with pytest.raises(Newer):
        unpacked(b"9 and what we cannot know")
