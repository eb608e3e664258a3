"""Gates: the sockets through which a role reaches Redis and other services, where what passes is seen one by one.

A gate forwards one command, or one request, at a time and waits for its answer: so "just before" and "just after" are
exact, also within a pipeline.
"""

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import hiredis
import msgspec
from redis.asyncio import Redis

from tests.chaos.crash_points.points import Died, Watch
from tests.chaos.crash_points.roles import UP

MOST_READ: Final = 65_536

Command = list[bytes]


class Commands:
    """Which commands of a Redis write something, and what each is called.

    Args:
        writing: those that Redis itself flags so; scripts, messages and transactions come on top.
        scripts: names of scripts by their hash.

    """

    TRANSACTION: Final = "exec"

    def __init__(self, writing: frozenset[str], scripts: Mapping[str, str]) -> None:
        self._writing = writing | {"eval", "evalsha", "fcall", "publish"}
        self._scripts = scripts

    @classmethod
    async def of(cls, redis: Redis, scripts: Mapping[str, str]) -> "Commands":
        """Ask *redis* for its commands."""
        known: dict[str, dict[str, Any]] = await redis.command()
        return cls(frozenset(name for name, told in known.items() if "write" in told["flags"]), scripts)

    def writes(self, command: Command) -> bool:
        """Whether *command*, by itself, may change anything."""
        return command[0].decode().lower() in self._writing

    def name(self, command: Command) -> str:
        """What *command* is called: the same in every run, so without ids."""
        verb = command[0].decode().lower()
        if verb == "evalsha":
            return self._scripts.get(command[1].decode(), "a script of a library")
        return f"{verb} {_without_ids(command[1].decode())}" if len(command) > 1 else verb


def _without_ids(key: str) -> str:
    return ":".join(part if re.fullmatch("[a-z_]{1,16}|@[a-z]+", part) else "*" for part in key.split(":"))


def _packed(command: Command) -> bytes:
    parts = (b"$%d\r\n%b\r\n" % (len(part), part) for part in command)
    return b"*%d\r\n" % len(command) + b"".join(parts)


class RedisGate:
    """Where one role reaches Redis: a unix socket before that of the server."""

    def __init__(self, role: str, path: Path, server: str, commands: Commands) -> None:
        self._role = role
        self._path = path
        self._server = server
        self._commands = commands
        self._listening: asyncio.Server | None = None
        self.watch: Watch | None = None

    @property
    def url(self) -> str:
        """Where the role finds its Redis."""
        return f"unix://{self._path}"

    async def open(self) -> None:
        """Let connections come."""
        self._listening = await asyncio.start_unix_server(self._connected, self._path)

    async def close(self) -> None:
        """Let no more come; those that are there end with the processes."""
        if self._listening:
            self._listening.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.watch is None:
            writer.close()
            return
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        passage = _Passage(self._role, _pid(writer), self.watch, self._commands, from_server, to_server, writer)
        commands: asyncio.Queue[Command] = asyncio.Queue()
        passing = asyncio.create_task(passage.run(commands))
        parser = hiredis.Reader()
        try:
            while data := await reader.read(MOST_READ):
                parser.feed(data)
                while (command := parser.gets()) is not False:
                    commands.put_nowait(command)
        except ConnectionError:
            pass  # the process was killed
        finally:
            # A client that is gone waits for nothing more: a command that blocks ends, as the server would end it.
            passing.cancel()
            with suppress(asyncio.CancelledError):
                await passing
            to_server.close()
            writer.close()


def _pid(writer: asyncio.StreamWriter) -> int:
    """The process at the other end of a unix socket: what it had sent before it was killed may still come."""
    told = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, _, _ = struct.unpack("3i", told)
    return int(pid)


class _Passage(msgspec.Struct):
    """One connection through a gate."""

    role: str
    pid: int
    watch: Watch
    commands: Commands
    from_server: asyncio.StreamReader
    to_server: asyncio.StreamWriter
    to_client: asyncio.StreamWriter
    queued: list[str] | None = None
    known: set[bytes] = msgspec.field(default_factory=set)

    async def run(self, waiting: "asyncio.Queue[Command]") -> None:
        """Let commands pass, one after the other, until the process dies or the connection is a channel's."""
        with suppress(Died, ConnectionError, asyncio.IncompleteReadError):
            while (command := await waiting.get())[0].lower() != b"subscribe":
                dies = await self._comes(command)
                answer = await self._answered(command)
                self.watch.passed(self.role, dies=dies)
                self._tell(answer)
            await self._hear(command, waiting)

    async def _comes(self, command: Command) -> bool:
        """Whether the process dies when *command* has passed."""
        name = self.commands.name(command)
        if name.startswith(UP[self.role]):
            self.watch.up.add(self.pid)
        match command[0].lower():
            case b"multi":
                self.queued = []
                return False
            case b"exec":
                queued, self.queued = self.queued or [], None
                return bool(queued) and self.watch.comes(self.role, f"all from {queued[0]}", changes=True)
            case _ if not self.commands.writes(command) or not await self._can(command):
                return False
            case _ if self.queued is not None:
                self.queued.append(name)  # nothing happens before EXEC
                return False
            case _:
                return self.watch.comes(self.role, name, changes=self._waits(command))

    async def _answered(self, command: Command) -> bytes:
        """The server's answer; whether the command has changed anything is found out where points are counted."""
        if not self.watch.counts or self.queued is not None or self._waits(command):
            return await self._asked(command)
        async with self.watch.alone:
            if command[0].lower() == b"exec":
                return await self._asked(command)
            before = await self._changes()
            answer = await self._asked(command)
            if await self._changes() != before:
                self.watch.changes(self.role, self.commands.name(command))
        return answer

    def _waits(self, command: Command) -> bool:
        """Whether it may last: nothing else can wait until it is known what it changes."""
        return command[0].lower() == b"blmove"

    async def _changes(self) -> bytes:
        """How often the server has changed what it keeps, by its own count."""
        told = await self._asked([b"INFO", b"persistence"])
        return next(line for line in told.splitlines() if line.startswith(b"rdb_changes_since_last_save"))

    async def _can(self, command: Command) -> bool:
        """Whether the script that *command* names is there: one that is not is only asked for to be told so."""
        if command[0].lower() != b"evalsha" or command[1] in self.known:
            return True
        there = await self._asked([b"SCRIPT", b"EXISTS", command[1]]) == b"*1\r\n:1\r\n"
        if there:
            self.known.add(command[1])
        return there

    async def _asked(self, command: Command) -> bytes:
        """The server's answer, as it stands on the wire."""
        self.to_server.write(_packed(command))
        parser, answer = hiredis.Reader(notEnoughData=...), b""
        while parser.gets() is ...:
            data = await self.from_server.read(MOST_READ)
            if not data:
                raise ConnectionResetError
            answer += data
            parser.feed(data)
        return answer

    async def _hear(self, command: Command, waiting: "asyncio.Queue[Command]") -> None:
        """Pass on what a channel brings, whenever it comes; nothing of it is written."""
        hearing = asyncio.create_task(self._pass_on())
        try:
            while True:
                self.to_server.write(_packed(command))
                command = await waiting.get()
        finally:
            hearing.cancel()

    async def _pass_on(self) -> None:
        with suppress(ConnectionError):
            while data := await self.from_server.read(MOST_READ):
                self._tell(data)

    def _tell(self, data: bytes) -> None:
        if self.to_client.is_closing():
            raise ConnectionResetError
        self.to_client.write(data)


class Request(msgspec.Struct, frozen=True):
    """A request that came through an `HttpGate`; names of headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Request], Awaitable[bytes]]


class HttpGate:
    """Where one role reaches a service over HTTP. What is behind it is given, so nothing else can be reached.

    Args:
        role: who comes here.
        answer: what the service does with a request; gives its answer as bytes, b"" to cut the connection.

    """

    def __init__(self, role: str, answer: Answer) -> None:
        self._role = role
        self._answer = answer
        self._listening: asyncio.Server | None = None
        self.watch: Watch | None = None

    @property
    def port(self) -> int:
        """Where on this machine the role finds the service."""
        if self._listening is None:
            raise RuntimeError("the gate is closed")
        return int(self._listening.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Let connections come."""
        self._listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def close(self) -> None:
        """Let no more come; those that are there end with the processes."""
        if self._listening:
            self._listening.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        watch = self.watch
        try:
            while watch and (answer := await self._passed(watch, await _read(reader))):
                writer.write(answer)
        except (Died, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _passed(self, watch: Watch, request: Request) -> bytes:
        target = re.sub(
            "[0-9a-f]{8}-[0-9a-f-]{27}|[?].*", lambda found: "?" if found[0][0] == "?" else "*", request.target
        )
        dies = watch.comes(self._role, f"{request.method} {target}", changes=True)
        answer = await self._answer(request)
        watch.passed(self._role, dies=dies)
        return answer


async def _read(reader: asyncio.StreamReader) -> Request:
    head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, target, _ = head.split(" ")
    return Request(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))
