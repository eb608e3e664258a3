"""The processes of one installation: started, killed and started again, told to stop."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from tests.chaos.crash_points.points import Death, Watch
from tests.chaos.crash_points.roles import FORKING, ROLES, Place, play

EACH: Final = 0.02
"""Seconds between two looks at whether a process is up."""

LAST_LINES: Final = 5
LONGEST_LINE: Final = 3_000


class DiedByItself(Exception):
    """A process ended that nobody had killed or told to stop."""


class Players:
    """Who plays the roles. To be made within an event loop.

    Args:
        places: where each role finds what it needs.
        death: somebody's, who is started again; None: nobody's.

    Attributes:
        watch: sees all that they write and ask.

    """

    def __init__(self, places: Mapping[str, Place], death: Death | None) -> None:
        self.watch = Watch(self.kill, death)
        self._places = places
        self._playing: dict[str, BaseProcess] = {}
        self._codes: dict[str, int] = {}
        self._news = asyncio.Event()
        self._closing = False
        self._telling: set[asyncio.Task[None]] = set()

    def start(self, role: str) -> None:
        """Let a new process play *role*."""
        process = FORKING.Process(target=play, args=(role, self._places[role]), daemon=True)
        process.start()
        self._playing[role] = process
        asyncio.get_running_loop().add_reader(process.sentinel, self._ended, role, process)

    def kill(self, role: str) -> None:
        """End the process of *role* at once: it has no last word."""
        self._signal(role, signal.SIGKILL)

    def check(self) -> None:
        """Make sure that all play.

        Raises:
            DiedByItself: somebody does not, and had no reason.

        """
        if self._codes:
            raise DiedByItself(f"exit codes {self._codes}")

    async def stop(self) -> dict[str, int]:
        """Tell all to stop, also who is killed at it and started again; their exit codes."""
        self.watch.phase = "stopping"
        for role in ROLES:
            self._tell(role)
        while len(self._codes) < len(ROLES):
            await self._news.wait()
            self._news.clear()
        return self._codes

    async def close(self) -> None:
        """Kill whoever still plays."""
        self._closing = True
        for telling in self._telling:
            telling.cancel()
        for role in self._playing:
            self.kill(role)
        while self._playing:
            await self._news.wait()
            self._news.clear()

    def told(self) -> str:
        """How each role stands, and the last that it said, for whoever must find out what went wrong."""
        lines = [f"{self.watch.phase}, {', '.join(self._playing) or 'nobody'} at work, exit codes {self._codes}"]
        for role, place in self._places.items():
            said = Path(place.log).read_text().splitlines()
            worst = [line for line in said[:-LAST_LINES] if '"exception"' in line or "Traceback" in line]
            lines += [f"{role}: {line[:LONGEST_LINE]}" for line in worst[-LAST_LINES:] + said[-LAST_LINES:]]
        return "\n".join(lines)

    def _ended(self, role: str, process: BaseProcess) -> None:
        asyncio.get_running_loop().remove_reader(process.sentinel)
        process.join()
        code = process.exitcode or 0
        process.close()
        del self._playing[role]
        if code == -signal.SIGKILL and not self._closing:
            self.start(role)
            if self.watch.phase == "stopping":
                self._tell(role)
        else:
            self._codes[role] = code
        self._news.set()

    def _tell(self, role: str) -> None:
        telling = asyncio.create_task(self._tell_when_up(role))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tell_when_up(self, role: str) -> None:
        """Tell the process of *role* to stop, as soon as it can hear it."""
        while (process := self._playing.get(role)) and process.pid not in self.watch.up:  # noqa: ASYNC110 - it sets no event here
            await asyncio.sleep(EACH)
        self._signal(role, signal.SIGTERM)

    def _signal(self, role: str, number: signal.Signals) -> None:
        process = self._playing.get(role)
        if process is not None and process.pid is not None:
            with suppress(ProcessLookupError):  # it has ended, and we have not heard of it yet
                os.kill(process.pid, number)
