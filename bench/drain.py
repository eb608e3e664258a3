"""Drains at HubSpot's limit: how close to the least possible time, with how many calls, and what is left in Redis.

Every trigger asks for a campaign with two assets. The simulator answers after 150 ms and refuses beyond 190 calls in
any ten seconds, strict to the millisecond. The clock runs from the first trigger until the last run has ended.

The least possible time takes every place of the quota as soon as it is free: N = ceil(n / 50) + 2 n calls, 190 in each
ten seconds, and the last run's last two steps one after the other.
"""

import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from math import ceil
from typing import Final

import msgspec

from bench.installation import Installation, installed, until
from bench.load import BODY
from bench.rows import Row
from campaigns.hubspot.wire import MOST_IN_A_BATCH

LATENCY: Final = 150
"""Milliseconds: what HubSpot takes."""

PER_10S: Final = 190
NO_LIMIT: Final = 1_000_000
ASSETS: Final = 2
ROUNDS: Final = 3

SHORT: Final = 200
"""Twenty seconds: enough to see how creates gather."""

LONG: Final = 2_000

WARM: Final = 10
"""Runs before those that count: scripts and what else Redis keeps once for all are there."""

MOST_CALLS: Final = 0.03
MOST_BYTES: Final = 2_048
LEAST_SHARE: Final = 0.95

SHORT_LIVED: Final = 24 * 60 * 60
"""Seconds: what is gone after a day is not the cost of a run that is kept for a month."""

WORTH_TELLING: Final = 1_000
"""Bytes: smaller keys are there once, not for each run."""

TWO_ASSETS: Final = BODY.replace('{"type": "MARKETING_EMAIL", "id": "1"}', "%s") % ", ".join(
    f'{{"type": "MARKETING_EMAIL", "id": "{number}"}}' for number in range(1, ASSETS + 1)
)


class Drained(msgspec.Struct, frozen=True):
    """What a drain came to.

    Attributes:
        runs: all of them have ended.
        calls: all that reached HubSpot.
        refused: those of them that were beyond its limit.
        stored: bytes in Redis.

    """

    runs: int
    seconds: float
    calls: int
    refused: int
    stored: int

    @property
    def share(self) -> float:
        """The least possible time over the time that it took."""
        return least_seconds(self.runs) / self.seconds

    @property
    def calls_each(self) -> float:
        """Calls per campaign besides those for its assets."""
        return (self.calls - ASSETS * self.runs) / self.runs

    @property
    def bytes_each(self) -> float:
        """Bytes in Redis per run."""
        return self.stored / self.runs


def least_calls(runs: int) -> int:
    """The least number of calls with which so many runs can be drained."""
    return ceil(runs / MOST_IN_A_BATCH) + ASSETS * runs


def least_seconds(runs: int) -> float:
    """The least time in which so many runs can be drained."""
    return (least_calls(runs) - 1) / PER_10S * 10 + ASSETS * LATENCY / 1000


def short() -> Iterator[Row | str]:
    """What a short drain shows."""
    drained = yield from _drains(SHORT)
    void = _void(drained)
    calls = tuple(one.calls_each for one in drained)
    yield Row("calls to HubSpot per campaign, less its assets", calls, most=MOST_CALLS, void=void)
    kept = tuple(one.bytes_each for one in drained)
    yield Row("Redis per ended run", kept, most=MOST_BYTES, unit="bytes", void=void)


def long() -> Iterator[Row | str]:
    """What a long drain shows."""
    drained = yield from _drains(LONG)
    shares = tuple(one.share for one in drained)
    yield Row(f"drain of {LONG:,}, least possible time / ours", shares, least=LEAST_SHARE, void=_void(drained))
    calls = tuple(one.calls_each for one in drained)
    yield Row(f"drain of {LONG:,}, calls per campaign less its assets", calls, most=MOST_CALLS)


def _void(drained: list[Drained]) -> str | None:
    refused = sum(one.refused for one in drained)
    return f"{refused} calls met a 429" if refused else None


def _drains(runs: int) -> Generator[str, None, list[Drained]]:
    with installed() as installation:
        installation.programs.end("campaigns")
        drain(installation, WARM)
        drained = [drain(installation, runs) for _ in range(ROUNDS)]
        sizes = ", ".join(f"{name} {size / runs:,.0f}" for name, size in _sizes(installation).items())
    for one in drained:
        yield (
            f"drain, {one.runs:,} runs: {one.seconds:.1f} s of at least {least_seconds(one.runs):.1f} s"
            f" ({one.share:.2f}), {one.calls:,} calls, {one.refused} of them refused"
        )
    yield f"drain, bytes in Redis per ended run, by key: {sizes}"
    return drained


def drain(installation: Installation, runs: int) -> Drained:
    """Drain so many runs on an installation whose campaigns worker does not run."""
    installation.forget()
    installation.hubspot.plan({"do": "delay", "delay_ms": LATENCY})
    installation.hubspot.limit(per_10s=PER_10S)
    empty = installation.memory()
    with _at_work(installation):
        installation.programs.until_ready()
        began = time.monotonic()
        installation.send(TWO_ASSETS, runs)
        _until_ended(installation, runs)
        seconds = time.monotonic() - began
    return _drained(installation, runs, seconds, empty)


def drain_backlog(installation: Installation, runs: int) -> Drained:
    """Drain so many runs that all wait when the campaigns worker starts, at a HubSpot that answers at once."""
    installation.forget()
    installation.hubspot.limit(per_10s=NO_LIMIT)
    empty = installation.memory()
    installation.send(TWO_ASSETS, runs)
    began = time.monotonic()
    with _at_work(installation):
        _until_ended(installation, runs)
        seconds = time.monotonic() - began
    return _drained(installation, runs, seconds, empty)


@contextmanager
def _at_work(installation: Installation) -> Iterator[None]:
    installation.programs.start("campaigns")
    try:
        yield
    finally:
        installation.programs.end("campaigns")


def _until_ended(installation: Installation, runs: int) -> None:
    until(lambda: installation.ended() >= runs, f"{runs} runs end", within=60 + 2 * least_seconds(runs))


def _drained(installation: Installation, runs: int, seconds: float, empty: int) -> Drained:
    stats = installation.hubspot.stats()
    refused = int(stats["by_status"].get("429", 0))
    return Drained(runs, seconds, stats["requests"], refused, stored(installation) - empty)


def stored(installation: Installation) -> int:
    """Bytes in Redis, without what is gone after a day."""
    redis = installation.redis
    for key in list(redis.scan_iter(count=10_000)):
        if 0 <= redis.ttl(key) <= SHORT_LIVED:
            redis.delete(key)
    return installation.memory()


def _sizes(installation: Installation) -> dict[str, int]:
    """Bytes by the beginning of the keys, the largest first; the tables in which the keys stand are not in them."""
    redis = installation.redis
    sizes: Counter[str] = Counter()
    for key in redis.scan_iter(count=10_000):
        sizes[key.decode().split(":")[1]] += redis.memory_usage(key, samples=0) or 0
    return {name: size for name, size in sizes.most_common() if size >= WORTH_TELLING}
