"""The Lua scripts: read from `lua/`, given the keys and spans of `keys.py`, and run by name."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from campaigns import keys
from campaigns.errors import Unavailable

ScriptName = Literal[
    "accept",
    "take",
    "renew",
    "claim",
    "send",
    "answered",
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
    "release",
    "sweep",
    "trim",
    "claim_callbacks",
    "save_callbacks",
    "yield_callbacks",
]

_SPANS: Final = {
    "LEASE": keys.LEASE,
    "CALL": keys.CALL,
    "QUOTA": keys.QUOTA,
    "SHOWN": keys.SHOWN,
    "RECOVERED": keys.RECOVERED,
    "SUBJECT": keys.SUBJECT,
}


@cache
def source(name: ScriptName) -> str:
    """The whole text of a script: its flags, the names of keys and spans, what all share, and its own part."""
    folder = files("campaigns.store") / "lua"
    own = (folder / f"{name}.lua").read_text()
    prelude = (folder / "prelude.lua").read_text()
    flags = ""
    if own.startswith("#!"):
        flags, own = own.split("\n", 1)
        flags += "\n"
    told = "".join(f"  {short} = '{prefix}',\n" for short, prefix in keys.PREFIXES.items())
    spans = "".join(f"local {span} = {length}\n" for span, length in _SPANS.items())
    return f"{flags}local KEY = {{\n{told}}}\n{spans}{prelude}\n{own}"


class Scripts:
    """The scripts of one Redis.

    Args:
        redis: runs them.
        text: gives the whole text of each.

    """

    def __init__(self, redis: Redis, *, text: Callable[[ScriptName], str] = source) -> None:
        self._redis = redis
        self._text = text
        self._scripts: dict[ScriptName, AsyncScript] = {}

    async def run(self, name: ScriptName, *arguments: str | bytes | float) -> Any:  # noqa: ANN401 - each script's own answer
        """What the script *name* answers.

        Raises:
            Unavailable: Redis does not answer, or refuses to write.

        """
        script = self._scripts.get(name) or self._scripts.setdefault(
            name, self._redis.register_script(self._text(name))
        )
        try:
            return await script(args=list(arguments))
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {error}") from error
