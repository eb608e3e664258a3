"""What the bench's measures rest on: the no-op does all but calls to HubSpot, a drain counts what reached it."""

import os

import pytest

from bench import drain, noop
from bench.installation import installed, resident, until, worked


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_a_no_op_run_is_done_without_a_call_and_is_read_as_that() -> None:
    with installed() as installation:
        installation.programs.end("campaigns")
        installation.forget()
        installation.send(noop.BODY, 300)
        assert noop.work_off(installation) > 0
        assert not noop._not_done(installation)
        assert installation.hubspot.stats()["requests"] == 0


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_a_drain_is_told_as_it_was() -> None:
    with installed() as installation:
        installation.programs.end("campaigns")
        drained = drain.drain(installation, 10)
        campaigns = installation.hubspot.campaigns()
    assert [campaign["assets"] for campaign in campaigns] == 10 * [{"MARKETING_EMAIL": ["1", "2"]}]
    assert 20 < drained.calls <= 30
    assert drained.refused == 0
    assert drained.stored > 0


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_triggers_that_are_refused_are_no_measure() -> None:
    with installed() as installation, pytest.raises(ValueError, match="7 of 7 triggers were refused"):
        installation.send('{"type":"bench.unheard of","source":"urn:bench","id":"@"}', 7)


def test_a_process_has_memory_and_has_worked() -> None:
    assert resident(os.getpid()) > 1_000_000
    assert worked(os.getpid()) > 0


def test_what_does_not_come_is_told() -> None:
    with pytest.raises(TimeoutError, match="pigs fly"):
        until(lambda: False, "pigs fly", within=0.0)
