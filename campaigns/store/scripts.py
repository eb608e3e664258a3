"""The Lua scripts: read from `lua/`, given the keys and spans of `keys.py`, and run by name."""

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, cast

import msgspec
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError

from campaigns import keys
from campaigns.errors import StoreFull, Unavailable

ScriptName = Literal[
    "accept",
    "take",
    "renew",
    "share",
    "claim",
    "send",
    "answered",
    "take_place",
    "park",
    "unpark",
    "pause",
    "parked",
    "ghosts",
    "save_ghosts",
    "shown_ghosts",
    "birth",
    "begin_epoch",
    "epoch",
    "save_found",
    "found",
    "save",
    "finish",
    "bind",
    "cancel",
    "reopen",
    "applied",
    "number_at",
    "begin_bulk",
    "take_bulk",
    "leave_bulk",
    "bulk",
    "release",
    "sweep",
    "census",
    "trim",
    "claim_callbacks",
    "expect_callbacks",
    "save_callbacks",
    "yield_callbacks",
    "list_callbacks",
    "replay",
    "read_access",
    "begin_refresh",
    "keep_access",
    "end_refresh",
]

RUNS_WHEN_FULL: Final = "#!lua flags=allow-oom\n"
"""A full memory keeps new runs out; those that are open go on and end, which makes room."""

REFUSED_WHEN_FULL: Final = "#!lua\n"

_SPANS: Final = {
    "LEASE": keys.LEASE,
    "CALL": keys.CALL,
    "QUOTA": keys.QUOTA,
    "SHOWN": keys.SHOWN,
    "RECOVERED": keys.RECOVERED,
    "SUBJECT": keys.SUBJECT,
    "REFRESHING": keys.REFRESHING,
    "REFRESH": keys.REFRESH,
    "VERB": keys.DAY,
    "HOUR": keys.HOUR,
}


LONGEST_WAIT: Final = 1_000
"""Milliseconds for replicas to confirm what a script has written; they take one or two."""


@cache
def source(name: ScriptName) -> str:
    """The whole text of a script: its flags, the names of keys and spans, what all share, and its own part."""
    folder = files("campaigns.store") / "lua"
    own = (folder / f"{name}.lua").read_text()
    prelude = (folder / "prelude.lua").read_text()
    flags = REFUSED_WHEN_FULL if name == "accept" else RUNS_WHEN_FULL
    told = "".join(f"  {short} = '{prefix}',\n" for short, prefix in keys.PREFIXES.items())
    spans = "".join(f"local {span} = {length}\n" for span, length in _SPANS.items())
    return f"{flags}local KEY = {{\n{told}}}\n{spans}{prelude}\n{own}"


PASSING: Final = ("NOREPLICAS", "MISCONF", "BUSY")
"""How Redis begins what it answers to a script that would be right at another time."""


class ScriptFault(Exception):
    """A script of ours is wrong, or what it found is: waiting does not help."""


Argument = str | bytes | float


class _Asked(msgspec.Struct, eq=False):
    """A script that is to be run, and who waits for its answer."""

    name: ScriptName
    arguments: tuple[Argument, ...]
    answer: asyncio.Future[Any]


class Scripts:
    """The scripts of one Redis.

    Args:
        redis: runs them.
        text: gives the whole text of each.
        replicas: how many must have heard of what `run_and_wait` wrote.

    """

    def __init__(self, redis: Redis, *, text: Callable[[ScriptName], str] = source, replicas: int = 0) -> None:
        self._redis = redis
        self._text = text
        self._replicas = replicas
        self._asked: list[_Asked] = []
        self._carrying: set[asyncio.Task[None]] = set()
        self._scripts: dict[ScriptName, AsyncScript] = {}

    async def run(self, name: ScriptName, *arguments: Argument) -> Any:  # noqa: ANN401 - each script's own answer
        """What the script *name* answers. All that is asked in one turn of the loop leaves in one pipeline.

        Raises:
            Unavailable: Redis does not answer, or refuses to write.

        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked.append(_Asked(name, arguments, answer))
        if len(self._asked) == 1:
            carrying = asyncio.create_task(self._carry())
            self._carrying.add(carrying)
            carrying.add_done_callback(self._carrying.discard)
        try:
            return await answer
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    async def run_and_wait(self, name: ScriptName, *arguments: Argument, wait: bool = True) -> tuple[Any, bool]:
        """What the script *name* answers, and whether enough replicas have heard of what it wrote (or need not).

        Raises:
            Unavailable: Redis does not answer, or refuses to write.

        """
        if not wait or not self._replicas:
            return await self.run(name, *arguments), True
        try:
            try:
                answer, heard = await self._pipe(name, arguments)
            except NoScriptError:
                await self._redis.script_load(self._text(name))
                answer, heard = await self._pipe(name, arguments)
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error
        return answer, heard >= self._replicas

    async def run_alone(self, name: ScriptName, *arguments: Argument) -> tuple[Any, bool]:
        """As `run_and_wait`, but at once, with nothing else: for whoever has gathered what it asks."""
        if self._replicas:
            return await self.run_and_wait(name, *arguments)
        try:
            return await self._script(name)(args=list(arguments)), True
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    async def _carry(self) -> None:
        """Run what was asked until now, and tell each what its script answers, or what went wrong."""
        asked, self._asked = self._asked, []
        try:
            answers = await self._together(asked)
            unknown = [one for one, answer in zip(asked, answers, strict=True) if isinstance(answer, NoScriptError)]
            if unknown:
                for name in {one.name for one in unknown}:
                    await self._redis.script_load(self._text(name))
                again = iter(await self._together(unknown))
                answers = [next(again) if isinstance(answer, NoScriptError) else answer for answer in answers]
        except Exception as error:  # noqa: BLE001 - whoever asked decides what it means
            answers = [error] * len(asked)
        for one, answer in zip(asked, answers, strict=True):
            if one.answer.done():
                continue  # whoever asked has gone
            if isinstance(answer, Exception):
                one.answer.set_exception(answer)
            else:
                one.answer.set_result(answer)

    async def _together(self, asked: Sequence[_Asked]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for one in asked:
                pipeline.evalsha(self._script(one.name).sha, 0, *cast("tuple[str, ...]", one.arguments))
            answers = await pipeline.execute(raise_on_error=False)
        if any(isinstance(answer, ReadOnlyError) for answer in answers):  # its connections are of no use any more
            await self._redis.connection_pool.disconnect(inuse_connections=False)
        return answers

    def _script(self, name: ScriptName) -> AsyncScript:
        known = self._scripts.get(name)
        return known or self._scripts.setdefault(name, self._redis.register_script(self._text(name)))

    async def _pipe(self, name: ScriptName, arguments: tuple[Argument, ...]) -> list[Any]:
        # Outside of a transaction, where WAIT would not wait. It speaks of what its own connection has written.
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.evalsha(self._script(name).sha, 0, *cast("tuple[str, ...]", arguments))  # redis-py takes all three
            pipeline.wait(self._replicas, LONGEST_WAIT)
            return await pipeline.execute()


def _unavailable(error: Exception) -> Exception:
    told = str(error)
    if type(error) is ResponseError and "@user_script" in told and not told.startswith(PASSING):
        return ScriptFault(told)
    kind = StoreFull if isinstance(error, OutOfMemoryError) else Unavailable
    return kind(f"Redis: {error}")
