"""Jobs for the tests of the worker, and a worker in a hurry."""

import asyncio
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis

from workers.safe import SafeJob
from workers.worker import AsyncWorker

HERE = "tests.flows.worker_jobs"


class Surroundings(msgspec.Struct, frozen=True):
    """What a job finds in its process."""

    redis: Redis
    stopping: asyncio.Event


SURROUNDINGS: ContextVar[Surroundings] = ContextVar("surroundings")


class ExampleJob(SafeJob):
    """A safe job that may run the functions below."""

    allowed = frozenset(
        f"{HERE}.{name}" for name in ("note", "touch", "hold", "linger", "hang", "stay", "fail", "synchronous")
    )


async def note(text: str) -> None:
    """Say *text*."""
    await SURROUNDINGS.get().redis.rpush("noted", text)


async def touch(path: str) -> None:
    """Leave a file: for workers whose jobs find no surroundings."""
    await asyncio.to_thread(Path(path).touch)


async def stay(path: str) -> None:
    """Leave a file and take no notice of a stop."""
    await touch(path)
    await asyncio.Event().wait()


async def hold(name: str) -> None:
    """Say that it began, and end when `release:<name>` says so."""
    redis = SURROUNDINGS.get().redis
    await redis.rpush("begun", name)
    await redis.blpop([f"release:{name}"], timeout=4)
    await redis.rpush("ended", name)


async def linger() -> None:
    """End, saying so, when the process is told to stop."""
    found = SURROUNDINGS.get()
    await found.redis.rpush("begun", "linger")
    await found.stopping.wait()
    await found.redis.rpush("ended", "linger")


async def hang() -> None:
    """Take no notice of a stop."""
    await SURROUNDINGS.get().redis.rpush("begun", "hang")
    await asyncio.Event().wait()


async def fail() -> None:
    """Fail."""
    raise ArithmeticError("this job always fails")


def synchronous() -> None:
    """Be no coroutine."""


class HastyWorker(AsyncWorker):
    """A worker that gives its jobs no time to end, for RQ's command line, which cannot be told so."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 (whatever RQ's command line passes on)
        super().__init__(*arguments, grace=0.05, **options)
