"""Whether Redis lets our user do what the programs do: each command is queued in a transaction that is given up."""

from collections.abc import Mapping
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from campaigns import keys
from campaigns.errors import Unavailable

OURS: Final = keys.PREFIXES["run"] + "doctor"
RQ: Final = "rq:doctor"
CHANNEL: Final = keys.PREFIXES["wake"] + "doctor"

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    # in our scripts
    "DEL": (OURS,),
    "EXISTS": (OURS,),
    "GET": (OURS,),
    "HDEL": (OURS, "field"),
    "HEXISTS": (OURS, "field"),
    "HGET": (OURS, "field"),
    "HGETALL": (OURS,),
    "HINCRBY": (OURS, "field", "1"),
    "HKEYS": (OURS,),
    "HMGET": (OURS, "field"),
    "HSET": (OURS, "field", "value"),
    "HSETNX": (OURS, "field", "value"),
    "HVALS": (OURS,),
    "INCRBY": (OURS, "1"),
    "INFO": ("replication",),
    "PERSIST": (OURS,),
    "PEXPIRE": (OURS, "1"),
    "PTTL": (OURS,),
    "PUBLISH": (CHANNEL, ""),
    "PUBSUB": ("NUMSUB", CHANNEL),
    "SET": (OURS, ""),
    "TIME": (),
    "ZADD": (OURS, "1", "member"),
    "ZCARD": (OURS,),
    "ZCOUNT": (OURS, "0", "1"),
    "ZPOPMIN": (OURS,),
    "ZRANGE": (OURS, "0", "1"),
    "ZREM": (OURS, "member"),
    "ZREMRANGEBYSCORE": (OURS, "0", "1"),
    "ZSCORE": (OURS, "member"),
    # around them
    "EVALSHA": ("0" * 40, "0"),
    "SCRIPT": ("LOAD", "return 1"),
    "WAIT": ("0", "1"),
    # RQ's, and our worker's on its keys
    "BLMOVE": (RQ, RQ, "LEFT", "RIGHT", "1"),
    "EXPIRE": (RQ, "1"),
    "LLEN": (RQ,),
    "LMOVE": (RQ, RQ, "LEFT", "RIGHT"),
    "LRANGE": (RQ, "0", "1"),
    "LREM": (RQ, "1", "member"),
    "RPUSH": (RQ, "member"),
    "SADD": (RQ, "member"),
    "SMEMBERS": (RQ,),
    "SREM": (RQ, "member"),
    "ZRANGEBYSCORE": (RQ, "0", "1"),
}
"""Every command that the programs send, with arguments that it takes."""


async def refused(redis: Redis) -> tuple[str, ...]:
    """The commands, and what they would be used on, that our user may not send. Nothing is carried out.

    Raises:
        Unavailable: Redis does not answer.

    """
    pool = redis.connection_pool
    try:
        connection = await pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py's
        try:
            return await _asked(connection)
        finally:
            await connection.disconnect()  # nothing that was asked on it may be left for others
            await pool.release(connection)
    except (RedisError, OSError) as error:
        raise Unavailable(f"Redis: {error}") from error


async def _asked(connection: Any) -> tuple[str, ...]:  # noqa: ANN401 - one of redis-py's many
    """Redis decides who may send a command when it is queued; what was queued is thrown away."""
    found = []
    await _told(connection, "MULTI")
    for command, arguments in COMMANDS.items():
        if isinstance(await _told(connection, command, *arguments), NoPermissionError):
            found.append(f"{command} on {arguments[0]}" if arguments else command)
    await _told(connection, "DISCARD")
    # A subscription cannot be queued; one that is taken back at once receives nothing.
    if isinstance(await _told(connection, "SUBSCRIBE", CHANNEL, pushed=True), NoPermissionError):
        found.append(f"SUBSCRIBE to {CHANNEL}")
    else:
        await _told(connection, "UNSUBSCRIBE", CHANNEL, pushed=True)
    return tuple(found)


async def _told(connection: Any, *command: str, pushed: bool = False) -> object:  # noqa: ANN401 - likewise
    """Redis's answer, an error too; that to a subscription is *pushed* (RESP3)."""
    try:
        await connection.send_command(*command)
        return await connection.read_response(push_request=pushed)
    except ResponseError as error:
        return error
