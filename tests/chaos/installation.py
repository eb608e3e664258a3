"""The programs of a scene, each a process of its own: started, struck, watched for ending by themselves, ended."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from campaigns import embedded
from cli.demo import free_ports
from cli.trial import Trial, lay_out
from tests.chaos.scene import Scene

SERVICE: Final = "service"
CALLBACKS: Final = "callbacks"
HOLDERS: Final = ("campaigns-1", "campaigns-2")
"""One of them serves the portal, the other takes over."""

ELSEWHERE: Final = "127.1"
"""This machine, by a name that the settings do not take for it."""

LONGEST_STOP: Final = 30.0
LONGEST_DEATH: Final = 5.0


class Installation:
    """Valkey, service and workers on this machine.

    Args:
        ablation: the name of a part that the programs must do without; None runs the real ones.

    """

    def __init__(self, trial: Trial, ablation: str | None) -> None:
        self.trial = trial
        self._ablation = ablation
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.deaths: list[str] = []

    @property
    def socket(self) -> str:
        """Where Valkey answers."""
        return f"unix://{self.trial.folder.resolve() / embedded.SOCKET}"

    def log(self, name: str) -> Path:
        """Where the program writes its log."""
        return self.trial.folder / f"{name}.log"

    def start(self, name: str) -> None:
        """Start one program; its log goes on."""
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", *self._command(name)],
                env=self.trial.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def pid(self, name: str) -> int:
        """The process of a program that runs."""
        return self._running[name].pid

    def name_of(self, pid: int) -> str | None:
        """Which program that process is; None for one that is gone."""
        return next((name for name, process in self._running.items() if process.pid == pid), None)

    def kill(self, name: str) -> None:
        """End a program without a word."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def watch(self) -> None:
        """Write down every program that has ended by itself, and start it again."""
        for name, process in list(self._running.items()):
            code = process.poll()
            if code is not None:
                words = self.log(name).read_text(errors="replace").splitlines()[-3:]
                self.deaths.append(f"{name} ended with {code}: {' / '.join(words)[-600:]}")
                self.start(name)

    async def start_valkey(self) -> None:
        """Start Valkey, unless a program has done so."""
        await asyncio.to_thread(embedded.ensure, self.trial.folder)

    async def kill_valkey(self) -> None:
        """End Valkey without a word; what it confirmed is in its file."""
        os.kill(int((self.trial.folder / "valkey.pid").read_text()), signal.SIGKILL)
        async with asyncio.timeout(LONGEST_DEATH):
            while await self._valkey_listens():  # noqa: ASYNC110 - it is nobody's child: nothing announces its end
                await asyncio.sleep(0.005)

    async def wipe_valkey(self) -> None:
        """Let Valkey lose everything, and come back."""
        await self.kill_valkey()
        shutil.rmtree(self.trial.folder / "appendonlydir")
        await self.start_valkey()

    async def _valkey_listens(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(str(self.trial.folder.resolve() / embedded.SOCKET))
        except OSError:
            return False
        writer.close()
        return True

    async def end(self) -> None:
        """End all in order; who does not obey is written down and killed."""
        for process in self._running.values():
            process.terminate()
        for name, process in self._running.items():
            try:
                code = await asyncio.to_thread(process.wait, LONGEST_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            if code:
                self.deaths.append(f"{name}, told to stop, ended with {code}")
        self._running.clear()
        await asyncio.to_thread(embedded.stop, self.trial.folder)

    def _command(self, name: str) -> tuple[str, ...]:
        port = str(self.trial.ports.service)
        program = (SERVICE, "--port", port) if name == SERVICE else ("workers", name.partition("-")[0])
        return ("tests.chaos.ablated", self._ablation, *program) if self._ablation else program


@asynccontextmanager
async def installed(
    scene: Scene, folder: Path, ablation: str | None = None, *, hubspot: int
) -> AsyncIterator[Installation]:
    """The programs of *scene* in *folder*, towards the simulator on port *hubspot*; all are ended at the end."""
    ports = msgspec.structs.replace(free_ports(), simulator=hubspot)
    trial = lay_out(folder, ports, settle=scene.settle, call_deadline=scene.call_deadline)
    settings = folder / "fanfare.toml"
    host = ELSEWHERE if scene.wiped else "127.0.0.1"
    more = f"[portals.acme]\nghost_looks = {list(scene.ghost_looks)}\nprobe_after = {scene.probe_after}\n"
    told = settings.read_text().replace("[portals.acme]\n", more)
    settings.write_text(told.replace(f"http://127.0.0.1:{hubspot}", f"http://{host}:{hubspot}"))
    installation = Installation(trial, ablation)
    try:
        await installation.start_valkey()
        for name in (SERVICE, CALLBACKS, *HOLDERS):
            installation.start(name)
        yield installation
    finally:
        await installation.end()
